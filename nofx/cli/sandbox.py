"""Probe what isolation this machine allows, or serve sandboxed runs. Needs neither Django nor a database."""

from __future__ import annotations

import argparse

from apps.sandbox import probe_cli, serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="probe|serve")
    probe = what.add_parser("probe", help="say what this machine can isolate, what is missing, and the remedy")
    probe.add_argument("--json", action="store_true", help="print one JSON object")
    what.add_parser("serve", help="answer runs: JSON Lines in on stdin, JSON Lines out on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the sandbox."""
    if arguments.what == "serve":
        return serve.main()
    return probe_cli.main(["--json"] if arguments.json else [])
