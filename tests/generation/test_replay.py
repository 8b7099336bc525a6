"""Consensus on recorded answers, through the command, in the real sandbox."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from apps.generation.gateways import observed
from nofx.cli import main
from nofx.cli.exits import Exit

RIGHT = "def f(n): return 2 * n"
TWIN = "def f(n):\n    return n + n"
WRONG = "def f(n): return 4"
ENDLESS = "def f(n):\n    while n != 2: pass\n    return 4"
BROKEN = "def f(n) return"


def problem(number: int, *codes: str) -> dict[str, object]:
    samples = [
        {"model": f"m{index}", "code": code, "labels": {"plus": code in (RIGHT, TWIN), "base": True}}
        for index, code in enumerate(codes)
    ]
    return {
        "task_id": f"T/{number}",
        "prompt": "def f(n: int) -> int:\n    pass\n",
        "entry_point": "f",
        "examples_in_prompt": [{"call": "f(2)", "expected": "4", "assert_line": "assert f(2) == 4"}],
        "samples": samples,
        "generated_tests": [{"model": "m0", "call": "f(5)", "expected": "10", "n": 1, "assert_line": ""}],
        "canonical_solution": RIGHT,
    }


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    rows = [problem(number, RIGHT, WRONG, TWIN, WRONG if number % 2 else BROKEN) for number in range(12)]
    rows.append({**problem(99, WRONG, WRONG, RIGHT, WRONG), "exclude": "its tests are wrong"})
    path = tmp_path / "recorded.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join(json.dumps(row) for row in rows))
    return path


def replay(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["consensus", "replay", *arguments, "--json"]) == Exit.OK
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_it_prints_one_object_with_every_figure(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = replay(capsys, str(recorded))
    assert set(found) == {
        *("problems", "pool", "label", "seed", "questions", "selectors", "gain", "calibration", "seconds"),
        *("executions", "choices", "excluded"),
    }
    assert (found["problems"], found["pool"], found["label"]) == (12, ["m0", "m1", "m2", "m3"], "plus")
    selectors = found["selectors"]
    assert isinstance(selectors, dict)
    assert set(selectors) == {
        *("mean", "best_single", "text_majority", "examples_random", "examples_best", "codet", "unweighted"),
        *("consensus", "oracle", "with_questions"),
    }
    assert selectors["consensus"] == selectors["oracle"] == 1.0 > selectors["mean"]
    assert selectors["with_questions"] is None
    assert found["excluded"] == {"T/99": "its tests are wrong"}
    choices = found["choices"]
    assert isinstance(choices, dict)
    assert len(choices) == 13
    assert all(sum(weight for _, weight in chosen) == pytest.approx(1) for chosen in choices.values())
    gain = found["gain"]
    assert isinstance(gain, dict)
    assert set(gain) == {"best_single", "examples_best", "unweighted", "codet"}


def test_the_same_again_runs_nothing_and_prints_the_same(
    recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = replay(capsys, str(recorded))
    monkeypatch.setattr(observed, "observe", lambda programs, *_, **__: [] if not programs else pytest.fail("ran"))
    assert replay(capsys, str(recorded)) | {"seconds": 0} == first | {"seconds": 0}


def test_a_choice_does_not_depend_on_the_labels_of_its_own_problem(
    recorded: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with gzip.open(recorded, "rt") as file:
        rows = [json.loads(line) for line in file]
    for sample in rows[3]["samples"]:
        sample["labels"] = None
    rows[3].pop("canonical_solution")
    blind = tmp_path / "blind.jsonl"
    blind.write_text("\n".join(json.dumps(row) for row in rows))
    with_labels, without = replay(capsys, str(recorded)), replay(capsys, str(blind))
    assert without["excluded"] == {"T/3": "no sample has a label", "T/99": "its tests are wrong"}
    assert with_labels["choices"]["T/3"] == without["choices"]["T/3"]  # type: ignore[index]


def test_answers_of_a_person_lead_where_the_majority_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    rows = [problem(number, WRONG, "def f(n):\n    x = 4\n    return x", RIGHT) for number in range(6)]
    for row in rows:
        row["generated_tests"] = []
    path = tmp_path / "hard.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    selectors = replay(capsys, str(path), "--questions", "1")["selectors"]
    assert isinstance(selectors, dict)
    assert selectors["unweighted"] < selectors["with_questions"] == 1.0
    assert selectors["codet"] is None


@pytest.mark.usefixtures("ended_soon")
def test_programs_that_never_end_lose_to_one_that_answers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    path = tmp_path / "endless.jsonl"
    path.write_text(json.dumps(problem(1, ENDLESS, ENDLESS.replace("n != 2", "n > 2"), RIGHT, BROKEN)))
    assert replay(capsys, str(path))["choices"] == {"T/1": [[2, 1.0]]}


def test_with_one_model_there_is_no_best_of_them(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = replay(capsys, str(recorded), "--models", "m0")
    assert {name for name, value in found["selectors"].items() if value is None} == {  # type: ignore[attr-defined]
        *("best_single", "examples_best", "with_questions")
    }
    assert (found["gain"]["best_single"], found["gain"]["examples_best"]) == (None, None)


def test_named_models_clones_and_wrong_tests_change_the_pool(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replay(capsys, str(recorded), "--models", "m0,m1", "--clone", "m1:3", "--flip-tests", "1")
    assert found["pool"] == ["m0", "m1", "m1 (clone 1)", "m1 (clone 2)", "m1 (clone 3)"]


def test_for_people_there_is_a_table(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["consensus", "replay", str(recorded)]) == Exit.OK
    printed = capsys.readouterr()
    assert "12 problems scored of 13, 4 models, label plus\n  pool: m0, m1, m2, m3\n" in printed.out
    assert "13 of 13 problems have been run." in printed.err


@pytest.mark.slow
def test_the_calibration_is_fitted_again_from_files(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["consensus", "calibrate", str(recorded), "--draws", "3"]
    assert main([*arguments, "--json"]) == Exit.OK
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["public"]["sources"] == ["recorded"]
    assert found["public"]["problems"] == 12
    assert 0 < found["public"]["choices"] <= 36
    assert set(found["public"]["slopes"]) == {"rivals", "passing", "agreement", "examples", "failed", "tests", "trust"}
    assert set(found["sizes"]) <= {"2", "3", "4"}
    assert main(arguments) == Exit.OK
    assert "pools of 2" in capsys.readouterr().out
    assert main([*arguments, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == found


def test_a_file_that_is_no_record_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    assert main(["consensus", "replay", str(tmp_path / "nowhere.jsonl")]) == Exit.FAILED
    (tmp_path / "text.jsonl").write_text("hello")
    assert main(["consensus", "replay", str(tmp_path / "text.jsonl")]) == Exit.FAILED
    (tmp_path / "cut.gz").write_bytes(b"no gzip")
    assert main(["consensus", "replay", str(tmp_path / "cut.gz")]) == Exit.FAILED
    assert "The file is not JSON Lines" in capsys.readouterr().err


def written(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8-sig")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    return tmp_path


def test_an_example_that_is_no_plain_call_decides_as_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examples = [
        "import math\nassert math.isclose(f(3), 6.0, rel_tol=0.001)",
        "assert set([f(3)]) == {6}",
        "with pytest.raises(TypeError): f(None)",
        "assert [f(n) for n in range(3)] == [0, 2, 4]",
    ]
    rows = [
        {
            **problem(number, WRONG, WRONG.replace("4", "(4)"), RIGHT),
            "examples_in_prompt": [{"call": None, "expected": None, "assert_line": example}],
            "generated_tests": [],
        }
        for number, example in enumerate(examples)
    ]
    found = replay(capsys, written(folder / "odd.jsonl", rows))
    assert found["choices"] == {f"T/{number}": [[2, 1.0]] for number in range(4)}


def test_a_line_needs_no_more_than_its_id_its_entry_and_its_samples(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = {
        "task_id": 7,
        "entry_point": "f",
        "samples": [{"model": "m0", "code": None}, {"model": "m1", "code": RIGHT}],
    }
    rows = [problem(1, RIGHT, WRONG), bare, {**problem(2, RIGHT, TWIN), "prompt": "one\u2028line\x85", "samples": []}]
    rows.append(problem(3, 'def f(n): return "\ud800"', RIGHT))
    path = folder / "bare.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    found = replay(capsys, str(path))
    assert found["excluded"] == {"7": "no sample has a label", "T/2": "it has no sample"}
    assert set(found["choices"]) == {"T/1", "7", "T/3"}  # type: ignore[call-overload]


def test_a_problem_without_a_named_model_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [problem(1, RIGHT, WRONG, TWIN), problem(2, RIGHT)]
    for row in rows:
        for sample in row["samples"]:  # type: ignore[attr-defined]
            if sample["model"] == "m1":
                sample["labels"] = {"base": True}
    found = replay(capsys, written(folder / "few.jsonl", rows), "--models", "m1")
    assert found["label"] == "plus"
    assert found["excluded"] == {"T/1": "no sample has a label", "T/2": "no sample of m1"}
    assert found["calibration"] == {"ece": None, "coverage_at_95": None}


def test_executions_count_each_program_on_each_input_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = problem(1, RIGHT, WRONG, BROKEN)
    test = once["generated_tests"][0]  # type: ignore[index]
    twice = {**once, "generated_tests": [test, {**test, "expected": "11"}]}
    twice["samples"] = [*once["samples"], {**once["samples"][0], "model": "m9"}]  # type: ignore[index, misc]
    counts = [
        replay(capsys, written(folder / f"{name}.jsonl", [row]))["executions"]
        for name, row in (("once", once), ("twice", twice))
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("rows", "arguments", "sentence"),
    [
        ([], (), "The file holds no recorded problem."),
        ([problem(1, RIGHT), problem(1, WRONG)], (), "T/1 stands in the file twice."),
        ([{**problem(1, RIGHT), "entry_point": None}], (), "T/1 is no recorded problem: None is no text."),
        ([{"task_id": "T/1", "entry_point": "f"}], (), "T/1 is no recorded problem: it has no 'samples'."),
        ([problem(1, RIGHT)], ("--clone", "m1:3"), "No sample is of m1, so it cannot be copied."),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_a_sentence(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    rows: list[dict[str, object]],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    assert main(["consensus", "replay", written(folder / "refused.jsonl", rows), *arguments]) == Exit.FAILED
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("--questions", "-1"), ("--clone", "m1:0"), ("--clone", "m1")])
def test_numbers_that_mean_nothing_are_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["consensus", "replay", written(folder / "one.jsonl", [problem(1, RIGHT)]), *arguments])
    assert ended.value.code == Exit.USAGE
    assert arguments[0] in capsys.readouterr().err
