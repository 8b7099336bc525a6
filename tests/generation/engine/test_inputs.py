"""Fuzzed inputs: reproducible, of the right types, near the examples, and never the examples themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.inputs import CallInput, call_input_of, fuzz_inputs, input_key
from apps.generation.engine.sessions import DRIVER_ENTRY, session_driver
from apps.generation.engine.specification import analyse
from apps.generation.engine.specification.annotations import signature_from
from apps.generation.engine.values import encode

COUNTER = "Class `Counter`.\n\n>>> c = Counter()\n>>> c.add(2)\n>>> c.add(3)\n>>> c.total()\n5\n"


def fuzz(source: str, text: str = "", count: int = 60, seed: int = 1) -> tuple[CallInput, ...]:
    signature = signature_from(source)
    assert signature is not None
    return fuzz_inputs(signature, analyse(text).examples, seed=seed, count=count)


def test_the_same_seed_gives_the_same_inputs_and_another_seed_others():
    source = "def f(a: int, b: list[str]) -> int"
    assert fuzz(source) == fuzz(source)
    assert fuzz(source) != fuzz(source, seed=2)


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        ("int", (int,)),
        ("float", (float,)),
        ("str", (str,)),
        ("bytes", (bytes,)),
        ("list[int]", (list,)),
        ("dict[str, list[int]]", (dict,)),
        ("tuple[int, str]", (tuple,)),
        ("tuple[int, ...]", (tuple,)),
        ("set[int]", (set,)),
        ("int | None", (int, type(None))),
        ("Optional[str]", (str, type(None))),
        ("Sequence[int]", (list,)),
        ("Mapping[str, int]", (dict,)),
        ("Literal['a', 'b']", (str,)),
        ("'list[int]'", (list,)),
    ],
)
def test_values_have_the_annotated_type(annotation, kinds):
    found = fuzz(f"def f(a: {annotation})")
    assert found
    assert {type(call.args[0]) for call in found} <= set(kinds)
    assert all(len(call.args) == 1 for call in found)


def test_edges_are_among_the_inputs():
    numbers = [call.args[0] for call in fuzz("def f(n: int)")]
    texts = [call.args[0] for call in fuzz("def f(s: str)")]
    lists = [call.args[0] for call in fuzz("def f(xs: list[int])")]
    assert {0, -1, 1, 12345} <= set(numbers)
    assert {"", " ", "é"} <= set(texts)
    assert [] in lists


def test_examples_give_the_shape_where_nothing_is_annotated():
    found = fuzz("def f(a, b)", "f([1, 2], 'x') == 3. f([4], 'yz') == 1.")
    assert {(type(c.args[0]), type(c.args[1])) for c in found} == {(list, str)}


def test_examples_are_not_repeated_and_inputs_differ():
    text = "f(5, 0, 3) == 3. f(-1, 0, 3) == 0."
    found = fuzz("def f(v: int, low: int, high: int)", text)
    keys = [input_key(call) for call in found]
    assert len(set(keys)) == len(keys) == 60
    assert not set(keys) & {input_key(call_input_of(e)) for e in analyse(text).examples}


def test_keyword_arguments_are_mutated_too():
    found = fuzz("def f(*, limit)", "f(limit=3) == 1. f(limit=8) == 2.")
    assert found
    assert all(set(call.kwargs) == {"limit"} for call in found)


def test_parameters_with_defaults_may_be_left_out():
    lengths = {len(call.args) for call in fuzz("def f(a: int, b: int = 3)")}
    assert lengths == {1, 2}


def test_types_nobody_can_make_give_nothing_unless_examples_show_them():
    assert fuzz("def f(a: Connection)") == ()
    assert fuzz("def f(a: Connection, n: int)", "f('x', 1) == 2. f('y', 2) == 3.")


def test_a_function_without_parameters_has_no_inputs():
    assert fuzz("def f()") == ()


def test_few_possible_values_end_the_search():
    assert len(fuzz("def f(a: bool)")) == 2


def test_sessions_are_varied_but_stay_sessions():
    spec = analyse(COUNTER)
    found = fuzz_inputs(None, spec.examples, seed=3, count=40)
    assert len(found) == 40
    assert all(call.is_session and call.steps[0] == "c = Counter()" for call in found)
    assert len({call.steps for call in found}) > 10


def test_the_driver_runs_each_session_from_the_start():
    """The only code run here is this test's own."""
    spec = analyse(COUNTER)
    candidate = (
        "class Counter:\n    def __init__(self): self.n = 0\n    def add(self, n): self.n += n\n"
        "    def total(self): return self.n\n"
    )
    inputs = [CallInput((1,)), call_input_of(spec.examples[0])]
    namespace: dict[str, object] = {}
    exec(candidate + session_driver(inputs), namespace)  # noqa: S102
    driver = namespace[DRIVER_ENTRY]
    assert callable(driver)
    assert driver(1) == driver(1) == 5
    assert session_driver([CallInput((1,))]) == ""


annotations = st.recursive(
    st.sampled_from(["int", "str", "float", "bool", "None", "bytes", "Any", "Path", ""]),
    lambda inner: st.one_of(
        inner.map(lambda a: f"list[{a or 'int'}]"),
        inner.map(lambda a: f"set[{a or 'int'}]"),
        st.tuples(inner, inner).map(lambda p: f"dict[{p[0] or 'str'}, {p[1] or 'int'}]"),
        st.tuples(inner, inner).map(lambda p: f"{p[0] or 'int'} | {p[1] or 'str'}"),
    ),
    max_leaves=4,
)


@given(annotations, st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_every_value_has_a_plain_form(annotation, seed):
    declared = f"a: {annotation}" if annotation else "a"
    for call in fuzz(f"def f({declared})", count=20, seed=seed):
        encode(call.args)
