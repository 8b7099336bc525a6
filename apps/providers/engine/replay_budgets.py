"""What limits would have done to the calls of the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.providers.engine.budgets import Limits, Usage, month_start, refusal


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that was made: whom for, when, and what counts of it; ``cost`` is None where nobody knows it."""

    subject: Hashable
    at: datetime
    tokens: int
    cost: Decimal | None


@dataclass(frozen=True)
class Replayed:
    """The subjects that asked since, in order, and those of them that each period's limits would have stopped."""

    asked: tuple[Hashable, ...]
    stopped: Mapping[str, tuple[Hashable, ...]]


def replay(calls: Iterable[PastCall], limits: Mapping[str, Limits], *, since: datetime) -> Replayed:
    """
    Return whom *limits* (by period: request, month) would have stopped, had they held from the first of *calls* on.

    *calls* come in the order in which they were made. One that is refused counts against nothing; earlier ones than
    *since* count against their month, and nobody is told of them.
    """
    used: dict[tuple[str, Hashable], Usage] = defaultdict(Usage)
    asked: dict[Hashable, None] = {}
    stopped: dict[str, dict[Hashable, None]] = {period: {} for period in limits}
    for call in calls:
        keys = {"request": ("request", call.subject), "month": ("month", month_start(call.at))}
        broken = [
            period
            for period, limit in limits.items()
            if refusal(limit, used[keys[period]], tokens=call.tokens, cost=call.cost)
        ]
        if call.at >= since:
            asked[call.subject] = None
            for period in broken:
                stopped[period][call.subject] = None
        if not broken:
            for period in limits:
                used[keys[period]] = _after(used[keys[period]], call)
    return Replayed(tuple(asked), {period: tuple(found) for period, found in stopped.items()})


def _after(used: Usage, call: PastCall) -> Usage:
    cost = Decimal(0) if call.cost is None else call.cost
    return Usage(used.tokens + call.tokens, used.cost + cost, used.unknown + (call.cost is None))
