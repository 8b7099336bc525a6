"""Suites that judge themselves: what is believed of their reports."""

from __future__ import annotations

import pytest

from apps.checks.services import is_judge_path, suite_run, suite_test_names
from apps.checks.types import MeasurementFailed
from apps.sandbox.services import Limits

LIMITS = Limits(wall_s=30, cpu_s=30, memory_mb=2048, processes=32, files=128, inodes=4096)
WRONG = b"from shop import price\n\n\ndef test_price():\n    assert price(250) == 2.5\n"


def with_code(code: str) -> dict[str, bytes]:
    return {"shop.py": code.encode(), "test_shop.py": WRONG}


def test_outcomes_are_counted_and_failures_named() -> None:
    seen = suite_run(with_code("def price(cents): return cents"), limits=LIMITS)
    assert (seen.passed, seen.failed, seen.skipped, seen.errors) == (0, 1, 0, 0)
    assert [failure.test for failure in seen.failures] == ["test_shop.py::test_price"]
    assert seen.files == ()


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_ending_the_process_early_is_no_verdict(code: str) -> None:
    try:
        seen = suite_run(with_code(code), limits=LIMITS)
    except MeasurementFailed:
        return
    assert seen.passed == 0 and seen.errors > 0


@pytest.mark.parametrize(
    "code",
    [
        # Every report says passed.
        "import _pytest.reports as r\n"
        "make = r.TestReport.from_item_and_call.__func__\n"
        "def bent(cls, item, call):\n    call.excinfo = None\n    return make(cls, item, call)\n"
        "r.TestReport.from_item_and_call = classmethod(bent)",
        # Test functions are not called at all.
        "import _pytest.python as p\np.Function.runtest = lambda self: None",
        # Failures become skips.
        "import _pytest.python as p, pytest\nrun = p.Function.runtest\n"
        "def bent(self):\n    try: run(self)\n    except BaseException: pytest.skip('later')\n"
        "p.Function.runtest = bent",
    ],
)
def test_a_pytest_that_was_bent_for_every_test_is_found_out(code: str) -> None:
    with pytest.raises(MeasurementFailed, match="tampered"):
        suite_run(with_code(code + "\ndef price(cents): return cents"), limits=LIMITS)


def test_a_test_that_leaves_others_out_is_found_out() -> None:
    dropping = "def pytest_collection_modifyitems(items): items[:] = [one for one in items if 'price' not in one.name]"
    files = with_code("def price(cents): return cents") | {
        "conftest.py": dropping.encode(),
        "test_other.py": b"def test_other(): pass\n",
    }
    with pytest.raises(MeasurementFailed, match=r"test_shop\.py::test_price"):
        suite_run(files, expected=["test_shop.py::test_price"], limits=LIMITS)


def test_a_report_that_was_forged_in_a_guessed_place_is_not_read() -> None:
    forged = (
        "import glob, os\nfor place in glob.glob('.nofx-*'): open(place + '/report.json', 'w').write('{}')\nos._exit(0)"
    )
    with pytest.raises(MeasurementFailed, match="tampered"):
        suite_run(with_code(forged), limits=LIMITS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("'[' * 100_000", "not readable"),
        ("'{' + chr(34) + 'outcomes' + chr(34) + ': 1e999}'", "tampered"),
        ("'[],' * 6_000_000", "larger than 16 MB"),
    ],
)
def test_a_report_made_to_harm_its_reader_is_refused(content: str, reason: str) -> None:
    forged = f"import glob, os\nopen(glob.glob('.nofx-*')[0] + '/report.json', 'w').write({content})\nos._exit(0)"
    with pytest.raises(MeasurementFailed, match=reason):
        suite_run(with_code(forged), limits=Limits(wall_s=30, cpu_s=30, memory_mb=2048, file_mb=32, disk_mb=64))


def test_a_report_whose_numbers_are_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def forged(result: object, path: str) -> dict[str, object]:
        return {"outcomes": {}, "errors": float("inf"), "exit": 0, "failures": [], "files": {}}

    monkeypatch.setattr("apps.checks.gateways.suite._report", forged)
    monkeypatch.setattr("apps.checks.gateways.suite._outcomes", lambda report, canaries: {"a::b": "passed"})
    with pytest.raises(MeasurementFailed, match="tampered"):
        suite_run(with_code(""), limits=LIMITS)


def test_a_tree_whose_configuration_pytest_refuses_says_so() -> None:
    files = with_code("") | {"pytest.ini": b"[pytest]\nminversion = 99.0\n"}
    with pytest.raises(MeasurementFailed, match="could not start"):
        suite_run(files, limits=LIMITS)


def test_expected_tests_are_read_from_the_text_alone() -> None:
    names = suite_test_names(
        {"tests/test_a.py": "def test_x(): ...\ndef helper(): ...", "conftest.py": "def test_no(): ..."}
    )
    assert names == {"tests/test_a.py::test_x"}


@pytest.mark.parametrize("path", ["conftest.py", "tests/conftest.py", "pyproject.toml", "a/sitecustomize.py", "x.pth"])
def test_what_decides_how_tests_are_judged_is_known_by_its_name(path: str) -> None:
    assert is_judge_path(path)
    assert not is_judge_path(f"{path}.txt")
