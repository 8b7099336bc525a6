"""Examples that say what becomes of a value: "`[1, 1]` becomes `[1]`", "an empty string results in 0"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.generation.engine.specification.literals import Budget, is_amount, literal_at, read_literal
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample
from apps.generation.engine.specification.prose_examples import Bindings, bound_example

_TICKED = re.compile(r"(?<![\w`])`(?=[\[({'\"\d-])")
_BECOMES = re.compile(
    r"`[ \t]*+(?:->|=>|→|⇒|➞|(?:(?:should|must|will)[ \t]+)?(?:becomes?|stays?|remains?|gives?|yields?|maps?[ \t]+to|"
    r"(?:is[ \t]+)?turn(?:s|ed)?[ \t]+in(?:to)?|results?[ \t]+in))[ \t]*+`?"
)
_EMPTY = re.compile(
    r"\b(?:(?:for|given|with|when[ \t]+given)[ \t]+)?(?:an|the)[ \t]+empty[ \t]+"
    r"(?P<kind>string|str|text|word|list|array|sequence|dict(?:ionary)?|mapping|tuple)\b`?[ \t]*+,?[ \t]*+"
    r"(?:(?:it|the[ \t]+(?:function|result|output|answer))[ \t]+)?(?:(?:should|must|will|shall)[ \t]+)?"
    r"(?:returns?|gives?|yields?|results?[ \t]+in|becomes?|is|be)[ \t]+(?=[`\[({'\"\d-]|None\b|True\b|False\b)",
    re.I,
)
_KINDS: dict[str, tuple[object, str]] = {
    **dict.fromkeys(("string", "str", "text", "word"), ("", "str")),
    **dict.fromkeys(("list", "array", "sequence"), ([], "list")),
    **dict.fromkeys(("dict", "dictionary", "mapping"), ({}, "dict")),
    "tuple": ((), "tuple"),
}


def turned_examples(text: str, function: FunctionSignature, budget: Budget) -> Iterable[SpecExample]:
    """Yield the examples of *function*, which takes one argument, that say what becomes of a value."""
    for hit in _TICKED.finditer(text):
        given = literal_at(text, hit.end(), budget) if budget.spend() else None
        becomes = _BECOMES.match(text, given[1]) if given is not None else None
        if given is not None and becomes is not None:
            yield from _example(text, function, given[0], Span(hit.start(), becomes.end()), budget)
    for hit in _EMPTY.finditer(text):
        value, kind = _KINDS[hit["kind"].lower()]
        annotation = function.parameters[0].annotation.lower() if function.parameters else ""
        if budget.spend() and (not annotation or kind in annotation or (kind == "list" and "sequence" in annotation)):
            yield from _example(text, function, repr(value), Span(hit.start(), hit.end()), budget)


def _example(text: str, function: FunctionSignature, given: str, place: Span, budget: Budget) -> Iterable[SpecExample]:
    start = place.end + (text[place.end : place.end + 1] == "`")
    outcome = literal_at(text, start, budget)
    if outcome is None or is_amount(text, *outcome):
        return
    try:
        values, expected = (read_literal(given),), read_literal(outcome[0])
    except ValueError:
        return
    found = bound_example(function, Bindings(("",), values, place.end), expected, None, Span(place.start, outcome[1]))
    yield from [found] if found is not None else []
