"""Makes the input on which the two leading behaviours differ as small as it goes, by running them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, input_key, input_stored
from apps.generation.engine.outcomes import outcome_stored
from apps.generation.engine.shrinking import can_shrink, differ_alike, shrink, smallest_difference
from apps.generation.gateways.observing import Observation, observe


def input_reduced(
    details: Mapping[str, Any], ran: Mapping[str, Observation], inputs: Sequence[PoolInput], *, entry: str
) -> dict[str, Any] | None:
    """
    Return a smaller input on which the two leading behaviours of a vote differ as they did, as JSON data.

    *details* are those of the vote, *ran* what its members did on *inputs*. With the input comes what a member of each
    behaviour did on it, and ``of``, the words of the input that it was made of. None where nothing smaller was found,
    or where the smallest one observed is an example: a person said what is right there. Takes up to 12 runs of two
    programs, and one of all.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    leaders = [
        next(((one, ran[one]) for one in cluster["members"] if one in ran and not ran[one].refused), None)
        for cluster in details["clusters"]
    ]
    if details["distinguishing"] is None or None in leaders[:2]:
        return None
    found = _reduction([one for one in leaders if one is not None], inputs, entry=entry)
    return found and {**found, "of": details["distinguishing"]["call"]}


def _reduction(
    leaders: Sequence[tuple[str, Observation]], inputs: Sequence[PoolInput], *, entry: str
) -> dict[str, Any] | None:
    first, second = leaders[0][1], leaders[1][1]
    at = smallest_difference([one.call for one in inputs], first.outcomes, second.outcomes)
    if at is None or inputs[at].origin is InputOrigin.EXAMPLE:
        return None
    before = first.outcomes[at], second.outcomes[at]
    if not can_shrink(before):
        return None

    def differ(calls: Sequence[CallInput]) -> list[bool]:
        ran = observe([first.program, second.program], _asked(calls), entry=entry)
        return [differ_alike(before, after) for after in zip(ran[0].outcomes, ran[1].outcomes, strict=True)]

    smallest = shrink(inputs[at].call, differ)
    if input_key(smallest) == input_key(inputs[at].call):
        return None
    ran = observe([one.program for _, one in leaders], _asked([smallest]), entry=entry)
    outcomes = {name: outcome_stored(one.outcomes[0]) for (name, _), one in zip(leaders, ran, strict=True)}
    return {"call": input_stored(smallest), "outcomes": outcomes}


def _asked(calls: Sequence[CallInput]) -> list[PoolInput]:
    return [PoolInput(call, InputOrigin.FUZZ) for call in calls]
