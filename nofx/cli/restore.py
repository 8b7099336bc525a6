"""Bring an installation back from a file of nofx backup, into an empty NOFX_HOME (and an empty database)."""

from __future__ import annotations

import argparse
from pathlib import Path

from nofx import env
from nofx.backup.restore import backup_restore
from nofx.cli.exits import Exit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="what nofx backup wrote")


def run(arguments: argparse.Namespace) -> int:
    """
    Restore and verify.

    :raises NofxError: something is there already, the file was changed, or what came back is not what was backed up.
    """
    environment = env.load()
    manifest = backup_restore(environment, arguments.file)
    print(f"Restored into {environment.home}: the audit chain holds, all {manifest.entries:,} entries.")
    for what in manifest.left_out:
        print(f"Not in the backup: {what}.")
    print("Start it with: nofx up")
    return Exit.OK
