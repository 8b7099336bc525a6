"""
Say what runs in this folder, and how each part of the platform is doing, as the page Status does.

The parts are those of /api/status: asked with your token where there is one, else read in the database of this folder.
Exit code 1 when the platform does not answer.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from apps.core.errors import NofxError
from nofx import env
from nofx.cli.client import ApiRefused, Client, NotSignedIn, Unreachable, address, token
from nofx.cli.exits import Exit
from nofx.env import Environment
from nofx.loading import platform_load
from nofx.supervisor.lifecycle import status
from nofx.supervisor.platform import Platform


class DatabaseSilent(NofxError):
    """The database of this folder does not answer."""

    code = "database_silent"
    status = 503


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    environment = env.load()
    found = status(Platform(environment))
    found |= _parts(environment, is_database_up=found["database"]["is_running"] is not False)
    print(json.dumps(found, default=str) if arguments.json else _words(found))
    return Exit.OK if found["is_answering"] else Exit.FAILED


def _parts(environment: Environment, *, is_database_up: bool) -> dict[str, Any]:
    """Return ``state`` and ``rows`` of /api/status and where they were read; without rows, why there are none."""
    try:
        client = Client(address(environment), token(environment))
        return {**client.get("/api/status"), "read": client.url}
    except (NotSignedIn, ApiRefused, Unreachable):
        if not is_database_up:
            return {"state": None, "rows": [], "read": "", "why": "The database is down, so nothing else is known."}
    try:
        return {**_read_here(), "read": "here"}
    except DatabaseSilent as error:
        return {"state": None, "rows": [], "read": "", "why": error.message}


def _read_here() -> dict[str, Any]:
    platform_load()
    from django.db import DatabaseError, connections

    from apps.console.status import status_document

    try:
        return status_document(has_details=True)
    except DatabaseError as error:
        raise DatabaseSilent("The database does not answer, so nothing else is known.") from error
    finally:
        connections.close_all()


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
    return "\n".join([*lines, f"  {'logs':<10} {found['logs']}", "", *_row_words(found)])


def _row_words(found: dict[str, Any]) -> list[str]:
    if not found["rows"]:
        return [found["why"]]
    where = "in this folder's database" if found["read"] == "here" else f"by {found['read']}"
    lines = [f"How its parts are doing, as read {where}:"]
    for row in found["rows"]:
        lines.append(f"  {row['label']:<14} {row['word']:<11} {row['sentence']}")
        if row["remedy"]:
            lines.append(f"  {'':<14} {'':<11} {row['remedy']}")
    return lines
