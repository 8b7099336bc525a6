"""Measuring a tree's tests in the sandbox."""

from __future__ import annotations

import pytest

from apps.checks import services
from apps.checks.types import MeasurementFailed
from apps.sandbox.services import Limits

SHOP = b"def price(cents):\n    if cents < 0:\n        raise ValueError('negative')\n    return cents / 100\n"
TESTS = b"from shop.prices import price\n\n\ndef test_price():\n    assert price(250) == 2.5\n"
LIMITS = Limits(wall_s=30, cpu_s=30, memory_mb=2048, processes=32, files=128, inodes=4096)


def test_lines_and_branches_that_no_test_reaches_are_named() -> None:
    files = {"shop/__init__.py": b"", "shop/prices.py": SHOP, "shop/idle.py": b"X = 1\n", "tests/test_prices.py": TESTS}
    seen = services.coverage_measure(files, limits=LIMITS)
    by_path = {file.path: file for file in seen.files}
    assert (seen.passed, seen.failed, seen.errors) == (1, 0, 0)
    assert by_path["shop/prices.py"].missing_lines == (3,)
    assert (by_path["shop/prices.py"].branches, by_path["shop/prices.py"].missing_branches) == (2, 1)
    assert by_path["shop/idle.py"].missing_lines == (1,)
    assert "tests/test_prices.py" not in by_path
    assert seen.line_percent == pytest.approx(60)
    assert seen.branch_percent == pytest.approx(50)


def test_a_src_layout_and_a_hostile_configuration_are_measured_all_the_same() -> None:
    files = {
        "src/shop/__init__.py": b"",
        "src/shop/prices.py": SHOP,
        "tests/test_prices.py": TESTS,
        "pyproject.toml": b"[tool.pytest.ini_options]\naddopts = '--cov'\n[tool.coverage.run]\nomit = ['*']\n",
        ".coveragerc": b"[run]\nomit = *\n",
    }
    seen = services.coverage_measure(files, limits=LIMITS)
    assert [(file.path, file.missing_lines) for file in seen.files if file.statements] == [("src/shop/prices.py", (3,))]


def test_failing_tests_keep_their_reason_and_properties_their_smallest_input() -> None:
    tests = (
        b"from hypothesis import given, strategies as st\nfrom prices import price\n\n\n"
        b"@given(cents=st.integers())\ndef test_never_raises(cents):\n    price(cents)\n\n\n"
        b"def test_wrong():\n    assert price(1) == 1\n"
    )
    seen = services.coverage_measure({"prices.py": SHOP, "test_prices.py": tests}, limits=LIMITS)
    assert seen.failed == 2
    never_raises = seen.failures[0]
    assert never_raises.test == "test_prices.py::test_never_raises"
    assert (never_raises.error, never_raises.input) == ("ValueError: negative", "cents=-1")
    assert seen.failures[1].error.startswith("AssertionError")


def test_a_test_module_that_cannot_be_imported_counts_as_an_error() -> None:
    seen = services.coverage_measure({"prices.py": SHOP, "test_prices.py": b"import nowhere\n"}, limits=LIMITS)
    assert (seen.tests_run, seen.errors) == (0, 1)
    assert seen.failures[0].error == "ModuleNotFoundError: No module named 'nowhere'"


def test_a_tree_without_tests_has_no_figure() -> None:
    with pytest.raises(MeasurementFailed, match="found no test"):
        services.coverage_measure({"prices.py": SHOP}, limits=LIMITS)


@pytest.mark.slow
def test_tests_that_never_end_have_no_figure() -> None:
    endless = b"def test_endless():\n    while True:\n        pass\n"
    limits = Limits(wall_s=3, cpu_s=30, memory_mb=2048, processes=32, files=128, inodes=4096)
    with pytest.raises(MeasurementFailed, match="did not end in time"):
        services.coverage_measure({"test_endless.py": endless}, limits=limits)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.py", True),
        ("pkg/test_a.py", True),
        ("pkg/a_test.py", True),
        ("conftest.py", True),
        ("pkg/attest.py", False),
    ],
)
def test_test_files_are_known_by_their_names(path: str, expected: bool) -> None:
    assert services.is_test_path(path) is expected


def test_one_endless_test_is_stopped_with_its_input_and_the_others_still_run() -> None:
    tests = (
        b"from hypothesis import given, strategies as st\n\n\n"
        b"@given(n=st.integers())\ndef test_endless(n):\n    while n > 0:\n        pass\n\n\n"
        b"def test_quick():\n    assert True\n"
    )
    seen = services.coverage_measure({"test_two.py": tests}, limits=LIMITS, test_seconds=1)
    assert (seen.passed, seen.failed) == (1, 1)
    assert seen.failures[0].error == "TooSlow: It took more than 1 seconds."
    assert seen.failures[0].input.startswith("n=")
