"""Probe what isolation this machine allows, or serve sandboxed runs. Needs no database."""

from __future__ import annotations

import argparse
import importlib


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=("probe", "serve"), help="probe: say what is missing; serve: answer runs")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="passed on")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the sandbox."""
    entry = importlib.import_module(f"apps.sandbox.{arguments.what}")
    return int(entry.main(arguments.words))
