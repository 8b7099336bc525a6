"""Growth, measured on programs that are known to grow."""

from __future__ import annotations

import pytest

from apps.generation.engine.inputs import CallInput
from apps.generation.gateways.observing import Program
from apps.generation.gateways.profiling import profile

CALL = CallInput(([3, 1, 2],))
LINEAR = Program("def f(values):\n    return sum(value * 2 for value in values)")
QUADRATIC = Program("def f(values):\n    return [value for value in values if values.count(value) == 1]")
ENDLESS = Program("def f(values):\n    while len(values) > 100: pass")
FAILING = Program("def f(values):\n    return values[0] / 0")


def test_the_square_grows_faster_than_the_line() -> None:
    linear, quadratic = profile([LINEAR, QUADRATIC], CALL, entry="f")
    assert linear.exponent is not None and quadratic.exponent is not None
    assert quadratic.exponent > linear.exponent + 0.4
    assert [point.size for point in linear.points] == [16, 64, 256, 1024, 4096]


@pytest.mark.slow
def test_a_program_that_does_not_end_or_fails_stops_there_and_holds_up_nobody() -> None:
    endless, failing, linear = profile([ENDLESS, FAILING, LINEAR], CALL, entry="f")
    assert (endless.stopped_at, [point.size for point in endless.points]) == (256, [16, 64])
    assert (failing.stopped_at, failing.points) == (16, ())
    assert len(linear.points) == 5


def test_an_input_without_parts_is_not_measured() -> None:
    assert profile([LINEAR], CallInput((1,)), entry="f")[0].points == ()
