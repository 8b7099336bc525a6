"""Measure and print figures; needs the project's sources, which hold the benchmarks."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import nofx
from apps.core.errors import NofxError

_PROJECT = Path(nofx.__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "what",
        choices=("core", "sandbox", "builtin", "context", "lineage"),
        help="core: the platform itself; sandbox: runs a second; builtin: what is solved without keys or network; "
        "context: is the code found that a function needs; lineage: the origin of every line of a history",
    )
    parser.add_argument("options", nargs=argparse.REMAINDER, help="of the benchmark; see its --help")


def run(arguments: argparse.Namespace) -> int:
    """
    Run one benchmark and return its exit code.

    :raises NofxError: the benchmarks are not here.
    """
    if not (_PROJECT / "bench" / f"{arguments.what}.py").exists():
        raise NofxError(
            "The benchmarks are part of the sources, not of the installed package.",
            remedy="Run `make bench` in a clone of the project.",
        )
    return subprocess.run(
        [sys.executable, "-m", f"bench.{arguments.what}", *arguments.options], cwd=_PROJECT, check=False
    ).returncode
