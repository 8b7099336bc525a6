"""Verify an evidence pack, offline: the same as the verify.py inside it, without trusting the pack for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from apps.governance.engine.attestation.verify import report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="verify")
    verify = what.add_parser("verify", help="verify an evidence pack, offline")
    verify.add_argument("pack", type=Path, help="the archive, or the folder it was unpacked into")
    verify.add_argument("--key", default="", help="a file with the public key, or its fingerprint")


def run(arguments: argparse.Namespace) -> int:
    """Say what holds of the pack, or what does not."""
    return report(arguments.pack, key=arguments.key)
