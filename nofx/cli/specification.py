"""Measure how well examples are read out of specifications."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from apps.generation.services.reading import Reading, specification_measure
from nofx import env
from nofx.cli.exits import Exit

MEMORY = "cache/observed.sqlite3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="measure")
    measure = what.add_parser(
        "measure", help="read the prompts of a file of recorded problems, and check what was found"
    )
    measure.add_argument("file", type=Path, help="JSON Lines, plain or gzip, as `nofx consensus replay` takes it")
    measure.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """
    Measure a file and print the figures.

    :raises ReplayUnreadable: the file is missing or holds something else.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    started = time.monotonic()
    memory = Path(env.load()["NOFX_HOME"]) / MEMORY
    found = specification_measure(path=arguments.file, memory_path=memory, say=_progress)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({**found.as_json(), "seconds": seconds}) if arguments.json else _table(found, seconds))
    return Exit.OK


def _table(found: Reading, seconds: float) -> str:
    totals = found.as_json()
    lines = [f"{'problem':<24} {'shown':>5} {'found':>5}"]
    for one in found.problems:
        lines.append(f"{one.task_id:<24} {one.counted:>5} {one.found:>5}")
        lines += [f"    missed: {text}" for text in one.missed]
        lines += [f"    not so in the reference: {text}" for text in one.wrong]
    share = "" if totals["share"] is None else f" ({totals['share']:.1%})"
    lines += [
        f"{totals['problems']} prompts, {totals['with_examples']} of them hold examples",
        f"  all examples found: {totals['all_found']}; and none of them wrong: {totals['complete']}{share}",
        f"  {totals['examples']} examples, {totals['wrong']} wrong by the reference, {totals['unchecked']} not run",
        f"  {seconds} s",
    ]
    return "\n".join(lines)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
