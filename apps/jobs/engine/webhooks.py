"""
Messages to other systems: what they are called, how they are signed, and when they are tried again.

The signature is HMAC-SHA256 over ``timestamp + "." + body``, so that an old message cannot be sent again as a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EVENTS: Mapping[str, str] = {
    "spec.analysed": "A specification was read and submitted.",
    "request.state_changed": "A request is in another state.",
    "candidate.checked": "A candidate went through the static checks.",
    "review.quorum_met": "People approved a request.",
    "review.blocked": "People rejected a request.",
    "request.merged": "A request was merged.",
    "gate.opened": "The committee votes on a gate.",
    "gate.state_changed": "A gate was asked for, rests on other evidence, or was withdrawn.",
    "gate.decided": "The committee decided a gate.",
    "scope.suspended": "Generation was suspended in a place.",
    "docs.drift_changed": "A page of documentation was held against the code.",
    "quality.gate_changed": "A condition of a repository's quality gate is in another state.",
    "export.ready": "An evidence pack can be taken away.",
}
PING = "ping"
TOLERANCE = timedelta(minutes=5)
# The last one begins a little less than 24 hours after the first attempt.
RETRIES = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 900, 1_800, 3_600, 2 * 3_600, 4 * 3_600, 6 * 3_600, 10 * 3_600)
)
DISABLED_AFTER = timedelta(days=5)
_ALGORITHM = "sha256="


@dataclass(frozen=True)
class Retry:
    """When to try again; ``at`` is None when it is given up."""

    at: datetime | None


def message_body(*, event: str, delivery_id: str, at: datetime, place: str, data: Mapping[str, object]) -> str:
    """Return the JSON document that tells of *event*, exactly as it is to be signed and sent."""
    document = {"event": event, "delivery": delivery_id, "at": at.isoformat(), "place": place, "data": dict(data)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def hmac_sha256(secret: str, payload: str) -> str:
    """Return ``sha256=`` and the HMAC of *payload*, as GitHub writes it."""
    return _ALGORITHM + hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signature_header(secrets: Sequence[str], *, timestamp: int, body: str) -> str:
    """Return the signature under each live secret, the current one first, separated by commas."""
    return ", ".join(hmac_sha256(secret, f"{timestamp}.{body}") for secret in secrets)


def signature_verify(header: str, *, secret: str, timestamp: int, body: str, now: datetime) -> bool:
    """
    Return whether a message is genuine and not older, or further ahead, than five minutes; what a receiver does.

    Takes the same time whichever character is wrong.
    """
    if abs(now.timestamp() - timestamp) > TOLERANCE.total_seconds():
        return False
    expected = hmac_sha256(secret, f"{timestamp}.{body}").encode()
    matches = [hmac.compare_digest(expected, part.strip().encode()) for part in header.split(",")]
    return any(matches)


def retry_after(*, attempts: int, at: datetime) -> Retry:
    """Return when to try again after the failure at *at*, of as many *attempts* as there were in this round."""
    return Retry(at + RETRIES[attempts - 1] if 1 <= attempts <= len(RETRIES) else None)


def is_given_up(*, failing_since: datetime | None, at: datetime) -> bool:
    """Return whether an endpoint that failed at *at* has done nothing else for so long that it is switched off."""
    return failing_since is not None and at - failing_since >= DISABLED_AFTER
