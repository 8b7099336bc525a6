"""
Import what metrics were in the past, from a CSV or a JSON file.

The importer is the user of the token: a quality lead of the repository, or the chair.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path

from apps.core.errors import NofxError
from nofx import env
from nofx.cli.client import Client, address, token
from nofx.cli.exits import Exit


class BaselinesMissing(NofxError):
    """The file with the baselines cannot be read."""

    code = "baselines_missing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=("import",))
    parser.add_argument("file", help="metric, value, from, to and source as CSV or JSON; - for stdin")
    parser.add_argument("--repo", required=True, help="name of a registered repository")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """
    Send the file and print what was kept.

    :raises BaselinesMissing: the file cannot be read.
    :raises ApiRefused: the platform refuses the file, the token or the repository.
    """
    content = _content(arguments.file)
    environment = env.load()
    client = Client(address(environment), token(environment))
    kept = client.post(
        "/api/metrics/baselines",
        {"repository": arguments.repo, "content": content},
        idempotency_key=str(uuid.uuid4()),
    )
    if arguments.json:
        print(json.dumps(kept))
    else:
        for one in kept["baselines"]:
            print(f"{one['metric']}: {one['value']:g}, version {one['version']}")
    return Exit.OK


def _content(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BaselinesMissing(
            f"{name} cannot be read as text.", remedy="Give the path of a CSV or JSON file."
        ) from error
