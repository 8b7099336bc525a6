"""Probes: of the types of the examples, bounded, the same for the same seed, and made of what programs compare with."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.exploration import PROBE_WEIGHT, explored_inputs
from apps.generation.engine.inputs import CallInput, call_input_of, fuzz_inputs, input_key, probe_inputs
from apps.generation.engine.landmarks import MAX_LANDMARKS, landmarks_of
from apps.generation.engine.probes import leaves, probed, replaced
from apps.generation.engine.specification import analyse
from apps.generation.engine.specification.annotations import signature_from

PLAIN = st.recursive(
    st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)
ARGUMENTS = st.lists(PLAIN, max_size=3).map(tuple)
SHOWN = "f([1, 2, 3], 'abc', 3) == 2. f([4], 'x', 1) == 1."


def rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311  reproducible, not secret


def shape(value: object) -> object:
    """The types down to where collections may change."""
    return "number" if type(value) in (int, float) else type(value)


@given(ARGUMENTS, st.lists(st.integers(-9, 9) | st.text(max_size=3), max_size=4), st.integers(0, 99))
def test_probes_keep_the_types_and_repeat_for_a_seed(args, landmarks, seed):
    found = probed(args, rng(seed), landmarks)
    assert repr(found) == repr(probed(args, rng(seed), landmarks))
    assert [type(one) for one in found] == [type(one) for one in args]
    loose = probed(args, rng(seed), landmarks, is_typed=False)
    assert [shape(one) for one in loose] == [shape(one) for one in args]


@given(ARGUMENTS, st.integers(0, 99))
def test_probing_changes_a_copy(args, seed):
    before = repr(args)
    probed(args, rng(seed), (7, "x"))
    assert repr(args) == before


@given(PLAIN)
def test_every_way_leads_to_its_value(value):
    for path, found in leaves(value):
        assert repr(replaced(value, path, found)) == repr(value)


def test_landmarks_are_constants_of_code_and_not_of_words():
    source = (
        '"""Says 111."""\n'
        "def f(n):\n    'twelve'\n    if n > 18 or n == 2.5: return 'adult'\n"
        "    raise ValueError('13 is too young')\n"
    )
    assert set(landmarks_of([source])) == {18, 2.5, "adult"}


def test_landmarks_come_by_how_many_programs_mention_them_whatever_their_order_and_number_of_copies():
    sources = ["def f(n): return n > 5", "def f(n): return n > 5 or n == 90", "def f(n: return"]
    assert landmarks_of(sources) == landmarks_of([*reversed(sources), sources[1], sources[1]]) == (5, 90)
    assert landmarks_of([f"x = {list(range(2, 500))}"] * 2)[:1] == (2,)
    assert len(landmarks_of([f"x = {list(range(500))}"])) == MAX_LANDMARKS
    assert landmarks_of([f"x = {10**400}, True, None, {'y' * 99!r}"]) == ()


def probes(text: str, *, signature: str = "def f(xs, s, n)", **options):
    starts = [call_input_of(example) for example in analyse(text).examples]
    return probe_inputs(signature_from(signature), starts, **({"seed": 1, "count": 60} | options))


def test_probes_differ_from_each_other_and_from_what_is_known():
    signature, examples = signature_from("def f(xs, s, n)"), analyse(SHOWN).examples
    starts = [call_input_of(example) for example in examples]
    near = fuzz_inputs(signature, examples, seed=1, count=30)
    found = probe_inputs(signature, starts, seed=1, count=50, landmarks=(77, "zq"), besides=near)
    keys = [input_key(call) for call in (*starts, *near, *found)]
    assert len(set(keys)) == len(keys) == 82


def test_landmarks_and_their_neighbours_and_longer_values_are_probed():
    found = probes(SHOWN, count=300, landmarks=(770, "zq"))
    numbers = {value for call in found for _, value in leaves(call.args) if type(value) is int}
    assert {769, 770, 771} <= numbers
    assert any("zq" in call.args[1] for call in found)
    assert any(len(call.args[0]) > 6 for call in found)
    assert any(type(call.args[2]) is float for call in found)


def test_annotated_types_hold_and_without_any_type_nothing_is_probed():
    found = probes("", signature="def f(n: int)", landmarks=(5, 2.5))
    assert found and all(type(call.args[0]) is int for call in found)
    assert probes("", signature="def f(a: Connection)") == ()


def test_what_is_explored_leaves_out_written_calls_and_trusts_probes_less():
    signature, examples = signature_from("def f(xs, s, n)"), analyse(SHOWN).examples
    options = {"landmarks": landmarks_of(["def f(xs, s, n): return n > 770"]), "seed": 1, "near": 20, "count": 60}
    found = explored_inputs(signature, examples, tests=(), **options)
    assert [item.weight for item in found] == [1.0] * 20 + [PROBE_WEIGHT] * 40
    assert any(value in (769, 770, 771) for item in found for _, value in leaves(item.call.args))
    written = [found[3].call, CallInput(([50, 60], "hello", 9))]
    again = explored_inputs(signature, examples, tests=written, **options)
    assert input_key(found[3].call) not in [input_key(item.call) for item in again]
    assert any("hello" in item.call.args[1] for item in again)
