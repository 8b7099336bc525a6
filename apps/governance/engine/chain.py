"""
The audit chain: each entry's hash covers the entry and the hash before it.

An edited entry no longer matches its own hash; a removed, inserted or moved one breaks the numbering or the link to
its neighbour. Entries cut off at the end are only seen against a copy of the newest hash kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from apps.core.digests import canonical_json, sha256_hex

GENESIS = "0" * 64
# What a verification of the chain is recorded as being about.
CHAIN_KIND, CHAIN_ID = "audit_chain", "whole"


class Outcome(StrEnum):
    """How an audited act ended. The values are those of ``AuditEvent.Outcome``."""

    DONE = "done"
    DENIED = "denied"
    FAILED = "failed"


class ActorType(StrEnum):
    """Who acted. The values are those of ``AuditEvent.ActorType``."""

    HUMAN = "human"
    SERVICE = "service"
    MODEL = "model"
    SYSTEM = "system"


@dataclass(frozen=True)
class Link:
    """One entry: its number, what it says, and the two hashes it carries."""

    sequence: int
    content: Mapping[str, object]
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class AuditVerification:
    """Whether the chain holds, how many entries were read, and the first entry that does not fit and why."""

    ok: bool
    count: int
    first_broken: int | None = None
    problem: str = ""
    head: str = GENESIS


def plain(value: object) -> object:
    """
    Return *value* in the part of JSON that the database gives back exactly as it got it.

    Numbers with a fraction, times and ids become text; NUL, which Postgres cannot store, becomes U+FFFD.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.replace("\x00", "�").encode("utf-8", "replace").decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    return plain(str(value))


def entry_hash(previous_hash: str, sequence: int, content: Mapping[str, object]) -> str:
    """Return the hash of the entry numbered *sequence* that follows *previous_hash*."""
    return sha256_hex(previous_hash.encode() + canonical_json({"sequence": sequence, **content}))


def verify(links: Iterable[Link]) -> AuditVerification:
    """Follow *links*, in order, from the first entry and stop at the first one that does not fit."""
    count, previous = 0, GENESIS
    for link in links:
        expected = count + 1
        if link.sequence != expected:
            return AuditVerification(
                False, count, expected, f"Entry {expected} is missing or out of order.", head=previous
            )
        if link.previous_hash != previous:
            return AuditVerification(
                False, count, expected, f"Entry {expected} does not follow the entry before it.", head=previous
            )
        if entry_hash(previous, link.sequence, link.content) != link.hash:
            return AuditVerification(False, count, expected, f"Entry {expected} was changed.", head=previous)
        count, previous = count + 1, link.hash
    return AuditVerification(True, count, head=previous)
