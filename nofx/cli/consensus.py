"""Measure the consensus on recorded answers of models, beside other ways to choose."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from apps.generation.services.replay import Options, Replay, consensus_replay
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
    what = parser.add_subparsers(dest="what", required=True, metavar="replay")
    replay = what.add_parser("replay", help="choose on a file of recorded answers and score it")
    replay.add_argument("file", type=Path, help="JSON Lines, plain or gzip")
    replay.add_argument(
        "--models", default="", help="only these, separated by commas; problems that lack one are left out"
    )
    replay.add_argument("--label", choices=("plus", "base"), default="plus", help="which hidden tests decide")
    replay.add_argument("--folds", type=_count, default=5, help="expertise is learned on the other folds")
    replay.add_argument("--seed", type=int, default=1, help="of fuzzed inputs and resampling")
    replay.add_argument("--questions", type=int, default=0, metavar="K", help="ask the reference at most so often")
    replay.add_argument("--clone", type=_clone, metavar="MODEL:N", help="add N copies of a model")
    replay.add_argument(
        "--flip-tests", type=_share, default=0.0, metavar="SHARE", help="make this share of tests wrong"
    )
    replay.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def _count(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("at least 2 folds are needed")
    return number


def _clone(text: str) -> tuple[str, int]:
    model, _, count = text.rpartition(":")
    if not model or not count.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not MODEL:N")
    return model, int(count)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share is a number from 0 to 1")
    return share


def run(arguments: argparse.Namespace) -> int:
    """
    Replay a file and print the figures.

    :raises ReplayUnreadable: the file is missing or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
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
    memory = Path(env.load()["NOFX_HOME"]) / MEMORY
    found = consensus_replay(path=arguments.file, memory_path=memory, options=options, say=_progress)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({**found.as_json(), "seconds": seconds}) if arguments.json else _table(found, seconds))
    return Exit.OK


def _table(found: Replay, seconds: float) -> str:
    evaluation = found.evaluation
    lines = [f"{evaluation.scored} problems scored of {found.problems}, {len(found.pool)} models, label {found.label}"]
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
