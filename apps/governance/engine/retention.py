"""How long data is kept: limits that nobody may leave, and holds that beat every limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True)
class Days:
    """For how many days a class of data is kept unless people decide otherwise, and between what they may choose."""

    default: int
    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.default <= self.most:
            raise ValueError("The default lies between the least and the most.")

    def refused(self, days: int) -> str:
        """Return why data cannot be kept for *days*, as a sentence; empty when it can."""
        if days < self.least:
            return f"This is kept for at least {self.least} days."
        return f"This is kept for at most {self.most} days." if days > self.most else ""


@dataclass(frozen=True)
class Holds:
    """What legal holds cover: keys of scopes (an organisation's repositories included), of requests and of accounts."""

    scopes: frozenset[int] = frozenset()
    requests: frozenset[UUID] = frozenset()
    people: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Usage:
    """How many there are, and since when the oldest is there."""

    count: int
    oldest: datetime | None = None


def cutoff(now: datetime, days: int) -> datetime:
    """Return the time before which data that is kept for *days* has been kept for long enough."""
    return now - timedelta(days=days)
