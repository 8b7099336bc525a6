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


def test_programs_that_never_end_lose_to_one_that_answers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    path = tmp_path / "endless.jsonl"
    path.write_text(json.dumps(problem(1, ENDLESS, ENDLESS.replace("n != 2", "n > 2"), RIGHT, BROKEN)))
    assert replay(capsys, str(path))["choices"] == {"T/1": [[2, 1.0]]}


def test_named_models_clones_and_wrong_tests_change_the_pool(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replay(capsys, str(recorded), "--models", "m0,m1", "--clone", "m1:3", "--flip-tests", "1")
    assert found["pool"] == ["m0", "m1", "m1 (clone 1)", "m1 (clone 2)", "m1 (clone 3)"]


def test_for_people_there_is_a_table(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["consensus", "replay", str(recorded)]) == Exit.OK
    printed = capsys.readouterr()
    assert "12 problems scored of 13, 4 models, label plus" in printed.out
    assert "13 of 13 problems have been run." in printed.err


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
