"""Examples out of a text: doctest, ``assert``, ``f(2) -> 3``, ``f(2) == 3``, "f(2) returns 3", "raises ValueError"."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from apps.generation.engine.specification.asserted import judged_condition
from apps.generation.engine.specification.doctests import doctest_examples, doctest_spans
from apps.generation.engine.specification.listings import listed_examples
from apps.generation.engine.specification.literals import Budget, balanced_end, is_amount, literal_at, read_literal
from apps.generation.engine.specification.method_tables import method_table_examples
from apps.generation.engine.specification.model import FunctionSignature, Span, SpecExample
from apps.generation.engine.specification.prose_examples import prose_examples
from apps.generation.engine.specification.sessions import call_parts, input_of, session_example
from apps.generation.engine.specification.slips import renamed, with_tuples_of_one, without_terms
from apps.generation.engine.specification.statements import statement_examples
from apps.generation.engine.specification.syntax import parsed
from apps.generation.engine.specification.tables import table_examples
from apps.generation.engine.specification.turned_examples import turned_examples
from apps.generation.engine.specification.worked_examples import worked_examples

MAX_EXAMPLES = 200
_CALL = re.compile(r"(?<![\w.])(?!def\b|class\b|assert\b|print\b)([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*(?=\()")
_TAIL = re.compile(r"\.[A-Za-z_]\w*(?=\()|\.[A-Za-z_]\w*|(?=\[)")
_CONNECTOR = re.compile(
    r"""[ \t`'"]*+(?:\#[ \t]*+)?(?:
        (?:is[ \t]+called[ \t]*+)?,?\s*+[Tt]hen[ \t]+(?:it|the[ \t]+(?:result|output|answer|function|value))[ \t]+
            (?:should[ \t]+)?(?:be|is|returns?|equals?)|
        ->|=>|==>|➞|→|⇒|⟶|--?>|={2,3}|\bis\b|=|
        (?:(?:should|must|shall|will|would)\s+)?(?:returns?|give[s]?|yields?|evaluates?\s+to|equals?|
            produces?|outputs?|be\s+equal\s+to|be|becomes?|result[s]?\s+in)(?:\s+(?:equal\s+to|exactly|the\s+value|be))?
    )[ \t]*+\n?[ \t`]*+""",
    re.VERBOSE,
)
_RAISES = re.compile(
    r"""[ \t`'",]*+(?:\#[ \t]*+)?(?:->|=>|➞|→|==)?[ \t]*+(?:(?:should|must|shall|will)\s+)?
        (?:raises?|throws?|fails?\s+with|is\s+rejected\s+with)\s+(?:an?\s+)?[`'"]?([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Iteration|[A-Za-z]*))""",
    re.VERBOSE,
)
_ERROR_ALONE = re.compile(r"[ \t`'\"]*+(?:(?:->|=>|==>|➞|→|⇒)[ \t`]*+|#[ \t]*+)([A-Z]\w*(?:Error|Exception))\b")
_COMMENT_OR_COLON = re.compile(r"\)?[ \t`]*+(?:\#[ \t]*+(?:prints[ \t]+|Output:[ \t]*+|Out:[ \t]*+)?|:[ \t]+)[`]?")
_ASSERTED_EQUAL = re.compile(r"\b(?:assert_?[eE]qual|assertIs|expect)\([ \t]*+(?=[A-Za-z_])")
_EQUAL_TO = re.compile(r"[ \t]*+(?:,|\)\.(?:toBe|toEqual|toStrictEqual|to\.(?:be|equal|eql))\()[ \t]*+")
_REST_OF_LINE = re.compile(r"[ \t]*+(?:[`.][ \t]*+)?(?:$|#|\(|- )", re.MULTILINE)
_PYTEST_RAISES = re.compile(r"raises\(\s*([A-Za-z_][\w.]*)[^)\n]*\)[^\n]*:\s*")
_ASSERT = re.compile(r"(?m)(?<!\w)assert[ \t]+")
_OPERATOR_AFTER = re.compile(r"[ \t]*+(?:[-+*/%<>|&^]|\band\b|\bor\b|\bif\b|\bin\b|\bfor\b|==|!=)(?!>)")
_GLUED = re.compile(r"(?!'\'\'|\"\"\")[\w'\"]")
_WORKED_OUT = re.compile(r"[ \t\d.+*/%()-]+=[ \t]*+(-?\d+(?:\.\d+)?)[ \t]*+$", re.MULTILINE)
_COST_OF_PARSING = 40
_LONGEST_TUPLE = 200
_SENTENCE_GOES_ON = re.compile(r"[ \t]*+and[ \t]+[A-Za-z_`]")
_ARROW_AFTER = re.compile(r"[ \t]*+->")


