"""Tests for ``node --test`` written from a specification, and calls read from a candidate's own tests."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence

from apps.core.javascript import source_of
from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.specification.javascript import test_examples
from apps.generation.engine.specification.literals import Budget
from apps.generation.engine.specification.model import SpecExample, Specification
from apps.generation.engine.testgen import calls_of_examples, criteria_shown_by

TOLERANCE = 1e-9
_BUILT_IN_ERRORS = frozenset(
    {"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "AggregateError"}
)
# Whether an error calls itself so, or is an instance of a class of that name.
_INSTANCE = (
    "{{ for (let at = error; at; at = Object.getPrototypeOf(at)) "
    "if ([at.name, at.constructor?.name].includes({name})) return true; return false; }}"
)


def tests_from_specification(spec: Specification, module: str) -> str:
    """
    Return a file of tests with one test for each example, "" when there is no example of the entry.

    Each test names the requirements whose words its example shares, so that a trace matrix can be made from it.

    :param module: how the tests import the entry, such as ``../src/slug.mjs``.
    """
    declared = {f.name for f in spec.functions if not f.is_method} | {c.name for c in spec.classes} | {spec.entry}
    examples = [example for example in spec.examples if example.function in declared]
    if not examples or spec.entry is None:
        return ""
    is_async = _is_async(spec)
    titles: set[str] = set()
    tests = [_test(example, spec, titles, is_async=is_async) for example in examples]
    used = sorted({spec.entry, *(name for name in declared if name and _uses(examples, name))})
    head = (
        f"// What {_in_comment(spec.title or spec.entry)} must do, example by example.\n"
        'import assert from "node:assert/strict";\nimport test from "node:test";\n\n'
        f"import {{ {', '.join(used)} }} from {json.dumps(module)};\n"
    )
    return head + "".join(f"\n{one}" for one in tests)


def _is_async(spec: Specification) -> bool:
    source = spec.entry_signature.source if spec.entry_signature else ""
    return source.startswith("async ") or "Promise<" in source


def _uses(examples: Sequence[SpecExample], name: str) -> bool:
    text = "\n".join("\n".join((*example.steps, example.call)) for example in examples)
    return re.search(rf"(?<![\w$.]){re.escape(name)}[(.]", text) is not None


def _in_comment(text: str) -> str:
    return " ".join(text.split())


def _test(example: SpecExample, spec: Specification, titles: set[str], *, is_async: bool) -> str:
    ids = ", ".join(criterion.id for criterion in criteria_shown_by(example, spec.criteria))
    title = _title(f"{ids}: {_sentence(example)}" if ids else _sentence(example), titles)
    lines = [f"{step};" for step in example.steps]
    lines.append(_throwing(example, is_async=is_async) if example.raises else _equal(example, is_async=is_async))
    body = "".join(f"  {line}\n" for step in lines for line in step.splitlines())
    return f"test({json.dumps(title, ensure_ascii=False)}, {'async ' if is_async else ''}() => {{\n{body}}});\n"


def _title(text: str, titles: set[str]) -> str:
    shown = " ".join(text.split())[:160]
    title, number = shown, 2
    while title in titles:
        title, number = f"{shown} ({number})", number + 1
    titles.add(title)
    return title


def _sentence(example: SpecExample) -> str:
    outcome = f"throws {example.raises}" if example.raises else f"gives {source_of(example.expected)}"
    return f"{example.call} {outcome}"


def _equal(example: SpecExample, *, is_async: bool) -> str:
    call = f"await {example.call}" if is_async else example.call
    expected = example.expected
    if isinstance(expected, float) and math.isfinite(expected) and expected % 1:
        return f"assert.ok(Math.abs({call} - {source_of(example.expected)}) <= {TOLERANCE});"
    return f"assert.deepEqual({call}, {source_of(example.expected)});"


def _throwing(example: SpecExample, *, is_async: bool) -> str:
    name = example.raises or "Error"
    matcher = name
    if name not in _BUILT_IN_ERRORS:
        matcher = f"(error) => {_INSTANCE.format(name=json.dumps(name))}"
    if is_async:
        return f"await assert.rejects(async () => {example.call}, {matcher});"
    return f"assert.throws(() => {example.call}, {matcher});"


def test_titles(source: str) -> tuple[str, ...]:
    """Return the names of the tests that a file written here declares."""
    return tuple(json.loads(found) for found in re.findall(r'^test\(("(?:[^"\\\n]|\\.)*"),', source, re.MULTILINE))


def calls_from_tests(source: str, entry: str | None) -> tuple[PoolInput, ...]:
    """
    Return the calls with literal arguments and expectations that a file of generated tests makes.

    Understood: ``assert.strictEqual(f(1), 2)`` and its kin, ``assert.throws(() => f(0), E)``, ``expect(f(1)).toBe(2)``,
    ``expect(() => f(0)).toThrow(E)``. Each input is given once; of contradicting expectations the more frequent wins.
    """
    return calls_of_examples(test_examples(source, Budget()), entry)
