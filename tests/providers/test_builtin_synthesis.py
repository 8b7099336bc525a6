"""The synthesiser as a provider: honest about what it cannot do, and it stops when told."""

from __future__ import annotations

import pytest

from apps.providers.builtin.synthesis import Synthesis
from apps.providers.engine.parameters import parameter_names
from apps.providers.types import Cancelled, CodeTask, Example, ProviderRefused, ProviderTimeout

DOUBLES = tuple(Example((number,), {}, number * 2) for number in (3, 5, 0))
# No small function does this.
NOISE = tuple(Example((number,), {}, value) for number, value in ((1, 977), (2, -41), (3, 6007), (4, 13), (5, -8191)))


def ask(examples=DOUBLES, *, timeout_s=20.0, cancelled=lambda: False, **fields):
    task = CodeTask(**{"title": "t", "text": "", "entry": "double", "examples": examples, **fields})
    return Synthesis("synthesis", timeout_s).generate(task, sample=0, seed=1, cancelled=cancelled)


def run(answer, name):
    program = answer.text.split("```python\n")[1].split("```")[0]
    space: dict[str, object] = {}
    exec(program, space)  # noqa: S102  our own trusted components wrote it
    return space[name]


def test_what_it_writes_does_what_the_examples_say_under_the_names_asked_for():
    double = run(ask(signature="def double(amount: int) -> int"), "double")
    assert [double(amount=number) for number in (7, -2)] == [14, -4]


def test_without_a_signature_the_calls_name_the_parameters():
    assert run(ask(), "double")(21) == 42


def test_it_answers_only_from_examples_in_python():
    with pytest.raises(ProviderRefused, match="has none"):
        ask(())
    with pytest.raises(ProviderRefused, match="Python only"):
        ask(language="go")


def test_an_impossible_name_is_refused():
    with pytest.raises(ProviderRefused, match="cannot write"):
        ask(entry="not a name")


def test_it_says_when_it_knows_no_function():
    with pytest.raises((ProviderRefused, ProviderTimeout)):
        ask(NOISE, timeout_s=2)


def test_it_ends_when_its_time_is_over():
    with pytest.raises(ProviderTimeout, match="0 seconds"):
        ask(NOISE, timeout_s=0)


def test_it_stops_when_told():
    with pytest.raises(Cancelled):
        ask(NOISE, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("signature", "names"),
    [
        ("def f(a: int, b) -> int", ("a", "b")),
        ("def f(a, /, *, b=1):", ("a", "b")),
        ("f(x)", ("x",)),
        ("def f(*rest)", None),
        ("class Thing", None),
        ("def f(", None),
        ("def f()", ()),
        (None, ("value",)),
    ],
)
def test_parameters_are_read_from_a_signature(signature, names):
    assert parameter_names(signature, [((1,), {})]) == names


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        ([((1, 2), {}), ((3, 4), {})], ("first", "second")),
        ([((1,), {"by": 2})], ("first", "by")),
        ([((1,), {}), ((1, 2), {})], None),
        ([(tuple(range(9)), {})], None),
        ([((1,), {"first": 2})], None),
    ],
)
def test_parameters_are_told_from_calls_of_one_shape(calls, names):
    assert parameter_names(None, calls) == names
