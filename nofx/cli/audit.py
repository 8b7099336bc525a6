"""
Verify the audit chain or an evidence pack, note the chain's head outside the database, or take the chain away.

``verify`` without a pack and ``anchor`` read the database of this folder; ``verify`` with one is offline, the same as
the verify.py inside it, without trusting the pack for it; ``export`` asks the platform, with your token, for what you
may read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode

from apps.core.errors import NofxError
from apps.governance.engine.attestation.verify import report
from nofx import env
from nofx.cli.client import Client, address, token
from nofx.cli.exits import Exit
from nofx.loading import platform_load

if TYPE_CHECKING:
    from apps.governance.types import AuditVerification

FILTERS = ("actor", "actor_type", "action", "object_kind", "object_id", "outcome", "since", "until")


class OutputRefused(NofxError):
    """The file to write cannot be made."""

    code = "output_refused"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="{verify,anchor,export}")
    verify = what.add_parser("verify", help="verify the audit chain, or an evidence pack offline")
    verify.add_argument("pack", type=Path, nargs="?", help="the archive, or the folder it was unpacked into")
    verify.add_argument("--key", default="", help="for a pack: a file with the public key, or its fingerprint")
    verify.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")
    what.add_parser("anchor", help="note today's head in the folder of anchors; the workers do it once a day")
    export = what.add_parser("export", help="write what you may read as JSON Lines")
    export.add_argument("--output", type=Path, metavar="FILE", help="a new file (default: stdout)")
    for name in FILTERS:
        words = "a day, YYYY-MM-DD" if name in {"since", "until"} else "only these"
        export.add_argument(f"--{name.replace('_', '-')}", default="", help=words)


def run(arguments: argparse.Namespace) -> int:
    """
    Do it; ``verify`` exits with 1 when the chain is broken, or the pack does not hold.

    :raises NofxError: the platform or the folder of anchors refuses.
    """
    if arguments.what == "export":
        return _export(arguments)
    if arguments.what == "verify" and arguments.pack is not None:
        return report(arguments.pack, key=arguments.key)
    platform_load()
    from apps.governance.services import audit_anchor, audit_check

    if arguments.what == "anchor":
        anchor = audit_anchor()
        print(anchor.line.rstrip() if anchor else "Today has its anchor.")
        return Exit.OK
    found = audit_check(actor=None)
    print(json.dumps(asdict(found)) if arguments.json else _words(found))
    return Exit.OK if found.ok else Exit.FAILED


def _words(found: AuditVerification) -> str:
    if not found.ok:
        return f"The audit chain is broken. {found.problem} {found.count:,} entries before that hold."
    lines = [f"Verified: all {found.count:,} entries are as they were written; {found.anchors} anchors agree."]
    return "\n".join([*lines, *([found.notice] if found.notice else [])])


def _export(arguments: argparse.Namespace) -> int:
    environment = env.load()
    wanted = {name: value for name in FILTERS if (value := getattr(arguments, name))}
    lines = Client(address(environment), token(environment)).lines(f"/api/audit/export?{urlencode(wanted)}")
    if arguments.output is None:
        return _write(lines, sys.stdout.buffer)
    try:
        file = arguments.output.open("xb")
    except OSError as error:
        raise OutputRefused(
            f"{arguments.output} cannot be written: {error.strerror}.", remedy="Name a file that does not exist yet."
        ) from error
    with file:
        return _write(lines, file)


def _write(lines: Iterator[bytes], file: BinaryIO) -> int:
    last = b""
    for line in lines:
        file.write(line)
        last = line
    end = json.loads(last)
    is_whole = end.get("kind") == "nofx.audit.export.end"
    print(f"{end['entries']:,} entries." if is_whole else "The export is not whole.", file=sys.stderr)
    return Exit.OK if is_whole else Exit.RETRY
