"""Tests written from a specification, and calls read from a candidate's own tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, call_input_of, input_key
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.source.syntax import parsed
from apps.generation.engine.specification.asserted import judged_condition
from apps.generation.engine.specification.examples import example_from
from apps.generation.engine.specification.model import Criterion, Span, SpecExample, Specification
from apps.generation.engine.specification.sessions import relevant_steps
from apps.generation.engine.values import Unrepresentable

MAX_CALLS = 200
_WORDS = re.compile(r"[A-Za-z0-9]+")


def example_inputs(spec: Specification) -> tuple[PoolInput, ...]:
    """Return the person's examples of what is to be written as inputs with their expectations."""
    return tuple(item for item, _ in example_functions(spec))


def example_functions(spec: Specification) -> tuple[tuple[PoolInput, str], ...]:
    """
    Return the person's examples as inputs, each with the function or class that it is an example of.

    Those of the entry are calls; those of another function that the text declares are sessions, which any name can be
    called in. Of what the text does not declare, nobody is asked to write anything.
    """
    declared = _declared(spec)
    return tuple(
        (PoolInput(example_input(example, spec), InputOrigin.EXAMPLE, Expected(example.expected, example.raises)), name)
        for example in spec.examples
        if (name := example.function) in declared
    )


def _declared(spec: Specification) -> frozenset[str]:
    names = {one.name for one in spec.functions if not one.is_method} | {one.name for one in spec.classes}
    return frozenset(names | ({spec.entry} if spec.entry else set()))


def example_input(example: SpecExample, spec: Specification) -> CallInput:
    """Return the input that candidates are run on for an example: a call of the entry, or else a session."""
    if example.function == spec.entry:
        return call_input_of(example)
    return CallInput(steps=example.steps, expression=example.call)


def tests_from_specification(spec: Specification, module: str) -> str:
    """
    Return a pytest module with one test for each example, "" when there is no example of the entry.

    Each docstring names the requirements whose words the example shares, so that a trace matrix can be made from it.

    :param module: the dotted path to import the entry from.
    """
    declared = _declared(spec)
    examples = [example for example in spec.examples if example.function in declared]
    if not examples or spec.entry is None:
        return ""
    names: set[str] = set()
    tests = [_test(example, spec, names) for example in examples]
    used = sorted({spec.entry, *_other_names(examples, spec)})
    needs_pytest = any(example.raises or _holds_float(example.expected) for example in examples)
    needs_math = any("math.inf" in test or "math.nan" in test for test in tests)
    imports = "".join(
        ("import math\n" if needs_math else "", "import pytest\n\n" if needs_pytest else "\n" * needs_math)
    )
    head = f'"""What {spec.title or spec.entry} must do, example by example."""\n\n'
    return f"{head}{imports}from {module} import {', '.join(used)}\n\n\n" + "\n\n".join(tests)


def _other_names(examples: Sequence[SpecExample], spec: Specification) -> set[str]:
    """Other declared functions and classes that the sessions use."""
    declared = {f.name for f in spec.functions if not f.is_method} | {c.name for c in spec.classes}
    text = "\n".join("\n".join((*example.steps, example.call)) for example in examples)
    return {name for name in declared if re.search(rf"\b{re.escape(name)}\(", text)}


def _test(example: SpecExample, spec: Specification, names: set[str]) -> str:
    name = _unique_name(example, names)
    ids = ", ".join(criterion.id for criterion in criteria_shown_by(example, spec.criteria))
    docstring = f'    """{ids + ": " if ids else ""}{_sentence(example)}"""\n'
    lines = [line for step in example.steps for line in step.splitlines()]
    if example.raises:
        lines += [f"with pytest.raises({example.raises}):", f"    {example.call}"]
    else:
        lines.append(_assertion(example))
    return f"def {name}() -> None:\n{docstring}" + "".join(f"    {line}\n" for line in lines)


def _assertion(example: SpecExample) -> str:
    if example.expected is None or isinstance(example.expected, bool):
        return f"assert {example.call} is {example.expected}"
    if _holds_float(example.expected):
        return f"assert {example.call} == pytest.approx({literal_source(example.expected)}, nan_ok=True)"
    return f"assert {example.call} == {literal_source(example.expected)}"


