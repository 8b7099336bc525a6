"""Hidden tests decide, and only where they can fail."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bench.builtin import Solved, chosen_problems
from bench.problems import Problem, passes_hidden, problems_of

EXAMPLE = {"assert_line": "assert double(1) == 2"}
DOUBLE = Problem(
    "T/1", "", "double", {"base": "def check(f):\n    assert f(2) == 4\n", "plus": "assert double(3) == 6"}
)


@pytest.mark.parametrize(
    ("module", "is_right"),
    [
        ("def double(x):\n    return 2 * x", True),
        ("def double(x):\n    return 4", False),
        ("def double(x):\n    while True: pass", False),
        ("import sys\nsys.exit(0)", False),
        ("def double(x:", False),
    ],
)
def test_a_program_passes_when_it_ends_behind_every_hidden_test(module: str, is_right: bool) -> None:
    assert passes_hidden(DOUBLE, module) is is_right


def test_tests_that_cannot_fail_say_nothing() -> None:
    cheat = "import builtins\nclass Yes:\n    def __eq__(self, other): return True\ndef double(x): return Yes()"
    assert passes_hidden(Problem("T/2", "", "double", {"base": "double"}), "def double(x):\n    return 0") is False
    assert passes_hidden(DOUBLE, cheat) is True  # what a suite in its own process can be told


def test_problems_are_read_and_drawn_the_same_for_a_seed(tmp_path: Path) -> None:
    shown = {"prompt": "Double it.", "entry_point": "double", "examples_in_prompt": [EXAMPLE]}
    rows = [{**shown, "task_id": f"T/{n}", "test": "t", "exclude": "no" if n == 9 else None} for n in range(10)]
    file = tmp_path / "some.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    found = list(problems_of(file))
    assert [problem.id for problem in found] == [f"T/{n}" for n in range(9)]
    assert "assert double(1) == 2" in found[0].text
    assert chosen_problems([file], 4, None, 1) == chosen_problems([file], 4, None, 1)
    assert [problem.id for problem in chosen_problems([file], 4, 4, 1)] == ["T/0", "T/4", "T/8"]


def test_figures_have_their_interval() -> None:
    figures = Solved(problems=40, chosen=36, samples={"a": [True, False]}, cpu_s=80).as_json()
    assert (figures["ensemble"], figures["cpu_s_each"]) == (36, 2.0)
    assert figures["interval"] == [0.769, 0.96]
    assert figures["models"] == {"a": {"right": 1, "samples": 2}}
