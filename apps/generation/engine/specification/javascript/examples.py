"""Examples of JavaScript in a text: ``f(2) // 3``, ``f(2) === 3``, ``expect(f(2)).toBe(3)``, ``assert``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from apps.core.javascript.trees import fault_of, parse, text_of, walk
from apps.core.javascript.values import NotALiteral, literal_value, value_of
from apps.generation.engine.specification.javascript.sessions import chain_examples, session_examples
from apps.generation.engine.specification.literals import Budget, balanced_end, string_end
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample
from apps.generation.engine.specification.prose_examples import prose_examples
from apps.generation.engine.specification.tables import table_examples

MAX_EXAMPLES = 200
_NAME = r"[A-Za-z_$][\w$]*"
_CALL = re.compile(
    rf"(?<![\w$.])(?!function\b|class\b|if\b|for\b|while\b|switch\b|return\b)(?:await\s+)?({_NAME})(?=\()"
)
_EXPECT = re.compile(r"\bexpect\(\s*(?:async\s*)?(?:\(\)\s*=>\s*)?(?=[A-Za-z_$])")
_MATCHER = re.compile(r"\s*\)\s*\.(?:resolves\.)?(?:toBe|toEqual|toStrictEqual|to\.(?:be|equal|eql|deep\.equal))\(\s*")
_THROWS = re.compile(rf"\s*\)\s*\.(?:rejects\.)?toThrow(?:Error)?\(\s*({_NAME})\s*\)")
_ASSERT = re.compile(r"\bassert\.(?:strictEqual|deepStrictEqual|equal|deepEqual|is|same)\(\s*(?=[A-Za-z_$])")
_ASSERT_THROWS = re.compile(r"\bassert\.(?:throws|rejects)\(\s*(?:async\s*)?\(\)\s*=>\s*(?=[A-Za-z_$])")
_SECOND = re.compile(r"\s*,\s*")
_THROWN = re.compile(rf"\s*,\s*({_NAME})\s*\)")
# Possessive: runs of blanks between parts that may all be missing cost the fourth power of their length otherwise.
_CONNECTOR = re.compile(
    r"""[ \t]*+[`'"]?[ \t]*+;?[ \t]*+(?:
        //[ \t]*+(?:->|=>|→|⇒|➞|==+|returns?|gives|is|yields)?|/\*[ \t]*+(?:->|=>)?|
        ->|=>|→|⇒|➞|===?|={1}(?!=)|
        (?:(?:should|must|will)[ \t]+)?
          (?:returns?|gives?|yields?|equals?|is|be|(?:evaluates|resolves)[ \t]+to|results?[ \t]+in)
          (?:[ \t]+(?:exactly|the[ \t]+value))?
    )[ \t]*+`?[ \t]*+""",
    re.VERBOSE,
)
_RAISES = re.compile(
    r"""[ \t]*+[`'"]?[ \t]*+;?[ \t]*+(?://[ \t]*+)?(?:->|=>|→)?[ \t]*+
        (?:(?:should|must|will)[ \t]+)?(?:throws?|raises?|(?:rejects?|fails)[ \t]+with)
        [ \t]+(?:an?[ \t]+)?[`'"]?([A-Z]\w*)""",
    re.VERBOSE,
)
_AFTER = re.compile(r"[ \t]*(?:[-+*/%<>|&^?]|\bof\b)(?![/>])")
_COUNTED = re.compile(r"[ \t](?!(?:and|but|because|since|as|for|while|not|then|so|which|or|if|when|in)\b)[a-z]")
_PROSE = re.compile(r"[`'\" \t]*[a-z]")
_BARE = re.compile(
    r"[+-]?(?:0[xob][0-9a-fA-F_]+n?|(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?n?|Infinity\b|NaN\b)"
    r"|(?:true|false|null|undefined)\b"
)
_NEW = re.compile(r"new[ \t]+[A-Z]\w*(?=\()")
_REGEX = re.compile(r"/(?![*/ ])(?:\\.|[^/\\\n])+/[a-z]*")


def javascript_examples(
    text: str, *, functions: Sequence[FunctionSignature], names: Sequence[str], classes: Sequence[str], budget: Budget
) -> tuple[SpecExample, ...]:
    """
    Return the examples in reading order, each call once.

    :param functions: functions that the text declares with their parameters; tables and prose are about the last.
    :param names: functions that examples may call; when there is none, the function that is called most counts.
    :param classes: classes that the text declares, which examples exercise in sessions.
    """
    found: list[SpecExample] = []
    readers = (
        session_examples(text, classes),
        chain_examples(text, classes, outcome_at, budget),
        _expected(text, budget),
        _asserted(text, budget),
        _calls(text, budget),
    )
    for reader in readers:
        taken = [example.span for example in found]
        found += [
            example
            for example in islice(reader, MAX_EXAMPLES)
            if not any(span.start <= example.span.start < span.end for span in taken)
        ]
    chosen = _relevant(found, [*names, *classes])
    if functions and not classes:
        taken = [example.span for example in chosen]
        further = (
            *islice(table_examples(text, functions[-1]), MAX_EXAMPLES),
            *prose_examples(text, functions[-1], budget),
        )
        chosen += [e for e in further if not any(s.start <= e.span.start < s.end for s in taken)]
    chosen.sort(key=lambda example: (example.span.start, example.span.end))
    return _unique(chosen)[:MAX_EXAMPLES]


def test_examples(source: str, budget: Budget) -> list[SpecExample]:
    """Return the calls that a file of tests judges, in whichever of the usual ways it does."""
    return [*_expected(source, budget), *_asserted(source, budget)]


def _relevant(found: Sequence[SpecExample], names: Sequence[str]) -> list[SpecExample]:
    if not names:
        counts = Counter(example.function for example in found)
        names = [max(counts, key=lambda name: counts[name])] if counts else []
    return [example for example in found if example.function in names]


def _unique(found: Sequence[SpecExample]) -> tuple[SpecExample, ...]:
    """Keep one of examples that say the same, and both of two that contradict each other."""
    kept = {_key(example): example for example in reversed(found)}
    return tuple(sorted(kept.values(), key=lambda example: (example.span.start, example.span.end)))


def _key(one: SpecExample) -> tuple[object, ...]:
    return repr(one.args), one.steps, one.call if one.steps else one.function, repr(one.expected), one.raises


def call_of(expression: str) -> tuple[str, tuple[object, ...]] | None:
    """Return the name and the arguments of ``f(1, [2])`` or ``await f(1)``, None for anything else."""
    wrapped = f"async () => ({expression}\n)"
    if fault_of(wrapped) is not None:
        return None
    arrow = next((node for node in walk(parse(wrapped)) if node.type == "arrow_function"), None)
    body = arrow.child_by_field_name("body") if arrow is not None else None
    node = body.named_children[0] if body is not None and body.named_children else None
    if node is not None and node.type == "await_expression":
        node = node.named_children[0]
    if node is None or node.type != "call_expression":
        return None
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or given is None or function.type != "identifier" or given.type != "arguments":
        return None
    try:
        return text_of(function), tuple(value_of(one) for one in given.named_children if one.type != "comment")
    except NotALiteral:
        return None


def _example(expression: str, expected: object, raises: str | None, span: Span) -> SpecExample | None:
    parts = call_of(expression)
    if parts is None:
        return None
    written = re.sub(r"^await\s+", "", expression.strip())
    return SpecExample(written, parts[0], parts[1], {}, None if raises else expected, raises, span)


def literal_at(text: str, start: int, budget: Budget) -> tuple[str, int] | None:
    """Return the source of the literal that begins at *start* and the position after it, None when there is none."""
    character = text[start : start + 1]
    end: int | None = None
    if character and character in "[{(":
        end = balanced_end(text, start, budget)
    elif character and character in "'\"":
        end = string_end(text, start)
    elif character == "`":
        closing = text.find("`", start + 1)
        end = closing + 1 if closing > 0 else None
    elif (made := _NEW.match(text, start)) is not None:
        end = balanced_end(text, made.end(), budget)
    else:
        bare = _BARE.match(text, start) or _REGEX.match(text, start)
        end = bare.end() if bare else None
    return None if end is None else (text[start:end], end)


def _value_at(text: str, start: int, budget: Budget) -> tuple[object, int] | None:
    literal = literal_at(text, start, budget)
    if literal is None or re.match(r"[\w$'\"]", text[literal[1] : literal[1] + 1]):
        return None
    try:
        return literal_value(literal[0]), literal[1]
    except NotALiteral:
        return None


def _calls(text: str, budget: Budget) -> Iterable[SpecExample]:
    position = 0
    while (hit := _CALL.search(text, position)) is not None and budget.spend():
        position = hit.end()
        end = balanced_end(text, hit.end(), budget)
        example = _judged(text, hit.start(), end, budget) if end is not None else None
        if example is not None:
            position = example.span.end
            yield example


def _judged(text: str, start: int, end: int, budget: Budget) -> SpecExample | None:
    outcome = outcome_at(text, end, budget)
    return _example(text[start:end], outcome[0], outcome[1], Span(start, outcome[2])) if outcome is not None else None


def outcome_at(text: str, end: int, budget: Budget) -> tuple[object, str | None, int] | None:
    """Return (value, error, position behind) of what is said to come of the expression that ends there."""
    thrown = _RAISES.match(text, end)
    if thrown is not None:
        return None, thrown.group(1), thrown.end()
    connector = _CONNECTOR.match(text, end)
    value = _value_at(text, connector.end(), budget) if connector is not None else None
    if connector is None or value is None:
        return None
    if _AFTER.match(text, value[1]):
        return None
    if _PROSE.match(connector.group()) and isinstance(value[0], (int, float)) and _COUNTED.match(text, value[1]):
        return None
    return value[0], None, value[1]


def _expected(text: str, budget: Budget) -> Iterable[SpecExample]:
    """``expect(f(2)).toBe(3)`` and ``expect(() => f(0)).toThrow(RangeError)``."""
    for hit in _EXPECT.finditer(text):
        call = _CALL.match(text, hit.end())
        end = balanced_end(text, call.end(), budget) if call else None
        if end is None:
            continue
        thrown, matcher = _THROWS.match(text, end), _MATCHER.match(text, end)
        value = _value_at(text, matcher.end(), budget) if matcher else None
        example = None
        if thrown is not None:
            example = _example(text[hit.end() : end], None, thrown.group(1), Span(hit.start(), thrown.end()))
        elif value is not None:
            example = _example(text[hit.end() : end], value[0], None, Span(hit.start(), value[1]))
        if example is not None:
            yield example


def _asserted(text: str, budget: Budget) -> Iterable[SpecExample]:
    """``assert.strictEqual(f(2), 3)`` and ``assert.throws(() => f(0), RangeError)``."""
    for pattern in (_ASSERT, _ASSERT_THROWS):
        for hit in pattern.finditer(text):
            call = _CALL.match(text, hit.end())
            end = balanced_end(text, call.end(), budget) if call else None
            if end is None:
                continue
            example = None
            if pattern is _ASSERT_THROWS:
                thrown = _THROWN.match(text, end)  # which error is meant has to be said
                if thrown is not None:
                    span = Span(hit.start(), thrown.end())
                    example = _example(text[hit.end() : end], None, thrown.group(1), span)
            elif (comma := _SECOND.match(text, end)) and (value := _value_at(text, comma.end(), budget)):
                example = _example(text[hit.end() : end], value[0], None, Span(hit.start(), value[1]))
            if example is not None:
                yield example
