"""
Send a specification and print the chosen code, its score, the clusters of behaviour and the cost.

The requester is the user of the token. Approving stays with people, at the request's page.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from apps.core.errors import NofxError
from nofx import env
from nofx.cli.client import ApiRefused, Client, Unreachable, address, token
from nofx.cli.exits import Exit

_POLL_SECONDS = 1.0
_PENDING = frozenset({"queued", "generating", "checking", "consensus"})
_FAILED = frozenset({"failed", "cancelled"})
_TITLE_LENGTH = 80


class SpecificationUnreadable(NofxError):
    """The file with the specification cannot be read."""

    code = "specification_unreadable"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--repo", required=True, help="name of a registered repository")
    parser.add_argument("--spec", required=True, help="file with the specification, - for stdin")
    parser.add_argument("--title", default="", help="default: the first line of the specification")
    parser.add_argument("--path", default="", help="file the code goes to; chosen from the repository when left out")
    parser.add_argument("--wait", action="store_true", help="wait for the outcome instead of returning at once")
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS", help="how long to wait")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """
    Submit, wait when asked to, and print.

    :raises ApiRefused: the platform refuses the specification, the token or the repository.
    """
    environment = env.load()
    text = _specification(arguments.spec)
    client = Client(address(environment), token(environment))
    accepted = client.post(
        "/api/ai/generate/code",
        {
            "repository": arguments.repo,
            "title": arguments.title or _title(text),
            "specification": text,
            "target_path": arguments.path,
        },
        idempotency_key=str(uuid.uuid4()),
    )
    page = client.url.rstrip("/") + accepted["url"]
    _progress(f"Accepted as {accepted['request_id']}; its page is {page}")
    if not arguments.wait:
        if arguments.json:
            print(json.dumps({**accepted, "url": page}))
        return Exit.OK
    outcome = _await(client, accepted["request_id"], time.monotonic() + arguments.timeout)
    print(json.dumps({**outcome, "url": page}) if arguments.json else _words(outcome))
    return _exit(outcome)


def _await(client: Client, request_id: str, deadline: float) -> dict[str, Any]:
    """Ask until the outcome is there or the time is over; a platform that restarts meanwhile is waited for."""
    status = ""
    while True:
        try:
            outcome = client.get(f"/api/ai/consensus/vote?request_id={request_id}")
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        except ApiRefused as error:
            if error.status not in {429, 502, 503} or time.monotonic() > deadline:
                raise
        else:
            if outcome["status"] != status:
                status = outcome["status"]
                _progress(status.replace("_", " "))
            if status not in _PENDING or time.monotonic() > deadline:
                return dict(outcome)
        time.sleep(_POLL_SECONDS)


def _exit(outcome: dict[str, Any]) -> Exit:
    if outcome["status"] in _PENDING:
        return Exit.WAITING
    return Exit.FAILED if outcome["status"] in _FAILED or outcome["code"] is None else Exit.OK


def _words(outcome: dict[str, Any]) -> str:
    """Return the code on its own first, then what is known about it, as comments."""
    if outcome["status"] in _PENDING:
        return f"# Still {outcome['status']}; ask again later."
    if outcome["code"] is None:
        failure = outcome["failure"] or "No candidate could be chosen."
        return f"# {outcome['status']}: {failure} {outcome['remedy']}".rstrip()
    vote = outcome["vote"]
    lines = [outcome["code"].rstrip(), "", f"# {_score(vote)}{_compared(vote)}"]
    lines += [f"# {_cluster(cluster)}" for cluster in vote["clusters"]]
    if vote["distinguishing"]:
        lines.append(f"# they differ on {vote['distinguishing']['call']}:")
        lines += [f"#   {one['label']} {one['text']}" for one in vote["distinguishing"]["outputs"]]
    lines += [f"# {reason}" for reason in vote["reasons"]]
    cost = "unknown" if outcome["cost"] is None else f"{outcome['cost']:.4f} USD"
    lines.append(f"# cost {cost}, calls to models: {outcome['calls']}")
    return "\n".join(lines)


def _score(vote: dict[str, Any]) -> str:
    if vote["score"] is None:
        return "no score (one candidate)" if vote["standing"] == "single" else "no score"
    return f"score {vote['score']:.2f}"


def _compared(vote: dict[str, Any]) -> str:
    count = sum(vote["inputs"].values())
    return f", run on {count} inputs" if vote["is_compared"] else ", no behaviour could be compared"


def _cluster(cluster: dict[str, Any]) -> str:
    examples = f"{cluster['examples_passed']} of {cluster['examples_total']} examples"
    members = len(cluster["members"])
    candidates = f"{members} candidate{'' if members == 1 else 's'}"
    return f"cluster {cluster['label']}: {candidates}, {cluster['share']:.0%} of the vote, {examples}"


def _specification(place: str) -> str:
    try:
        text = sys.stdin.read() if place == "-" else Path(place).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecificationUnreadable(f"{place} cannot be read: {reason}.", remedy="Name a text file, or -.") from error
    if not text.strip():
        raise SpecificationUnreadable(f"{place} is empty.", remedy="Say what the code must do.")
    return text


def _title(text: str) -> str:
    first = text.strip().splitlines()[0].lstrip("# ").strip()
    return first if len(first) <= _TITLE_LENGTH else first[: _TITLE_LENGTH - 1].rstrip() + "…"


def _progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
