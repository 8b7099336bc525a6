"""
Make an input on which two programs differ as small as it goes, by delta debugging (Zeller and Hildebrandt, TSE 2002).

Parts are left out, halves before quarters before single ones, and numbers move towards 0, for as long as the programs
differ as they did before: an input on which they differ in another way is another finding (slippage; Chen et al., PLDI
2013).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.outcomes import Outcome, OutcomeKind, outcomes_agree
from apps.generation.engine.values import Unrepresentable

BATCH = 24
BATCHES = 12
# Into so many parts a sequence is cut at most; a longer one is shorter soon.
PARTS = 32
TOLD = frozenset({OutcomeKind.VALUE, OutcomeKind.ERROR})

Pair = tuple[Outcome, Outcome]
Differ = Callable[[Sequence[CallInput]], Sequence[bool]]


def size(call: CallInput) -> tuple[int, str]:
    """
    Return by what inputs are ordered, the smallest first: the length of the plain form, then the form itself.

    :raises Unrepresentable: an argument has no plain form.
    """
    key = input_key(call)
    return len(key), key


def smallest_difference(calls: Sequence[CallInput], first: Sequence[Outcome], second: Sequence[Outcome]) -> int | None:
    """Return the position of the smallest of *calls* whose outcomes differ, None where all agree."""
    found = [at for at in range(len(calls)) if not outcomes_agree(first[at], second[at])]
    return min(found, key=lambda at: size(calls[at]), default=None)


def can_shrink(pair: Pair) -> bool:
    """Return whether both programs return or raise on the input, so that others can be held against it."""
    return all(outcome.kind in TOLD for outcome in pair)


def differ_alike(before: Pair, after: Pair) -> bool:
    """Return whether two programs differ *after* as they did *before*: each returns, or raises what it raised."""
    is_alike = all(old.kind is new.kind and old.error == new.error for old, new in zip(before, after, strict=True))
    return is_alike and not outcomes_agree(*after)


def shrink(call: CallInput, differ: Differ, *, batches: int = BATCHES) -> CallInput:
    """
    Return the smallest input found from *call* on which the programs still ``differ``; *call* itself where none is.

    ``differ`` says it for several inputs at once, and is asked at most *batches* times for up to :data:`BATCH` each.
    With enough of them no single reduction of what comes back would do.
    """
    seen = {input_key(call)}
    waiting = _smaller(call, seen)
    while waiting and batches:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        seen.update(key for (_, key), _ in batch)
        batches -= 1
        tried = [one for _, one in batch]
        kept = [one for one, does in zip(tried, differ(tried), strict=True) if does]
        if kept:
            call = min(kept, key=size)
            waiting = _smaller(call, seen)
    return call


def _smaller(call: CallInput, seen: set[str]) -> list[tuple[tuple[int, str], CallInput]]:
    """Return the reductions of an input that are smaller and were not tried, the smallest first."""
    most = size(call)
    found = {}
    for one in reductions(call):
        try:
            measured = size(one)
        except Unrepresentable:
            continue
        if measured < most and measured[1] not in seen:
            found[measured[1]] = measured, one
    return sorted(found.values(), key=lambda item: item[0])


def reductions(call: CallInput) -> Iterator[CallInput]:
    """Yield *call* with one thing less: steps of a session left out, or one argument reduced."""
    for steps in _cut(call.steps):
        yield replace(call, steps=steps)
    for at, value in enumerate(call.args):
        for less in _reduced(value):
            yield replace(call, args=(*call.args[:at], less, *call.args[at + 1 :]))
    for name, value in call.kwargs.items():
        for less in _reduced(value):
            yield replace(call, kwargs={**call.kwargs, name: less})


def _reduced(value: object) -> Iterator[Any]:
    match value:
        case bool():
            return
        case int():
            yield from (0, abs(value))
            sign, shift = -1 if value < 0 else 1, 1
            while part := abs(value) >> shift:
                yield from (sign * part, value - sign * part)
                shift *= 2
            yield value - sign
        case float():
            yield 0.0
            if math.isfinite(value):
                yield from (abs(value), float(math.trunc(value)), value / 2)
        case str() | bytes() | tuple() | list():
            yield from _cut(value)
            yield from _with_less_in_it(value)
        case set() | frozenset():
            kept = sorted(value, key=repr)
            yield from (type(value)(some) for some in _cut(kept))
        case dict():
            yield from (dict(some) for some in _cut(list(value.items())))
            for key, inner in value.items():
                yield from ({**value, key: less} for less in _reduced(inner))


def _cut(sequence: Any) -> Iterator[Any]:
    """Yield a sequence without each of its parts: all of it, halves, quarters and so on."""
    length = len(sequence)
    part, parts = length, 1
    while part and parts <= PARTS:
        for start in range(0, length, part):
            yield sequence[:start] + sequence[start + part :]
        part, parts = part // 2, parts * 2


def _with_less_in_it(sequence: Any) -> Iterator[Any]:
    """Yield a list or a tuple with one of its first elements reduced."""
    if isinstance(sequence, str | bytes):
        return
    for at, inner in enumerate(sequence[:PARTS]):
        for less in _reduced(inner):
            changed = list(sequence)
            changed[at] = less
            yield changed if isinstance(sequence, list) else tuple(changed)
