"""
Write the database, the anchors and the repositories of this folder to one file.

The secret keys are left out unless you ask for them: whoever has them can sign in as anybody and sign statements.
Without them people sign in again, and a new signing key is made.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from nofx import env
from nofx.backup.create import backup_create
from nofx.cli.exits import Exit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", type=Path, help="a new file; call it NAME.nofx-backup to have it deleted when it is old"
    )
    parser.add_argument("--with-secret-key", action="store_true", help="include what signs sessions and statements")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """
    Make the backup.

    :raises BackupFailed: it cannot be made; no file is left.
    """
    manifest, digest = backup_create(env.load(), arguments.file, with_secret_key=arguments.with_secret_key)
    if arguments.json:
        print(json.dumps({**asdict(manifest), "file": str(arguments.file), "sha256": digest}))
        return Exit.OK
    size = sum(member.size for member in manifest.members.values())
    print(f"{arguments.file}: {size:,} bytes, {manifest.entries:,} entries of the audit chain up to {manifest.head}.")
    print(f"SHA-256 {digest}")
    for what in manifest.left_out:
        print(f"Left out: {what}.")
    return Exit.OK
