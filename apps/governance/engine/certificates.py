"""What stands on a certificate. Every value is text as people read it; nothing here is computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NOTHING = "–"


@dataclass(frozen=True)
class Criterion:
    """One row of the evidence: a value with how much it rests on, what was asked for, and whether that was met."""

    name: str
    state: str
    value: str = NOTHING
    n: str = NOTHING
    interval: str = NOTHING
    threshold: str = NOTHING


@dataclass(frozen=True)
class SeatVote:
    """Who sat where, and what they said; ``reason`` may be empty."""

    seat: str
    name: str
    verdict: str
    at: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Certificate:
    """
    One decision.

    ``kind`` is what was decided about, ``digest`` the SHA-256 that those who voted had before them, ``key_id`` names
    the key that signed the pack in which this stands.
    """

    kind: str
    title: str
    decision: str
    decided_at: datetime
    scope: str
    facts: tuple[tuple[str, str], ...]
    criteria: tuple[Criterion, ...]
    votes: tuple[SeatVote, ...]
    dissent: tuple[str, ...]
    conditions: tuple[str, ...]
    digest: str
    key_id: str