def examples_in(
    text: str,
    *,
    functions: Sequence[FunctionSignature],
    names: Sequence[str],
    classes: Sequence[str],
    budget: Budget,
    plain: Collection[str] = (),
    tested: Sequence[SpecExample] = (),
) -> tuple[SpecExample, ...]:
    """
    Return the examples in reading order, each call once.

    :param functions: functions that the text declares with their parameters; examples in prose are about the last.
    :param names: functions that examples may call; when there is none, the function that is called most counts.
    :param classes: classes that the text declares.
    :param plain: those of *classes* that may be made without arguments.
    :param tested: what tests and scripts in the text assert.
    """
    found = [*tested, *doctest_examples(text, frozenset(classes))]
    taken = (*doctest_spans(text), *(one.span for one in tested))
    told = [*statement_examples(text, {*names, *classes}, outcome_at, budget)]
    found += _outside(taken, told)
    taken = (*taken, *(one.span for one in told))
    for reader in (_pytest_raises, _asserts, _asserted_equal, _calls, listed_examples):
        found += _outside(taken, islice(reader(text, frozenset(classes), budget), MAX_EXAMPLES))
    spans = [*taken, *(one.span for one in found)]
    found += _outside(spans, islice(method_table_examples(text, classes, plain, budget), MAX_EXAMPLES))
    found.sort(key=lambda example: (example.span.start, example.span.end))
    chosen = _relevant(found, [*names, *classes]) or renamed(found, functions)
    if functions and not classes:
        spans = [*taken, *(example.span for example in chosen)]
        chosen += _outside(spans, prose_examples(text, functions[-1], budget))
        spans += [example.span for example in chosen]
        chosen += _outside(spans, islice(turned_examples(text, functions[-1], budget), MAX_EXAMPLES))
        chosen += _outside(spans, islice(table_examples(text, functions[-1]), MAX_EXAMPLES))
        spans += [example.span for example in chosen]
        chosen += _outside(spans, islice(worked_examples(text, functions[-1], budget), MAX_EXAMPLES))
    chosen.sort(key=lambda example: (example.span.start, example.span.end))
    return _unique(without_terms(text, with_tuples_of_one(text, chosen)))[:MAX_EXAMPLES]


def _outside(taken: Sequence[Span], examples: Iterable[SpecExample]) -> list[SpecExample]:
    return [e for e in examples if not any(span.start <= e.span.start < span.end for span in taken)]


def _relevant(found: Sequence[SpecExample], names: Sequence[str]) -> list[SpecExample]:
    if not names:
        counts = Counter(e.function for e in found if not hasattr(builtins, e.function))
        if not counts:
            return []
        most = max(counts.values())
        names = [next(e.function for e in found if counts.get(e.function) == most)]
    return [example for example in found if example.function in names]


def _unique(found: Sequence[SpecExample]) -> tuple[SpecExample, ...]:
    """Keep one of examples that say the same, and both of two that contradict each other."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for example in found:
        key = (input_of(example), repr(example.expected), example.raises)
        if key not in seen:
            seen.add(key)
            kept.append(example)
    return tuple(kept)


def _calls(text: str, classes: frozenset[str], budget: Budget) -> Iterable[SpecExample]:
    position = 0
    while True:
        hit = _CALL.search(text, position)
        if hit is None or not budget.spend():
            return
        position = hit.end()
        end = _expression_end(text, hit.end(), budget)
        if end is None:
            continue
        example = _judged(text, hit.start(), end, classes, budget)
        if example is not None:
            position = example.span.end
            yield example


def _expression_end(text: str, bracket: int, budget: Budget) -> int | None:
    """Return the end of ``name(...)`` with its tail of ``.method(...)`` and ``[index]``."""
    end = balanced_end(text, bracket, budget)
    while end is not None:
        tail = _TAIL.match(text, end)
        if tail is None:
            return end
        if text[tail.end() : tail.end() + 1] in ("(", "["):
            further = balanced_end(text, tail.end(), budget)
            if further is None:
                return end
            end = further
        else:
            end = tail.end()
    return None


def _judged(text: str, start: int, end: int, classes: frozenset[str], budget: Budget) -> SpecExample | None:
    outcome = outcome_at(text, end, budget)
    if outcome is None:
        return None
    expected, raises, stop = outcome
    return example_from(text[start:end], expected, raises, Span(start, stop), classes)


def outcome_at(text: str, end: int, budget: Budget) -> tuple[object, str | None, int] | None:
    """Return (value, exception, position behind) of what is said to come of the expression there, None for nothing."""
    raises = _RAISES.match(text, end) or _ERROR_ALONE.match(text, end)
    if raises is not None:
        return None, raises.group(1), raises.end()
    connector = _CONNECTOR.match(text, end)
    if connector is None or not connector.group().strip(" \t`'\"#\n"):
        return _noted(text, end, budget)
    literal = literal_at(text, connector.end(), budget)
    if literal is None:
        return None
    source, stop = literal
    source, stop = _bare_tuple(text, source, stop, connector.group(), budget)
    if _GLUED.match(text, stop):
        return None
    is_worded = connector.group().strip(" `")[:1].isalpha()
    if is_worded and is_amount(text, source, stop):
        return None
    goes_on = is_worded and _SENTENCE_GOES_ON.match(text, stop)
    if _OPERATOR_AFTER.match(text, stop) and not _ARROW_AFTER.match(text, stop) and not goes_on:
        worked = _WORKED_OUT.match(text, stop)
        if worked is None:
            return None
        source, stop = worked.group(1), worked.end()
    try:
        return read_literal(source), None, stop
    except ValueError:
        return None


def _noted(text: str, end: int, budget: Budget) -> tuple[object, str | None, int] | None:
    """``f(2)  # 3`` and ``f(2): 3``, where nothing but the outcome follows on the line."""
    mark = _COMMENT_OR_COLON.match(text, end)
    literal = literal_at(text, mark.end(), budget) if mark is not None else None
    if literal is None or not _REST_OF_LINE.match(text, literal[1]):
        return None
    try:
        return read_literal(literal[0]), None, literal[1]
    except ValueError:
        return None


