"""
What known calls have in common, so that an input nobody may have had in mind is known by what is new about it.

The properties are likely invariants, as Daikon infers them from runs (Ernst et al., 2001), here of arguments alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeGuard

from apps.generation.engine.inputs import CallInput

Property = tuple[str, str]

_SIZED = (str, list, tuple, dict, set, frozenset)
_ORDERED = (str, list, tuple)


class Domain:
    """The properties that known calls show; without any call, nothing is new."""

    def __init__(self, known: Iterable[CallInput]) -> None:
        """Learn from calls that somebody wrote."""
        shown = [set(_properties(call.args)) for call in known if not call.is_session]
        self._seen = set().union(*shown)
        self._is_known = bool(shown)

    def news(self, call: CallInput) -> int:
        """Return in how many aspects a call shows what no known one does."""
        if not self._is_known or call.is_session:
            return 0
        return len({aspect for aspect, _ in set(_properties(call.args)) - self._seen})


def _properties(args: tuple[object, ...]) -> Iterator[Property]:
    """Give what is particular about the arguments and their relations: an aspect, and what it shows."""
    for place, value in enumerate(args):
        yield from ((f"{place} {aspect}", shown) for aspect, shown in _of_value(value))
        for other, beside in enumerate(args):
            if other != place:
                yield from ((f"{place} {aspect} {other}", "") for aspect in _of_pair(value, beside))


def _of_value(value: object) -> Iterator[Property]:
    yield "is a", type(value).__name__
    if _is_number(value):
        yield "is", "negative" if value < 0 else "positive" if value > 0 else "zero"
    if isinstance(value, _SIZED) and not value:
        yield "is empty", ""
    if isinstance(value, str):
        yield from (("has", kind) for kind in {_kind(character) for character in value})
    if isinstance(value, list | tuple):
        yield from _of_items(value)


def _of_items(items: list[object] | tuple[object, ...]) -> Iterator[Property]:
    yield from (("holds a", type(item).__name__) for item in items)
    numbers = [item for item in items if _is_number(item)]
    if 1 < len(items) == len(numbers):
        if any(a > b for a, b in pairwise(numbers)):
            yield "descends", ""
        if len(set(numbers)) < len(numbers):
            yield "repeats", ""
    for item in items:
        if _is_number(item) and item < 0:
            yield "holds a negative number", ""
        if isinstance(item, str):
            yield from (("holds", kind) for kind in {_kind(character) for character in item})
        if isinstance(item, _SIZED) and not item:
            yield "holds something empty", ""
        if isinstance(item, list | tuple):
            yield from (("holds what holds a", type(inner).__name__) for inner in item)
    if len({len(item) for item in items if isinstance(item, list | tuple)}) > 1:
        yield "is ragged", ""


def _of_pair(value: object, beside: object) -> Iterator[str]:
    if type(value) is int and isinstance(beside, _ORDERED):
        if value != len(beside):
            yield "is not the length of"
        if not 0 <= value <= len(beside):
            yield "is no place in"
    if isinstance(value, _ORDERED) and isinstance(beside, _ORDERED) and len(value) != len(beside):
        yield "is not as long as"
    if _is_number(value) and _is_number(beside):
        yield from (("is at least",) if value >= beside else ("is below",))
    if isinstance(value, str) and isinstance(beside, str) and value not in beside:
        yield "is no part of"
    if isinstance(beside, list | tuple) and not isinstance(value, _SIZED) and value not in beside:
        yield "is not among"


def _is_number(value: object) -> TypeGuard[int | float]:
    return type(value) in (int, float)


def _kind(character: str) -> str:
    if ord(character) > 127:
        return "foreign characters"
    if character.isdigit():
        return "digits"
    if character.isalpha():
        return "capitals" if character.isupper() else "small letters"
    return "space" if character.isspace() else "marks"