def literal_source(value: object) -> str:
    """Return Python source of a plain value; infinities and NaN are written with ``math``."""
    if isinstance(value, float) and value != value:
        return "math.nan"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "math.inf" if value > 0 else "-math.inf"
    if isinstance(value, list):
        return f"[{', '.join(literal_source(item) for item in value)}]"
    if isinstance(value, tuple):
        return f"({', '.join(literal_source(item) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal_source(k)}: {literal_source(v)}' for k, v in value.items())}}}"
    if isinstance(value, set) and value:
        return f"{{{', '.join(sorted(literal_source(item) for item in value))}}}"
    return repr(value)


def _holds_float(value: object) -> bool:
    """Whether ``pytest.approx`` is needed and can take it: a float, or a flat collection with one."""
    if isinstance(value, float):
        return True
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return any(isinstance(i, float) for i in items) and all(isinstance(i, (int, float)) for i in items)


def _unique_name(example: SpecExample, names: set[str]) -> str:
    outcome = f"raises {example.raises}" if example.raises else f"gives {example.expected!r}"
    words = _WORDS.findall(
        f"{example.call} {outcome}".replace("-", " minus ").replace("''", " empty ").replace("[]", " empty ")
    )
    stem = "test_" + "_".join(words).lower()[:60].strip("_")
    name, number = stem, 2
    while name in names:
        name, number = f"{stem}_{number}", number + 1
    names.add(name)
    return name


def _sentence(example: SpecExample) -> str:
    outcome = f"raises {example.raises}" if example.raises else f"gives {literal_source(example.expected)}"
    sentence = " ".join(f"{example.call} {outcome}.".split())
    if len(sentence) > 100 or '"' in sentence or "\\" in sentence:
        outcome = f"raises {example.raises}" if example.raises else "returns a value"
        return f"An example of {example.function} that {outcome}."
    return sentence


def criteria_shown_by(example: SpecExample, criteria: Sequence[Criterion]) -> list[Criterion]:
    """
    Return the criteria that an example seems to show: those that name its exception, else one of its values.

    A guess by words, for a reader to correct; criteria without a match stay visible as holes.
    """
    if example.raises:
        return [c for c in criteria if example.raises in c.text]
    values = [example.expected, *example.args, *example.kwargs.values()]
    marks = {repr(value) for value in values if value is not None and not isinstance(value, (dict, set))}
    is_empty = any(value in ("", [], (), {}) for value in values)
    return [
        criterion
        for criterion in criteria
        if any(re.search(rf"(?<![\w.]){re.escape(mark)}(?!\w|\.\w)", criterion.text) for mark in marks)
        or (is_empty and re.search(r"\bempty\b", criterion.text, re.IGNORECASE))
    ]


def calls_from_tests(source: str, entry: str | None = None) -> tuple[PoolInput, ...]:
    """
    Return the calls with literal arguments and expectations that a generated test module makes.

    Understood: ``assert f(1) == 2`` and other conditions on a call, ``with pytest.raises(E): f(0)``,
    ``self.assertEqual(f(1), 2)``, rows of ``pytest.mark.parametrize`` with literal values, and sessions (statements
    of a test function before the assertion). Each input is given once; of contradicting expectations the more
    frequent wins. Source that does not parse gives nothing. At most :data:`MAX_CALLS`.

    :param entry: when given, tests of other functions are left out.
    """
    tree = parsed(source)
    if tree is None:
        return ()
    return calls_of_examples(_examples_of(tree), entry)


def calls_of_examples(examples: Iterable[SpecExample], entry: str | None) -> tuple[PoolInput, ...]:
    """
    Return the inputs of *examples* of *entry*, or of all when it is None; each once, at most :data:`MAX_CALLS`.

    Of expectations that contradict each other the more frequent wins.
    """
    found: dict[str, list[SpecExample]] = {}
    for example in examples:
        if entry is not None and example.function != entry:
            continue
        try:
            found.setdefault(input_key(call_input_of(example)), []).append(example)
        except Unrepresentable:
            continue
    chosen = [max(same, key=lambda e: sum(_verdict(e) == _verdict(o) for o in same)) for same in found.values()]
    return tuple(
        PoolInput(call_input_of(e), InputOrigin.GENERATED_TEST, Expected(e.expected, e.raises))
        for e in chosen[:MAX_CALLS]
    )