def _bare_tuple(text: str, source: str, stop: int, connector: str, budget: Budget) -> tuple[str, int]:
    """``f(4) -> 2, 2`` at the end of a line means a tuple; in a sentence the comma is a comma."""
    if not connector.strip().startswith(("-", "=", "➞", "→", "⇒")):
        return source, stop
    end_of_line = text.find("\n", stop)
    end_of_line = end_of_line if end_of_line >= 0 else len(text)
    rest = text[stop:end_of_line].strip() if end_of_line - stop <= _LONGEST_TUPLE else ""
    if rest.startswith(",") and budget.spend():
        whole = f"{source}{rest.rstrip('`. ')}"
        try:
            read_literal(whole)
        except ValueError:
            return source, stop
        return whole, end_of_line
    return source, stop


def example_from(
    expression: str,
    expected: object,
    raises: str | None,
    span: Span,
    classes: frozenset[str],
    steps: Sequence[str] = (),
) -> SpecExample | None:
    """Return a plain example when *expression* is one call with literal arguments, else a session, else None."""
    parts = call_parts(expression)
    if parts is not None and not steps and parts.function not in classes:
        return SpecExample(expression.strip(), parts.function, parts.args, parts.kwargs, expected, raises, span)
    return session_example(expression, expected, raises, span, steps)


def _asserts(text: str, classes: frozenset[str], budget: Budget) -> Iterable[SpecExample]:
    for hit in _ASSERT.finditer(text):
        if not budget.spend():
            return
        statement = _statement_at(text, hit.start(), budget)
        if statement is None:
            continue
        node, end = statement
        expression, expected = judged_condition(node.test)
        example = example_from(expression, expected, None, Span(hit.start(), end), classes)
        if example is not None:
            yield example


def _statement_at(text: str, start: int, budget: Budget) -> tuple[ast.Assert, int] | None:
    end = start
    for _ in range(12):
        budget.left -= _COST_OF_PARSING
        newline = text.find("\n", end)
        end = len(text) if newline < 0 else newline
        source = text[start:end].strip().rstrip("`").strip()
        try:
            node = parsed(source).body[0]
        except ValueError:
            if newline < 0:
                return None
            end = newline + 1
            continue
        return (node, end) if isinstance(node, ast.Assert) else None
    return None


def _asserted_equal(text: str, classes: frozenset[str], budget: Budget) -> Iterable[SpecExample]:
    """``assertEqual(f(2), 3)`` and ``expect(f(2)).toBe(3)``."""
    for hit in _ASSERTED_EQUAL.finditer(text):
        call = _CALL.match(text, hit.end())
        end = _expression_end(text, call.end(), budget) if call else None
        equal = _EQUAL_TO.match(text, end) if end is not None else None
        literal = literal_at(text, equal.end(), budget) if equal is not None else None
        if end is None or literal is None:
            continue
        try:
            expected = read_literal(literal[0])
        except ValueError:
            continue
        example = example_from(text[hit.end() : end], expected, None, Span(hit.start(), literal[1]), classes)
        if example is not None:
            yield example


def _pytest_raises(text: str, classes: frozenset[str], budget: Budget) -> Iterable[SpecExample]:
    for hit in _PYTEST_RAISES.finditer(text):
        call = _CALL.match(text, hit.end())
        end = _expression_end(text, call.end(), budget) if call else None
        if end is not None:
            example = example_from(text[hit.end() : end], None, hit.group(1), Span(hit.start(), end), classes)
            if example is not None:
                yield example
