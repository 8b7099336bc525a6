"""What each candidate of a request cost, by the calls that were made for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.template.defaultfilters import floatformat

from apps.generation.models import Candidate
from apps.providers.models import ModelCall

Costs = Mapping[tuple[UUID, int], Decimal | None]


def costs_of(calls: Iterable[ModelCall]) -> Costs:
    """Return US dollars by provider and sample, calls that were repeated added up; None where one is not known."""
    found: dict[tuple[UUID, int], Decimal | None] = {}
    for call in calls:
        key = (call.provider_id, call.sample_index)
        before = found.get(key, Decimal(0))
        found[key] = None if before is None or call.cost is None else before + call.cost
    return found


def cost_words(candidate: Candidate, costs: Costs) -> str:
    """Return what *candidate* cost in US dollars; "" where nobody was asked for it."""
    key = (candidate.provider_id, candidate.sample_index)
    if candidate.provider_id is None or key not in costs:
        return ""
    cost = costs[key]
    return "unknown" if cost is None else floatformat(cost, "-6")
