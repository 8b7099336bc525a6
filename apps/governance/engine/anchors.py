"""
Anchors: what the audit chain's newest hash was on a day, noted outside the database.

Each anchor names the digest of the one before, so that one taken away or changed in the middle is seen. Whoever holds a
copy of the newest anchor can tell whether the chain was cut or rewritten since.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from apps.core.digests import canonical_json, sha256_hex

FIRST = "0" * 64
KEYS = {"date", "sequence", "head", "previous"}


class AnchorUnreadable(ValueError):
    """The text is no anchor; the message says what is wrong with it."""


@dataclass(frozen=True)
class Anchor:
    """On *day* the newest entry was number ``sequence`` with hash ``head``; ``previous`` is the digest before."""

    day: date
    sequence: int
    head: str
    previous: str = FIRST

    @property
    def line(self) -> str:
        """The anchor as one line of JSON."""
        document = {
            "date": self.day.isoformat(),
            "sequence": self.sequence,
            "head": self.head,
            "previous": self.previous,
        }
        return canonical_json(document).decode() + "\n"

    @property
    def digest(self) -> str:
        """The SHA-256 of the line."""
        return sha256_hex(self.line)


def anchor_read(text: str) -> Anchor:
    """
    Return the anchor in *text*, which must be exactly as it was written.

    :raises AnchorUnreadable: it is something else.
    """
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or set(found) != KEYS:
            raise AnchorUnreadable("it does not hold date, sequence, head and previous.")
        anchor = Anchor(date.fromisoformat(found["date"]), int(found["sequence"]), found["head"], found["previous"])
        is_as_written = anchor.line == text
    except AnchorUnreadable:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise AnchorUnreadable("it is not the line of JSON that an anchor is.") from error
    if not is_as_written:
        raise AnchorUnreadable("it is not written as an anchor is.")
    return anchor


def anchors_problem(anchors: Sequence[Anchor]) -> str:
    """Return what is wrong with *anchors* among themselves, oldest first, as a sentence; empty when they fit."""
    for before, after in pairwise(anchors):
        if after.previous != before.digest:
            return (
                f"The anchor of {after.day.isoformat()} does not follow the one of {before.day.isoformat()}: "
                "one was changed or taken away."
            )
        if after.sequence < before.sequence:
            return f"The anchor of {after.day.isoformat()} saw fewer entries than the one of {before.day.isoformat()}."
    return ""
