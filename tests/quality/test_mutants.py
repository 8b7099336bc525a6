"""Mutants are other programs, each changed in one place, and the same ones for the same seed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.checks.types import Unparsable
from apps.quality.engine import mutants as engine
from apps.quality.engine.mutants import Operator, mutants_of
from apps.quality.engine.mutation import Fate, Tried, mutation_score, survivors

SOURCES = sorted(Path(engine.__file__).parent.glob("*.py"))
FEW = settings.get_profile("default").max_examples // 5
BRANCHY = "def f(a):\n    if a > 1:\n        return 2\n    return 3\n"


def changes(source: str, **options: Any) -> set[tuple[str, str]]:
    found = mutants_of(source, **{"most": 500, "seed": 1, **options})
    return {(one.before, one.after) for one in found.drawn}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return a < b", {("a < b", "a <= b"), ("a < b", "a >= b"), ("return a < b", "return None")}),
        ("return a in b", {("a in b", "a not in b"), ("return a in b", "return None")}),
        ("return a * -b", {("a * -b", "a // -b"), ("-b", "b"), ("return a * -b", "return None")}),
        ("return True", {("True", "False")}),
        ("return None", set()),
        ("a += 2.5", {("a += 2.5", "a -= 2.5"), ("a += 2.5", "pass"), ("2.5", "3.5")}),
        ("if a: raise KeyError('no a')", {("a", "not a"), ("raise KeyError('no a')", "pass")}),
        ("logging.info('%s', a)", set()),
        ('"""What it does."""', set()),
        ("b = 'x' + a", {("b = 'x' + a", "pass"), ("'x'", "''")}),
        ("c = a", set()),
        ("print(f'{a + 1}')", {("print(f'{a + 1}')", "pass")}),
    ],
)
def test_what_is_changed_in_a_function(line: str, expected: set[tuple[str, str]]) -> None:
    assert changes(f"def f(a: int, b):\n    {line}\n") == expected


def test_what_stands_outside_of_functions_is_left_alone() -> None:
    assert changes("LIMIT = 3\n\n\nclass Shop:\n    open = LIMIT > 2\n") == set()


def test_a_method_is_named_with_its_class_and_a_default_counts() -> None:
    (one,) = mutants_of("class A:\n    def f(self, n=0):\n        pass\n", most=5, seed=1).drawn
    assert (one.function, one.operator, one.line, one.after) == ("A.f", Operator.CONSTANT, 2, "1")


def test_brackets_are_written_where_the_tree_needs_them() -> None:
    source = "def f(a, b):\n    return not (a or b) and b\n"
    (one,) = (one for one in mutants_of(source, most=50, seed=1).drawn if one.before == "not (a or b)")
    assert one.diff(source).splitlines()[1:] == [
        " def f(a, b):",
        "-    return not (a or b) and b",
        "+    return (a or b) and b",
    ]


def test_only_the_lines_that_were_written_are_changed() -> None:
    assert {one.line for one in mutants_of(BRANCHY, lines={3}, most=50, seed=1).drawn} == {3}


@pytest.mark.parametrize("text", ["def f(:", "x = " + "(" * 5000 + ")" * 5000])
def test_a_text_that_is_no_python_is_refused(text: str) -> None:
    with pytest.raises(Unparsable):
        mutants_of(text, most=5, seed=1)


@settings(max_examples=FEW, deadline=None)
@given(st.sampled_from(SOURCES), st.integers(0, 2**60), st.integers(1, 10))
def test_each_mutant_is_another_program_and_the_same_ones_come_back(path: Path, seed: int, most: int) -> None:
    source = path.read_text()
    found = mutants_of(source, most=most, seed=seed)
    trees = {ast.dump(ast.parse(one.code)) for one in found.drawn} - {ast.dump(ast.parse(source))}
    assert len(trees) == len(found.drawn) <= min(most, found.places)
    assert all(one.before != one.after and one.function for one in found.drawn)
    assert found == mutants_of(source, most=most, seed=seed)
    assert found.is_sample or len(found.drawn) == found.places


def test_a_sample_is_the_beginning_of_the_whole_in_the_order_of_its_seed() -> None:
    source = (Path(engine.__file__).parent / "flakes.py").read_text()
    whole, part = mutants_of(source, most=1000, seed=5), mutants_of(source, most=20, seed=5)
    assert part.drawn == whole.drawn[:20]
    assert (part.is_sample, whole.is_sample) == (True, False)


def test_what_does_not_end_is_noticed_and_what_could_not_be_tried_does_not_count() -> None:
    fates = [Fate.KILLED, Fate.SURVIVED, Fate.TIMED_OUT, Fate.INVALID, Fate.KILLED]
    score = mutation_score([Tried(fate) for fate in fates], 7)
    assert (score.killed, score.survived, score.timed_out, score.invalid, score.untried) == (2, 1, 1, 1, 2)
    assert score.counted == 4


def test_survivors_stand_in_the_order_of_the_text_with_their_change() -> None:
    found = mutants_of(BRANCHY, most=50, seed=3)
    fates = [Tried(Fate.SURVIVED if one.operator is Operator.CONSTANT else Fate.KILLED) for one in found.drawn]
    shown = survivors(found.drawn, fates, BRANCHY)
    assert [one["line"] for one in shown] == [2, 2, 3, 3, 4, 4]
    assert shown[0]["diff"] == "@@ -1,3 +1,3 @@\n def f(a):\n-    if a > 1:\n+    if a > 0:\n         return 2\n"
