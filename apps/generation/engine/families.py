"""
The family of a task: what kind of values it is about.

Models differ by it: one is good with text and poor with nested data. The family is read from what a request declares
and shows, so that it is known before anybody answers, and is the same in a replay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from apps.generation.engine.shapes import Shape, shape_of_annotation, shape_of_values
from apps.generation.engine.specification.model import FunctionSignature

_SCALARS = {"int", "float", "bool", "complex"}
_TEXT = {"str", "bytes"}
_HOLDING = {"list", "tuple", "tuple*", "set", "frozenset", "dict"}


class Family(StrEnum):
    """What a task is about; ``other`` where its values cannot be told."""

    NUMBERS = "numbers"
    TEXT = "text"
    COLLECTIONS = "collections"
    CLASSES = "classes"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The family as people read it."""
        return self.value.capitalize()


def family_of(
    signature: FunctionSignature | None, calls: Iterable[Sequence[object]], *, is_class: bool = False
) -> Family:
    """
    Return the family of a task from its signature and the arguments of calls that it shows.

    One collection among the parameters makes it a task about collections, else one text about text.
    """
    if is_class:
        return Family.CLASSES
    kinds = {kind for shape in _shapes(signature, list(calls)) for kind in _kinds(shape)}
    if kinds & _HOLDING:
        return Family.COLLECTIONS
    if kinds & _TEXT:
        return Family.TEXT
    return Family.NUMBERS if kinds & _SCALARS else Family.OTHER


def _shapes(signature: FunctionSignature | None, calls: Sequence[Sequence[object]]) -> list[Shape]:
    """An example shows what is meant; where there is none, the annotation or the parameter's name says it."""
    width = max(map(len, calls), default=0)
    if width:
        return [shape_of_values([args[at] for args in calls if at < len(args)]) for at in range(width)]
    parameters = signature.parameters if signature else ()
    return [shape_of_annotation(parameter.annotation, parameter.name) for parameter in parameters]


def _kinds(shape: Shape) -> set[str]:
    if shape.kind == "union":
        return {kind for part in shape.parts for kind in _kinds(part)}
    if shape.kind == "choice":
        return {type(choice).__name__ for choice in shape.choices}
    return {shape.kind}
