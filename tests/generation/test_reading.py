"""How well examples are read out of prompts, through the command, in the real sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.generation.engine.replay.claims import claims_in, count_of, is_read
from apps.generation.engine.specification import analyse
from nofx.cli import main
from nofx.cli.exits import Exit


def recorded(task: str, prompt: str, reference: str, *shown: tuple[str | None, str | None, str]) -> dict[str, object]:
    return {
        "task_id": task,
        "prompt": prompt,
        "entry_point": "f",
        "examples_in_prompt": [{"call": c, "expected": e, "assert_line": line} for c, e, line in shown],
        "samples": [],
        "canonical_solution": reference,
    }


DOUBLE = "def f(n):\n    return 2 * n\n"
PROMPTS = [
    recorded(
        "T/doctest",
        'def f(n: int) -> int:\n    """Double.\n\n    >>> f(2)\n    4\n    >>> f(3)\n    6\n    """\n',
        DOUBLE,
        ("f(2)", "4", "assert f(2) == 4"),
    ),
    recorded("T/wrong", "def f(n):\n    '''Double: f(2) ➞ 4, f(3) ➞ 7'''\n", DOUBLE),
    recorded("T/none", "def f(n):\n    '''Double n.'''\n", DOUBLE, ("f(21)", "42", "assert f(21) == 42")),
    recorded("T/missed", "def f(n: int):\n    '''Double: f(two) == 4.\n    '''\n", DOUBLE),
    recorded("T/assert", "Write a function that doubles.", DOUBLE, ("f(2)", "4", "assert f(2) == 4")),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(map(json.dumps, PROMPTS)))
    return path


def test_every_prompt_is_counted_read_and_checked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["specification", "measure", str(file), "--json"]) == Exit.OK
    [line] = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    by_problem = {one["task_id"]: one for one in found.pop("by_problem")}
    assert found.pop("seconds") >= 0
    assert found == {
        "problems": 5,
        "with_examples": 4,
        "all_found": 3,
        "complete": 2,
        "share": 0.5,
        "examples": 5,
        "wrong": 1,
        "unchecked": 0,
    }
    assert by_problem["T/doctest"]["counted"] == by_problem["T/doctest"]["found"] == 2
    assert by_problem["T/wrong"]["wrong"] == ["f(3) == 7"]
    assert by_problem["T/missed"]["missed"] == ["f(two) == 4."]
    assert by_problem["T/none"]["counted"] == 0


def test_for_people_there_is_a_table(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["specification", "measure", str(file)]) == Exit.OK
    printed = capsys.readouterr()
    assert "5 prompts, 4 of them hold examples" in printed.out
    assert "not so in the reference: f(3) == 7" in printed.out
    assert "5 of 5 prompts have been read." in printed.err


def test_a_file_that_is_no_record_is_refused_with_a_sentence(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["specification", "measure", str(tmp_path / "nowhere.jsonl")]) == Exit.FAILED
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (">>> f(1)\n2\n>>> f(2)\n", 1),
        ("f(1) == 2, f(2) -> 4 and f(3) should return 6.", 3),
        ("f(1) ==> 2\nf(1)  ==> 2\n", 1),
        ("def f(n):\n  '''f(n) == f(n - 1) + 2'''", 0),
        ("For lst = [1, 2] the output should be 14", 1),
        ("Given a list [1, 2], sort it.", 0),
        ("Input: [3]\nOutput: 9\n", 1),
        ("Output:\n  a string of digits", 0),
        ("assert g(f(1)) == 2", 1),
        (">>> f(1)\n1\n  >>>f(2)\n2\n", 2),
    ],
)
def test_the_count_is_made_by_simple_rules(text: str, count: int) -> None:
    assert count_of(claims_in(text, "f")) == count


def test_a_claim_is_read_only_by_an_example_that_says_it() -> None:
    text = "Write `f(n: int) -> int`. f(1) == 2. f(2) == 4."
    first, second = claims_in(text, "f")
    examples = analyse(text).examples
    assert is_read(first, examples[:1])
    assert not is_read(second, examples[:1])
