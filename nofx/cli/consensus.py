"""Measure the consensus on recorded answers of models, beside other ways to choose."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.generation.services.replay import Fitted, Options, Replay, calibration_fit, consensus_replay
from nofx import env
from nofx.cli.exits import Exit

MEMORY = "cache/observed.sqlite3"
NAMES = {
    "mean": "any sample",
    "best_single": "the model that was best",
    "text_majority": "majority of texts",
    "examples_random": "examples, then any",
    "examples_best": "examples, then the best model",
    "codet": "CodeT",
    "unweighted": "consensus, unweighted",
    "consensus": "consensus",
    "with_questions": "consensus with answers",
    "oracle": "oracle: any that is right",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="{replay,calibrate}")
    replay = what.add_parser("replay", help="choose on a file of recorded answers and score it")
    replay.add_argument("file", type=Path, help="JSON Lines, plain or gzip")
    replay.add_argument(
        "--models", default="", help="only these, separated by commas; problems that lack one are left out"
    )
    replay.add_argument("--label", choices=("plus", "base"), default="plus", help="which hidden tests decide")
    replay.add_argument("--folds", type=_count, default=5, help="expertise is learned on the other folds")
    replay.add_argument("--seed", type=int, default=1, help="of fuzzed inputs and resampling")
    replay.add_argument(
        "--questions", type=_not_negative, default=0, metavar="K", help="ask the reference at most so often"
    )
    replay.add_argument("--clone", type=_clone, metavar="MODEL:N", help="add N copies of a model")
    replay.add_argument(
        "--flip-tests", type=_share, default=0.0, metavar="SHARE", help="make this share of tests wrong"
    )
    replay.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")
    calibrate = what.add_parser("calibrate", help="fit on recorded answers how probable it is that a choice is right")
    calibrate.add_argument("files", type=Path, nargs="+", help="JSON Lines, plain or gzip; each is one source")
    calibrate.add_argument("--draws", type=int, default=8, help="pools drawn from the answers to each problem")
    calibrate.add_argument("--seed", type=int, default=1, help="of fuzzed inputs and of the pools")
    calibrate.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def _count(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("at least 2 folds are needed")
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a number of questions is 0 or more")
    return number


def _clone(text: str) -> tuple[str, int]:
    model, _, count = text.rpartition(":")
    if not model or not count.isdigit() or not int(count):
        raise argparse.ArgumentTypeError(f"{text!r} is not MODEL:N with N of 1 or more")
    return model, int(count)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share is a number from 0 to 1")
    return share


def run(arguments: argparse.Namespace) -> int:
    """
    Replay a file, or fit the calibration on several, and print the figures.

    :raises ReplayUnreadable: the file is missing or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    memory = Path(env.load()["NOFX_HOME"]) / MEMORY
    return _calibrate(arguments, memory) if arguments.what == "calibrate" else _replay(arguments, memory)


def _replay(arguments: argparse.Namespace, memory: Path) -> int:
    started = time.monotonic()
    options = Options(
        models=tuple(name.strip() for name in arguments.models.split(",") if name.strip()),
        label=arguments.label,
        folds=arguments.folds,
        seed=arguments.seed,
        questions=arguments.questions,
        clone=arguments.clone,
        flip=arguments.flip_tests,
    )
    found = consensus_replay(path=arguments.file, memory_path=memory, options=options, say=_progress)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({**found.as_json(), "seconds": seconds}) if arguments.json else _table(found, seconds))
    return Exit.OK


def _calibrate(arguments: argparse.Namespace, memory: Path) -> int:
    found = calibration_fit(
        paths=arguments.files,
        memory_path=memory,
        draws=arguments.draws,
        seed=arguments.seed,
        fitted=datetime.now(UTC).date().isoformat(),
        say=_progress,
    )
    print(json.dumps(found.as_json()) if arguments.json else _fitted(found))
    return Exit.OK


def _fitted(found: Fitted) -> str:
    lines = [str(found.public)]
    lines += ["calibration error, of all pools and of small ones, on problems not learned from, then on sources not"]
    lines += ["learned from, then on these where it is not told how good the models are:"]
    lines += [
        f"  {one.source:<24} n={one.choices:<5} {one.known:.3f} {one.known_small:.3f}   {one.unknown:.3f} "
        f"{one.unknown_small:.3f}   {one.stranger:.3f} {one.stranger_small:.3f}"
        for one in found.errors
    ]
    lines += [f"  pools of {size:<15} n={count:<5} {error:.3f}" for size, (count, error) in found.sizes.items()]
    return "\n".join(lines)


def _table(found: Replay, seconds: float) -> str:
    evaluation = found.evaluation
    lines = [
        f"{evaluation.scored} problems scored of {found.problems}, {len(found.pool)} models, label {found.label}",
        f"  pool: {', '.join(found.pool)}",
    ]
    lines += [
        f"  {words:<32} {_percent(evaluation.accuracies.get(name))}{_gain(evaluation.gains.get(name))}"
        for name, words in NAMES.items()
    ]
    calibration = evaluation.calibration
    lines.append(f"  calibration error {calibration.error:.3f}; said against right, by fifths:")
    lines += [f"    {one.said:.2f} {one.right:.2f}  n={one.count}" for one in calibration.bins]
    right = calibration.accepted_right
    lines.append(
        f"  accepted at the learned threshold {calibration.coverage:.1%}, "
        f"of these right {right.mean:.1%} ({right.low:.1%} to {right.high:.1%})"
    )
    lines.append(f"  {found.executions} executions, {seconds} s, {found.executions / max(seconds, 0.1):.0f} a second")
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "does not apply" if share is None else f"{share:6.1%}"


def _gain(gain: Any) -> str:
    if gain is None:
        return ""
    return f"   consensus {gain.mean * 100:+.1f} points ({gain.low * 100:+.1f} to {gain.high * 100:+.1f})"


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
