"""Say what runs in this folder, and where; exit code 1 when the platform does not answer."""

from __future__ import annotations

import argparse
import json
from typing import Any

from nofx import env
from nofx.cli.exits import Exit
from nofx.supervisor.lifecycle import status
from nofx.supervisor.platform import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    found = status(Platform(env.load()))
    print(json.dumps(found) if arguments.json else _words(found))
    return Exit.OK if found["is_answering"] else Exit.FAILED


def _words(found: dict[str, Any]) -> str:
    database = found["database"]
    word = {True: "running", False: "down", None: "external"}[database["is_running"]]
    head = f"NOFX answers at {found['address']}" if found["is_answering"] else "NOFX does not answer."
    lines = [head, f"  {'database':<10} {word}"]
    for process in found["processes"]:
        state = f"running, pid {process['pid']}" if process["is_alive"] else "waits to start again"
        times = process["restarts"]
        restarts = f", restarted {times} time{'s' if times > 1 else ''}" if times else ""
        lines.append(f"  {process['name']:<10} {state}{restarts}")
    return "\n".join([*lines, f"  {'logs':<10} {found['logs']}"])
