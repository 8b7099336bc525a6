"""
The clock of documentation: how long the pages of a service have been in sync without a break.

It runs from when they came into sync. It stops as soon as a page is broken, describes nothing that the code has, or has
been stale for more than 72 hours; it starts again, at nothing, when they are in sync again. A release cycle is the time
between two consecutive releases; it was in sync when the clock ran through all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

GRACE = timedelta(hours=72)
LONGEST_TAG = 200
# A version of two numbers or more, after an optional name and "v": v2.1, release-2026.11, shop/1.4.0.
_RELEASE = re.compile(
    r"(?:[a-z][a-z0-9_.]*[-/@])*(?:v|rel|release)?\d+(?:\.\d+)+(?:[.+_-][a-z0-9.+_-]*)?", re.IGNORECASE
)
_PRERELEASE = re.compile(r"\d[-._]?(?:rc|alpha|beta|dev|pre|snapshot|[abm]\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Observed:
    """How the documentation stood from ``at`` on, until the next of them; ``where`` says it for people."""

    at: datetime
    state: str
    where: str


@dataclass(frozen=True)
class Release:
    """A release and when it was made."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Clock:
    """
    Since when the documentation has been in sync, None while the clock stands, and why it last restarted.

    ``releases`` are those since then, oldest first; each two in a row are a full cycle in sync.
    """

    since: datetime | None
    restarted_because: str
    releases: tuple[Release, ...]

    @property
    def cycles(self) -> int:
        return max(0, len(self.releases) - 1)


def is_release(tag: str) -> bool:
    """Return whether a tag names a release: a version of two numbers or more, and not one before a release."""
    is_short = len(tag) <= LONGEST_TAG
    return is_short and _RELEASE.fullmatch(tag) is not None and _PRERELEASE.search(tag) is None


def clock(observed: Sequence[Observed], releases: Sequence[Release], now: datetime) -> Clock:
    """
    Return how the clock stands at *now*, from observations in the order of their times and releases in any order.

    What is dated after *now* does not count yet.
    """
    known = [one for one in observed if one.at <= now]
    since: datetime | None = None
    because = ""
    stale_from: datetime | None = None
    ends = [after.at for _, after in pairwise(known)] + [now]
    for one, end in zip(known, ends, strict=False):
        stale_from = (stale_from or one.at) if one.state == "stale" else None
        if one.state == "in_sync":
            since = since or one.at
        elif stale_from is None or end - stale_from > GRACE:
            since, because = None, _reason(one, stale_from)
    made = sorted((one for one in releases if one.at <= now), key=lambda one: (one.at, one.name))
    return Clock(since, because, tuple(one for one in made if since is not None and one.at >= since))


def _reason(one: Observed, stale_from: datetime | None) -> str:
    if stale_from is not None:
        return f"stale for more than 72 hours from {stale_from:%-d %b %Y %H:%M} on: {one.where}"
    return f"{one.state} on {one.at:%-d %b %Y %H:%M}: {one.where}"
