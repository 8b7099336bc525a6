"""What a policy would have done to the past: how much it would have stopped, by which of its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SHOWN = 20
# Whoever publishes a policy later than this after its trial would sign for a past that nobody looked at.
TRIAL_HOLDS = timedelta(days=7)


def trial_is_old(tried_at: datetime | None, moment: datetime) -> bool:
    """Return whether what was *tried_at* says too little of the past as it is at *moment*; no where nothing was."""
    return tried_at is not None and moment - tried_at > TRIAL_HOLDS


@dataclass(frozen=True)
class Hit:
    """A rule, how many things of the past it would have stopped, and the ids of the first few."""

    rule: str
    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """
    A policy tried on the past: of ``seen`` ``things`` (candidates, requests) ``stopped`` ``outcome``.

    ``outcome`` is the end of that sentence, such as "would have been refused". ``limits`` are sentences about what the
    trial cannot know. ``is_cut`` says that there were more things than were looked at, which are the newest ones.
    """

    things: str
    outcome: str
    seen: int
    stopped: int
    hits: tuple[Hit, ...] = ()
    limits: tuple[str, ...] = ()
    is_cut: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        hits = [{"rule": one.rule, "count": one.count, "ids": list(one.ids)} for one in self.hits]
        return {
            "things": self.things,
            "outcome": self.outcome,
            "seen": self.seen,
            "stopped": self.stopped,
            "hits": hits,
            "limits": list(self.limits),
            "is_cut": self.is_cut,
        }


def hits_of(found: Mapping[str, Sequence[str]]) -> tuple[Hit, ...]:
    """Return the ids found by each rule as hits, in the order of the rules; each id counts once."""
    distinct = {rule: list(dict.fromkeys(ids)) for rule, ids in found.items()}
    return tuple(Hit(rule, len(ids), tuple(ids[:SHOWN])) for rule, ids in distinct.items())
