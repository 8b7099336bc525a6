"""Tests that people paste: a source of examples, and never the thing to write."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import Specification, analyse
from tests.cpu import costs_less

PYTEST = """```python
import pytest
from m import median

@pytest.mark.parametrize("xs,want", [([1, 2, 3], 2), pytest.param([1, 2], 1.5, id="even")])
def test_median(xs, want):
    assert median(xs) == want

def test_single():
    assert median([4]) == 4

def test_empty():
    with pytest.raises(ValueError, match="empty"):
        median([])
```
"""
UNITTEST = """Write add(a, b).

class AddTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
        self.assertEqual(4, add(2, 2))
        self.assertRaises(TypeError, add, None, 1)
        with self.assertRaises(TypeError):
            add("a", 1)
        for a, total in [(5, 6), (6, 7)]:
            with self.subTest(a=a):
                self.assertEqual(add(a, 1), total)
        self.assertTrue(add(1, 0))
        self.assertIn(add(1, 1), [2])
        self.assertAlmostEqual(add(0.1, 0.2), 0.3)
"""
CLASS = """Write a class `Stack` with `push(x: int) -> None` and `pop() -> int`.

"""


def _plain(spec: Specification) -> list[tuple[str, object, str | None]]:
    return [(one.call, one.expected, one.raises) for one in spec.examples if not one.steps]


def _sessions(spec: Specification) -> list[tuple[str, object, str | None]]:
    return [("; ".join((*one.steps, one.call)), one.expected, one.raises) for one in spec.examples if one.steps]


@pytest.mark.parametrize("asked", ["Write `median`.", "Write `median(xs: list[float]) -> float`."])
def test_a_module_of_pytest_gives_its_examples_and_is_not_what_is_written(asked: str) -> None:
    spec = analyse(f"{PYTEST}\n{asked}")
    assert (spec.entry, [one.name for one in spec.functions], spec.size_warning) == ("median", ["median"], None)
    assert _plain(spec) == [
        ("median([1, 2, 3])", 2, None),
        ("median([1, 2])", 1.5, None),
        ("median([4])", 4, None),
        ("median([])", None, "ValueError"),
    ]
    assert spec.criteria == ()


def test_a_class_of_unittest_gives_what_its_methods_assert() -> None:
    spec = analyse(UNITTEST)
    assert (spec.entry, spec.is_executable, spec.classes) == ("add", True, ())
    assert _plain(spec) == [
        ("add(1, 2)", 3, None),
        ("add(2, 2)", 4, None),
        ("add(None, 1)", None, "TypeError"),
        ("add('a', 1)", None, "TypeError"),
        ("add(5, 1)", 6, None),
        ("add(6, 1)", 7, None),
    ]
    assert [call for call, _, _ in _sessions(spec)] == [
        "result = add(1, 0); bool(result)",
        "result = add(1, 1); result in [2]",
        "import math; result = add(0.1, 0.2); bool(math.isclose(result, 0.3, rel_tol=0.0, abs_tol=5e-08))",
    ]


@pytest.mark.parametrize("fence", ["", "```python\n"])
def test_a_script_of_a_class_is_read_claim_by_claim(fence: str) -> None:
    script = "s = Stack()\ns.push(1)\nassert s.pop() == 1\nwith pytest.raises(IndexError):\n    s.pop()\n"
    spec = analyse(f"{CLASS}{fence}{script}{'```' if fence else ''}")
    assert _sessions(spec) == [
        ("s = Stack(); s.push(1); s.pop()", 1, None),
        ("s = Stack(); s.push(1); s.pop(); s.pop()", None, "IndexError"),
    ]
    assert spec.criteria == ()


def test_fixtures_and_set_up_are_steps() -> None:
    module = (
        "@pytest.fixture\ndef s():\n    made = Stack()\n    made.push(1)\n    return made\n\n"
        "class TestStack:\n    def test_pop(self, s):\n        assert s.pop() == 1\n"
    )
    assert _sessions(analyse(CLASS + module)) == [("made = Stack(); made.push(1); s = made; s.pop()", 1, None)]
    case = (
        "class StackTest(unittest.TestCase):\n    def setUp(self):\n        self.s = Stack()\n\n"
        "    def test_pop(self):\n        self.s.push(2)\n        self.assertEqual(self.s.pop(), 2)\n"
    )
    assert _sessions(analyse(CLASS + case)) == [("s = Stack(); s.push(2); s.pop()", 2, None)]


def test_names_are_bound_through_a_test() -> None:
    spec = analyse(
        "LIMIT = 3\n\ndef test_order():\n    xs = [3, 1]\n    expected = [1, 3]\n    assert order(xs) == expected\n"
        "    result = order([2, 1])\n    assert result[0] == 1 and len(result) == 2\n    assert order([LIMIT]) == [3]\n"
        "    sort(xs)\n    assert xs == [1, 3]\n\nWrite `order(xs)` and `sort(xs)`.\n"
    )
    assert _plain(spec) == [("order([3, 1])", [1, 3], None), ("order([3])", [3], None)]
    assert _sessions(spec) == [
        ("result = order([2, 1]); result[0]", 1, None),
        ("result = order([2, 1]); len(result)", 2, None),
        ("xs = [3, 1]; sort(xs); xs", [1, 3], None),
    ]


def test_a_name_that_is_bound_anew_starts_anew() -> None:
    script = "s = Stack()\ns.push(1)\nassert s.pop() == 1\n\ns = Stack()\ns.push(2)\nassert s.pop() == 2\n"
    assert _sessions(analyse(CLASS + script))[1] == ("s = Stack(); s.push(2); s.pop()", 2, None)


def test_what_is_close_is_compared_as_pytest_does() -> None:
    spec = analyse(
        "def test_it():\n    assert f(1) == pytest.approx(0.5, abs=0.1)\n    assert f(2) == pytest.approx([0.1])\n"
        "    assert f(3) == pytest.approx({'a': 1})\n\nWrite f(x)."
    )
    first, second = [one.call for one in spec.examples]
    assert first == "bool(math.isclose(result, 0.5, rel_tol=0.0, abs_tol=0.1))"
    assert "zip(result, [0.1], strict=True)" in second


@pytest.mark.parametrize(
    "body",
    [
        "def test_f(monkeypatch):\n    assert f(1) == 2\n",
        "@pytest.mark.xfail\ndef test_f():\n    assert f(1) == 2\n",
        "def test_f():\n    with patch('m.g'):\n        assert f(1) == 2\n",
        "def test_f():\n    if DEBUG:\n        return\n    assert f(1) == 2\n",
        "async def test_f():\n    assert await f(1) == 2\n",
        "def test_f():\n    assert f(thing) == 2\n",
    ],
)
def test_what_a_test_rests_on_and_nobody_here_knows_gives_no_example(body: str) -> None:
    assert analyse(f"Write `f(x: int) -> int`.\n\n{body}").examples == ()


def test_a_function_that_only_sounds_like_a_test_is_written() -> None:
    spec = analyse('def test_prime(n: int) -> bool:\n    """\n    >>> test_prime(3)\n    True\n    """\n')
    assert (spec.entry, len(spec.examples)) == ("test_prime", 1)
    assert analyse("Write `test_url(url: str) -> bool`. test_url('a') == False").entry == "test_url"


@pytest.mark.parametrize(
    "text",
    [
        "def test_a(): assert f(1) == 2\n" * 320,
        "s = S()\ns.p()\nassert s.q() == 1\n" * 330,
        "def test_a():\n    xs = [" + "1, " * 2500 + "]\n" + "    assert f(xs) == 1\n" * 90,
        "def test_a():\n"
        + "".join("    " * n + f"    for x{n} in [1, 2, 3, 4]:\n" for n in range(20))
        + "    " * 21
        + "f()",
        "".join(f"@pytest.mark.parametrize('x{n}', {list(range(40))})\n" for n in range(50))
        + f"def test_a({', '.join(f'x{n}' for n in range(50))}):\n    assert f(x1) == x2\n",
        "@pytest.fixture\n" * 600,
    ],
    ids=["tests", "script", "literal", "loops", "rounds", "decorators"],
)
def test_hostile_tests_are_read_in_bounded_time(text: str) -> None:
    assert costs_less(lambda: analyse(text), 0.4)
