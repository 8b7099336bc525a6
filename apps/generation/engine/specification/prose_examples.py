"""Examples that do not name the function: "for n = 3 the output should be 6", Input/Output blocks, ``[2] -> 4``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from apps.generation.engine.specification.literals import Budget, is_amount, literal_at, read_literal
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample

_INPUT = re.compile(r"(?im)^[ \t]*+(?:[-*][ \t]+)?(?:sample[ \t]+)?inputs?[ \t]*+(?:\d+[ \t]*+)?[:=]\s*")
_OUTPUT = re.compile(r"(?i)\s*(?:[-*][ \t]+)?(?:sample[ \t]+|expected[ \t]+)?outputs?[ \t]*+(?:\d+[ \t]*+)?[:=][ \t]*+")
_GIVEN = re.compile(
    r"\b(?:for|given|with|when(?:[ \t]+(?:given|called[ \t]+with|passed))?|(?:if|when)[ \t]+the[ \t]+input[ \t]+is|"
    r"passing|(?:if|when)[ \t]+(?:I|we|you)[ \t]+(?:pass|give[ \t]+it|call[ \t]+it[ \t]+with)|if|input(?:[ \t]+of)?)"
    r"[ \t:]+(?=[\w\[({'\"`-])",
    re.I,
)
_BINDING = re.compile(r"`?([A-Za-z_]\w*)`?[ \t]*+(?:=|:|\bis\b)[ \t]*+(?![=:])")
_APPOSED = re.compile(r"`?([A-Za-z_]\w*)`?(?:[ \t]+of)?[ \t]+(?=[\[({'\"`\d-])")
_ARROW_LINE = re.compile(r"(?m)^[ \t]*+(?:[-*+•][ \t]+|\d{1,2}[.)][ \t]+)?`?(?=[\[({'\"\d-])")
_GIVES = re.compile(r"`?[ \t]*+(?:->|=>|==>|➞|→|⇒|\b(?:becomes?|gives?|returns?|yields?)\b)[ \t]*+`?")
_LINE_END = re.compile(r"`?[ \t]*+(?:[.,;][ \t]*+)?(?:$|\()", re.MULTILINE)
_BETWEEN = re.compile(r"`?[ \t]*+(?:,[ \t]*+and\b|,|;|\band\b)?\s*`?(?=[\w\[({'\"`-])")
_OUTCOME = re.compile(
    r"""[`]?[ \t]*+[,:]?[ \t]*+(?:then[ \t]+)?(?P<filler>(?:[^\n.]|\n[ \t]*+(?=(?:and|when|then)\b)){0,80}?)\b
        (?:(?:it|output|(?:I|we|you)[ \t]+(?:should[ \t]+)?(?:expect|get|want)
            |the[ \t]+(?:function|method|output|result|answer|return[ \t]+value))\b[ \t]*
           (?:(?:should|must|will|would|shall)[ \t]+)?(?:be|is|returns?|gives?|yields?|produces?|equals?)?
         | (?:should[ \t]+)?returns?|gives?|yields?)\b
        [ \t]*+:?[ \t]*+`?""",
    re.VERBOSE | re.IGNORECASE,
)
_RAISES = re.compile(
    r"[`]?[ \t]*+,?[ \t]*+(?:then[ \t]+)?(?:it|the[ \t]+function)?[ \t]*+(?:should|must|shall)?[ \t]*+"
    r"(?:raises?|throws?)[ \t]+(?:an?[ \t]+)?`?([A-Z]\w*)"
)
_RESULT_NAMES = frozenset({"output", "outputs", "expected", "result", "returns", "explanation", "it"})
_HANDS_OVER = re.compile(r"\b(?:input|pass|give|call)\b", re.I)
_MAX_BINDINGS = 12


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values with the names they were given ("" for none), and where they end."""

    names: tuple[str, ...]
    values: tuple[object, ...]
    end: int


def prose_examples(text: str, function: FunctionSignature, budget: Budget) -> Iterable[SpecExample]:
    """Yield the examples of *function* that give its arguments and its outcome without writing the call."""
    for hit in _INPUT.finditer(text):
        found = _bindings(text, hit.end(), budget, function)
        outcome = _OUTPUT.match(text, found.end) if found else None
        if found and outcome:
            yield from _judged(text, function, found, Span(hit.start(), outcome.end()), budget)
    for hit in _GIVEN.finditer(text):
        found = _bindings(text, hit.end(), budget, function)
        if found is None or (hit.group()[:3].lower() == "if " and not _is_about(found, function, hit.group())):
            continue
        raises = _RAISES.match(text, found.end)
        if raises is not None:
            example = bound_example(function, found, None, raises.group(1), Span(hit.start(), raises.end()))
            yield from [example] if example else []
            continue
        outcome = _OUTCOME.match(text, found.end)
        if outcome is not None and (all(found.names) or not outcome.group("filler").strip()):
            yield from _judged(text, function, found, Span(hit.start(), outcome.end()), budget)
    yield from _arrow_lines(text, function, budget)


def _is_about(found: Bindings, function: FunctionSignature, opening: str) -> bool:
    """ "If n is 0 …" shows an example when ``n`` is a parameter, "if it is 3" need not."""
    return _HANDS_OVER.search(opening) is not None or {*found.names} <= {p.name for p in function.parameters}


def _arrow_lines(text: str, function: FunctionSignature, budget: Budget) -> Iterable[SpecExample]:
    """A line of its own such as ``- [3, 1] -> [1, 3]``."""
    for hit in _ARROW_LINE.finditer(text):
        found = _bindings(text, hit.end(), budget, function)
        gives = _GIVES.match(text, found.end) if found is not None else None
        if found is None or gives is None:
            continue
        for example in _judged(text, function, found, Span(hit.start(), gives.end()), budget):
            if _LINE_END.match(text, example.span.end):
                yield example


def _bindings(text: str, start: int, budget: Budget, function: FunctionSignature) -> Bindings | None:
    """
    Read ``a = 1, b = [2]``, ``a 1 and b [2]`` or plain literals; None when there is none of them.

    None, too, when there are more than *function* takes: a list of numbers would be read anew from each line of it.
    """
    parameters = {p.name for p in function.parameters}
    most = sum(p.kind == "positional" for p in function.parameters)
    names: list[str] = []
    values: list[object] = []
    position = start
    while len(values) <= min(most, _MAX_BINDINGS) and budget.spend():
        binding = _BINDING.match(text, position) or _APPOSED.match(text, position)
        if binding and binding.re is _APPOSED and binding.group(1) not in parameters:
            break
        if binding and binding.group(1).lower() in _RESULT_NAMES:
            break
        place = binding.end() if binding else position + (text[position : position + 1] == "`")
        literal = literal_at(text, place, budget)
        if literal is None:
            break
        try:
            values.append(read_literal(literal[0]))
        except ValueError:
            break
        names.append(binding.group(1) if binding else "")
        end = position = literal[1]
        separator = _BETWEEN.match(text, position)
        if separator is None or not separator.group():
            break
        position = separator.end()
    return Bindings(tuple(names), tuple(values), end) if 0 < len(values) <= most else None


def _judged(
    text: str, function: FunctionSignature, found: Bindings, place: Span, budget: Budget
) -> Iterable[SpecExample]:
    literal = literal_at(text, place.end, budget)
    if literal is None or is_amount(text, *literal):
        return
    try:
        expected = read_literal(literal[0])
    except ValueError:
        return
    example = bound_example(function, found, expected, None, Span(place.start, literal[1]))
    if example is not None:
        yield example


def bound_example(
    function: FunctionSignature, found: Bindings, expected: object, raises: str | None, span: Span
) -> SpecExample | None:
    """Put the values in the order of the parameters; None when they are not as many as the function takes."""
    parameters = [p for p in function.parameters if p.kind == "positional"]
    required = sum(1 for p in parameters if p.default is None)
    if not required <= len(found.values) <= len(parameters) or not found.values:
        return None
    values = list(found.values)
    order = [p.name for p in parameters[: len(values)]]
    if set(found.names) == set(order):
        values = [found.values[found.names.index(name)] for name in order]
    elif {*found.names} & {p.name for p in parameters}:
        return None
    call = f"{function.name}({', '.join(repr(value) for value in values)})"
    return SpecExample(call, function.name, tuple(values), {}, expected, raises, span)
