"""
The audit chain: each entry's hash covers the entry and the hash before it.

An edited entry no longer matches its own hash; a removed, inserted or moved one breaks the numbering or the link to
its neighbour. Entries cut off at the end, and a chain rewritten as a whole, are only seen against the hashes that were
kept elsewhere (``engine/anchors.py``).

The address and the browser that an entry came from stand beside the chain, since they may not be kept for as long: the
entry covers their digest, so they cannot be changed while they are there, and the chain holds without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.anchors import Anchor

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
    """
    One entry: its number, what it says, and the two hashes it carries.

    ``origin`` is the digest of where it came from, as that stands beside the chain; None where it does not stand there
    (any more), which ``is_origin_due`` says it must.
    """

    sequence: int
    content: Mapping[str, object]
    previous_hash: str
    hash: str
    origin: str | None = None
    is_origin_due: bool = False


@dataclass(frozen=True)
class AuditVerification:
    """
    Whether the chain holds, how many entries were read, and the first entry that does not fit and why.

    ``anchors`` counts the anchors that agreed; ``notice`` says what a reader should know although the chain holds.
    """

    ok: bool
    count: int
    first_broken: int | None = None
    problem: str = ""
    head: str = GENESIS
    anchors: int = 0
    notice: str = ""


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


def origin_digest(salt: str, ip: str, user_agent: str) -> str:
    """Return the digest by which an entry covers where it came from; *salt* keeps addresses from being guessed."""
    return sha256_hex(canonical_json([salt, ip, user_agent]))


def verify(links: Iterable[Link], anchors: Iterable[Anchor] = ()) -> AuditVerification:
    """
    Follow *links*, in order, from the first entry and stop at the first one that does not fit.

    *anchors* are what was noted elsewhere about the chain, oldest first: each must agree.
    """
    noted = list(anchors)
    expected_heads = {anchor.sequence: anchor for anchor in noted}
    count, previous, agreed = 0, GENESIS, 0
    for link in links:
        number = count + 1
        problem = _problem(link, number, previous)
        anchor = expected_heads.get(number)
        if not problem and anchor is not None and anchor.head != link.hash:
            problem = f"Entry {number} is not the one that the anchor of {anchor.day.isoformat()} saw."
        if problem:
            return AuditVerification(False, count, number, problem, head=previous, anchors=agreed)
        count, previous = number, link.hash
        agreed += anchor is not None
    beyond = next((anchor for anchor in noted if anchor.sequence > count), None)
    if beyond is not None:
        problem = (
            f"The chain ends with entry {count}, and the anchor of {beyond.day.isoformat()} saw entry "
            f"{beyond.sequence}: entries were cut off."
        )
        return AuditVerification(False, count, count + 1, problem, head=previous, anchors=agreed)
    return AuditVerification(True, count, head=previous, anchors=agreed)


def _problem(link: Link, number: int, previous: str) -> str:
    """Return what is wrong with *link*, which should be entry *number* behind the hash *previous*; empty if nothing."""
    if link.sequence != number:
        return f"Entry {number} is missing or out of order."
    if link.previous_hash != previous:
        return f"Entry {number} does not follow the entry before it."
    if entry_hash(previous, link.sequence, link.content) != link.hash:
        return f"Entry {number} was changed."
    covered = link.content.get("origin_digest", "")
    if link.origin is not None and link.origin != covered:
        return f"The address or the browser of entry {number} was changed."
    if link.origin is None and covered and link.is_origin_due:
        return f"The address and the browser of entry {number} are missing."
    return ""