def _verdict(example: SpecExample) -> str:
    return f"{example.raises} {example.expected!r}"


def _examples_of(tree: ast.Module) -> Iterator[SpecExample]:
    yield from _judged(tree.body, [])
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        rows = _parametrised(node)
        if not rows:
            yield from _judged(node.body, [])
        for row in rows:
            yield from _judged([_Filled(row).visit(ast.parse(ast.unparse(s)).body[0]) for s in node.body], [])


def _judged(body: Sequence[ast.stmt], history: list[str]) -> Iterator[SpecExample]:
    for statement in body:
        if isinstance(statement, ast.Assert):
            yield from _example(*judged_condition(statement.test), None, history)
        elif isinstance(statement, ast.With) and (error := _expected_error(statement)) and len(statement.body) == 1:
            inner = statement.body[0]
            if isinstance(inner, ast.Expr):
                yield from _example(ast.unparse(inner.value), None, error, history)
        elif isinstance(statement, ast.Expr) and (pair := _unittest_equality(statement.value)):
            yield from _example(*judged_condition(pair), None, history)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Import, ast.ImportFrom)):
            history.append(ast.unparse(statement))


def _example(expression: str, expected: object, raises: str | None, history: list[str]) -> Iterator[SpecExample]:
    steps = relevant_steps(history, expression)
    example = example_from(expression, expected, raises, Span(0, 0), _class_names(expression, steps), steps)
    if example is not None:
        yield example


def _class_names(expression: str, steps: Sequence[str]) -> frozenset[str]:
    """A capitalised name that is called is taken for a class: its value is judged in a session."""
    return frozenset(re.findall(r"\b([A-Z]\w*)\(", "\n".join((*steps, expression))))


def _expected_error(statement: ast.With) -> str | None:
    call = statement.items[0].context_expr
    if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).endswith(("raises", "assertRaises")):
        name = ast.unparse(call.args[0])
        return name if name.replace(".", "").isidentifier() else None
    return None


def _unittest_equality(node: ast.expr) -> ast.expr | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    if (
        node.func.attr in ("assertEqual", "assertEquals", "assertIs", "assertListEqual", "assertDictEqual")
        and len(node.args) >= 2
    ):
        return ast.Compare(node.args[0], [ast.Eq()], [node.args[1]])
    if node.func.attr in ("assertTrue", "assertFalse") and node.args:
        return ast.Compare(
            ast.Call(ast.Name("bool"), [node.args[0]], []), [ast.Is()], [ast.Constant(node.func.attr == "assertTrue")]
        )
    return None


def _parametrised(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[dict[str, ast.expr]]:
    for decorator in function.decorator_list:
        is_parametrize = isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize")
        if not is_parametrize or not isinstance(decorator, ast.Call) or len(decorator.args) < 2:
            continue
        names, table = decorator.args[:2]
        listed = names.elts if isinstance(names, (ast.List, ast.Tuple)) else [names]
        labels = [
            n.strip() for e in listed if isinstance(e, ast.Constant) for n in str(e.value).split(",") if n.strip()
        ]
        rows = table.elts if isinstance(table, (ast.List, ast.Tuple)) else []
        return [row for item in rows if (row := _row(labels, item)) is not None]
    return []


def _row(labels: Sequence[str], item: ast.expr) -> dict[str, ast.expr] | None:
    if len(labels) == 1:
        return {labels[0]: item}
    values = item.elts if isinstance(item, (ast.Tuple, ast.List)) else item.args if isinstance(item, ast.Call) else []
    return dict(zip(labels, values, strict=True)) if len(values) == len(labels) else None


class _Filled(ast.NodeTransformer):
    """Puts the values of a parametrised row where its names stand."""

    def __init__(self, row: dict[str, ast.expr]) -> None:
        self.row = row

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.row.get(node.id, node) if isinstance(node.ctx, ast.Load) else node
