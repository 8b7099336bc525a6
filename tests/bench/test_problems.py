"""Hidden tests decide, and only where they can fail."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bench import builtin
from bench.builtin import Solved, Tally, Written, chosen_problems, count, nightly_problems, request_seed
from bench.problems import Problem, passes_hidden, problems_of

EXAMPLE = {"assert_line": "assert double(1) == 2"}
DOUBLE = Problem(
    "T/1", "", "double", {"base": "def check(f):\n    assert f(2) == 4\n", "plus": "assert double(3) == 6"}
)


@pytest.mark.parametrize(
    ("module", "is_right"),
    [
        ("def double(x):\n    return 2 * x", True),
        ("def double(x):\n    return 5", False),
        pytest.param("def double(x):\n    while True: pass", False, marks=pytest.mark.slow),
        ("import sys\nsys.exit(0)", False),
        ("def double(x:", False),
    ],
)
def test_a_program_passes_when_it_ends_behind_every_hidden_test(module: str, is_right: bool) -> None:
    assert passes_hidden(DOUBLE, module) == {"base": is_right, "plus": is_right}


def test_hidden_tests_may_count_with_numpy() -> None:
    suite = "import numpy\n\ndef check(f):\n    assert numpy.allclose(f(2.0), 4.0)\n"
    problem = Problem("T/3", "", "double", {"plus": suite})
    assert passes_hidden(problem, "def double(x):\n    return 2 * x") == {"plus": True}
    assert passes_hidden(problem, "def double(x):\n    return x") == {"plus": False}


def test_the_labels_are_told_apart_and_plus_takes_base() -> None:
    assert passes_hidden(DOUBLE, "def double(x):\n    return {2: 4}.get(x)") == {"base": True, "plus": False}
    assert passes_hidden(DOUBLE, "def double(x):\n    return {3: 6}.get(x)") == {"base": False, "plus": False}


def test_tests_that_cannot_fail_say_nothing() -> None:
    cheat = "import builtins\nclass Yes:\n    def __eq__(self, other): return True\ndef double(x): return Yes()"
    assert passes_hidden(Problem("T/2", "", "double", {"base": "double"}), "def double(x):\n    return 0") == {
        "base": False
    }
    assert all(passes_hidden(DOUBLE, cheat).values())  # what a suite in its own process can be told


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


@pytest.mark.parametrize("shown", [">>> double(3)\n    7", ">>> double(3) == 7", "double(3) ➞ 7"])
def test_an_example_that_the_hidden_tests_refute_says_what_the_recordings_expect(tmp_path: Path, shown: str) -> None:
    prompt = f'def double(x):\n    """Double it, 7 too.\n\n    >>> double(1)\n    2\n    {shown}\n    """\n'
    known = [
        {"call": "double( 3 )", "expected": "6"},
        {"call": "double(1)", "expected": "2"},
        {**EXAMPLE, "call": None},
    ]
    row = {"prompt": prompt, "entry_point": "double", "examples_in_prompt": known, "task_id": "T/1", "test": "t"}
    file = tmp_path / "some.jsonl"
    file.write_text(json.dumps(row))
    assert [problem.text for problem in problems_of(file)] == [prompt.replace(shown, shown.replace("7", "6"))]


def test_what_the_later_suite_does_not_score_is_judged_by_the_official_one(tmp_path: Path) -> None:
    row = {"prompt": "Double it.", "entry_point": "double", "examples_in_prompt": [EXAMPLE], "task_id": "T/1"}
    file = tmp_path / "some.jsonl"
    file.write_text(json.dumps({**row, "test": "t", "test_plus": "p", "exclude": "no"}))
    assert [dict(problem.hidden) for problem in problems_of(file)] == [{"base": "t"}]


def test_figures_have_their_interval_and_what_each_got_alone() -> None:
    tally = Tally(problems=39, chosen=35)
    tally.add(Written([("a", 0, "x"), ("a", 1, "y"), ("b", 0, "y")], chosen="y"), {"x": False, "y": True})
    figures = Solved(problems=40, cpu_s=80, tallies={"base": tally}).as_json()
    found = figures["labels"]["base"]
    assert (found["problems"], found["ensemble"], figures["cpu_s_each"]) == (40, 36, 2.0)
    assert found["interval"] == [0.769, 0.96]
    assert found["models"] == {
        "a": {"alone": 0, "right": 1, "answers": 2},
        "b": {"alone": 1, "right": 1, "answers": 1},
    }


def test_the_uses_of_patterns_are_listed() -> None:
    solved = Solved(problems=1)
    count(solved, Problem("T/3", "", "f", {}), Written([], "", ["patterns/slug", "patterns/slug", "patterns/luhn"]))
    figures = solved.as_json()
    assert figures["patterns"] == {"patterns/luhn": 1, "patterns/slug": 2}
    told = builtin.table({**figures, "seed": 1, "local_models": "none"})
    assert "patterns/slug                               2  uses of this pattern" in told


def test_a_request_is_drawn_by_its_problem_and_the_seed_alone() -> None:
    other = Problem("T/2", "", "double", {})
    seeds = [request_seed(DOUBLE, 1), request_seed(DOUBLE, 2), request_seed(other, 1)]
    assert len(set(seeds)) == 3
    assert request_seed(DOUBLE, 1) == seeds[0]
    assert all(0 <= seed < 2**62 for seed in seeds)


def _recordings(file: Path, *rows: tuple[str, dict[str, str]]) -> Path:
    shown = {"prompt": "Double it.", "entry_point": "double", "examples_in_prompt": [EXAMPLE]}
    file.write_text("\n".join(json.dumps({**shown, "task_id": name, **more}) for name, more in rows))
    return file


def test_the_nightly_run_takes_every_humaneval_problem_once_with_the_most_suites(tmp_path: Path) -> None:
    one = _recordings(tmp_path / "a.jsonl", ("HumanEval/10", {"test": "t"}), ("Mbpp/2", {"test": "t"}))
    other = _recordings(
        tmp_path / "b.jsonl", ("HumanEval/10", {"test": "t", "test_plus": "p"}), ("HumanEval/9", {"test": "t"})
    )
    found = nightly_problems([one, other])
    assert [(problem.id, sorted(problem.hidden)) for problem in found] == [
        ("HumanEval/9", ["base"]),
        ("HumanEval/10", ["base", "plus"]),
    ]


def test_a_night_without_recordings_says_so_and_ends_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NOFX_RECORDINGS", raising=False)
    assert builtin.main(["--nightly"]) == 0
    assert "NOFX_RECORDINGS names no file of recordings" in capsys.readouterr().out


def test_a_night_with_recordings_prints_seed_interval_and_processor_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = _recordings(tmp_path / "a.jsonl", ("HumanEval/1", {"test": "t"}), ("Mbpp/2", {"test": "t"}))
    asked: list[Problem] = []

    def solve(clone: Path, problems: list[Problem], local_models: str, seed: int) -> Solved:
        asked.extend(problems)
        return Solved(problems=len(problems), cpu_s=12.5, tallies={"base": Tally(problems=1, chosen=1)})

    monkeypatch.setattr(builtin, "solve", solve)
    monkeypatch.setenv("NOFX_RECORDINGS", str(file))
    assert builtin.main(["--nightly"]) == 0
    said = capsys.readouterr().out
    assert [problem.id for problem in asked] == ["HumanEval/1"]
    for figure in ("1 problems, seed 1", "(95 %: 21% to 100%)", "processor seconds a problem", "12.5"):
        assert figure in said
