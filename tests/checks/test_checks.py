"""Checks of code nobody trusts: what they find, what they refuse to be told, what they survive."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import pytest

from apps.checks import services
from apps.checks.gateways import bandit, mypy, ruff
from apps.checks.gateways.process import ToolFailed, python_tool, tool_run
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import Workspace, workspace
from apps.checks.types import CheckResult, Unparsable, UnsafePath

GOOD = 'def double(number: int) -> int:\n    """Return twice the number."""\n    return number * 2\n'
WRONG_TYPE = "def name(number: int) -> str:\n    return number\n"
UNUSED = "import os\n\n\ndef one() -> int:\n    return 1\n"
SHELL = "import subprocess\n\n\ndef run(text: str) -> int:\n    return subprocess.call(text, shell=True)\n"
BROKEN = "def half(:\n"


def by_tool(results: Sequence[CheckResult]) -> dict[str, CheckResult]:
    return {result.tool: result for result in results}


def test_clean_code_passes_every_tool_and_each_names_its_version() -> None:
    results = services.check_source(GOOD, filename="double.py")
    assert [(result.tool, result.status, result.reason) for result in results] == [
        ("ruff", "passed", ""),
        ("mypy", "passed", ""),
        ("bandit", "passed", ""),
    ]
    assert all(result.version for result in results)


def test_each_tool_finds_its_own_kind_of_fault_at_its_place() -> None:
    found = services.check_sources({"types.py": WRONG_TYPE, "lint.py": UNUSED, "shell.py": SHELL})
    [wrong] = by_tool(found["types.py"])["mypy"].findings
    assert (wrong.rule, wrong.path, wrong.line, wrong.severity) == ("return-value", "types.py", 2, "medium")
    [unused] = by_tool(found["lint.py"])["ruff"].findings
    assert (unused.rule, unused.line, unused.column) == ("F401", 1, 8)
    shell = by_tool(found["shell.py"])["bandit"]
    assert shell.status == "failed"
    assert ("B602", "high") in {(finding.rule, finding.severity) for finding in shell.findings}
    assert by_tool(found["types.py"])["ruff"].status == "passed"
    assert by_tool(found["lint.py"])["mypy"].status == "passed"


def test_a_low_security_finding_is_listed_and_does_not_fail() -> None:
    result = by_tool(services.check_source("import subprocess\n\nprint(subprocess)\n", filename="a.py"))["bandit"]
    assert result.status == "passed"
    assert [finding.severity for finding in result.findings] == ["low"]


def test_an_assert_is_a_finding_in_code_and_none_in_a_test() -> None:
    files = {"shop.py": "assert True\n", "tests/test_shop.py": "assert True\n"}
    assert [finding.path for finding in by_tool(services.check_tree(files))["bandit"].findings] == ["shop.py"]


def test_text_that_does_not_parse_fails_the_linter_and_is_an_error_for_the_others() -> None:
    found = services.check_sources({"broken.py": BROKEN, "good.py": GOOD, "types.py": WRONG_TYPE})
    broken = by_tool(found["broken.py"])
    assert (broken["ruff"].status, broken["mypy"].status, broken["bandit"].status) == ("failed", "error", "error")
    assert "does not parse" in broken["mypy"].reason
    assert {result.status for result in found["good.py"]} == {"passed"}
    assert by_tool(found["types.py"])["mypy"].status == "failed"


def test_an_error_that_stops_mypy_in_one_text_leaves_the_others_checked() -> None:
    stops_mypy = "def outer() -> None:\n    x: int = 1\n    def inner() -> None:\n        nonlocal y\n    inner()\n"
    found = services.check_sources({"a.py": stops_mypy, "b.py": WRONG_TYPE, "c.py": GOOD})
    assert by_tool(found["b.py"])["mypy"].findings[0].rule == "return-value"
    assert by_tool(found["c.py"])["mypy"].status == "passed"


@pytest.mark.parametrize(
    ("source", "tool"),
    [
        ("import os  # noqa\n", "ruff"),
        ("# ruff: noqa\nimport os\n", "ruff"),
        ("# mypy: ignore-errors\ndef name(number: int) -> str:\n    return number\n", "mypy"),
        ("def name(number: int) -> str:\n    return number  # type: ignore\n", "mypy"),
        ("# type: ignore\ndef name(number: int) -> str:\n    return number\n", "mypy"),
        ("import subprocess\n\nsubprocess.call(input(), shell=True)  # nosec\n", "bandit"),
    ],
)
def test_a_candidate_cannot_silence_a_tool_by_a_comment(source: str, tool: str) -> None:
    assert by_tool(services.check_source(source, filename="a.py"))[tool].status == "failed"


def test_a_repository_may_suppress_a_finding_on_its_line_but_not_reconfigure_mypy() -> None:
    kept = by_tool(
        services.check_tree(
            {"a.py": "import os  # noqa: F401\n", "b.py": WRONG_TYPE.replace("number\n", "number  # type: ignore\n")}
        )
    )
    assert (kept["ruff"].status, kept["mypy"].status) == ("passed", "passed")
    told = by_tool(services.check_tree({"b.py": f"# mypy: ignore-errors\n{WRONG_TYPE}"}))
    assert told["mypy"].status == "failed"


def test_a_tree_is_checked_as_one_program_with_its_own_imports() -> None:
    files = {
        "src/shop/__init__.py": "",
        "src/shop/price.py": "def price(cents: int) -> int:\n    return cents\n",
        "tests/test_price.py": "from shop.price import price\n\nprice('x')\n",
    }
    [finding] = by_tool(services.check_tree(files))["mypy"].findings
    assert (finding.path, finding.rule) == ("tests/test_price.py", "arg-type")


def test_no_configuration_or_module_of_the_tree_is_picked_up_or_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    marker = tmp_path_factory.mktemp("marker") / "was_run"
    evil = f"open({str(marker)!r}, 'w').close()\n"
    names = ("mypy.py", "json.py", "ast.py", "sitecustomize.py", "bandit/__init__.py", "plugin.py", "conftest.py")
    files = dict.fromkeys(names, evil) | {
        "mypy.ini": "[mypy]\nplugins = plugin.py\nignore_errors = True\n",
        "pyproject.toml": "[tool.ruff]\nexclude = ['*.py']\n[tool.mypy]\nplugins = ['plugin.py']\n",
        ".bandit": "[bandit]\nexclude = /\n",
        "wrong.py": WRONG_TYPE + "import os\n",
    }
    results = by_tool(services.check_tree(files))
    assert not marker.exists()
    assert results["ruff"].status == results["mypy"].status == "failed"


@pytest.mark.parametrize(
    "path", ["../up.py", "/etc/x.py", "a/../../x.py", "a\nb.py", "a\\b.py", "x" * 300 + ".py", "a\0.py"]
)
def test_a_path_that_leaves_its_folder_is_refused(path: str) -> None:
    with pytest.raises(UnsafePath):
        services.check_tree({path: GOOD})


def test_a_tree_without_python_is_an_error_and_not_a_pass() -> None:
    assert {result.status for result in services.check_tree({"README.md": "# Read me"})} == {"error"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b.py", "", "x" * 1000])
def test_the_name_of_a_single_text_is_only_a_label(name: str) -> None:
    assert {finding.path for finding in services.check_source(UNUSED, filename=name)[0].findings} == {name}


def test_deep_nesting_surrogates_and_nul_bytes_never_pass_and_never_spoil_the_others() -> None:
    sources = {
        "deep.py": "x = " + "(" * 20_000 + ")" * 20_000,
        "deep_lists.py": "x = " + "[" * 5_000 + "]" * 5_000,
        "long_sum.py": "x = " + "+".join(["1"] * 50_000),
        "surrogate.py": "x = '\ud800'\ny: int = ''\n",
        "nul.py": "x = 1\0\n",
        "wrong.py": WRONG_TYPE,
    }
    found = services.check_sources(sources)
    assert by_tool(found["wrong.py"])["mypy"].status == "failed"
    assert by_tool(found["wrong.py"])["bandit"].status == "passed"
    for name in ("deep.py", "nul.py"):
        assert {"failed", "error"} & {result.status for result in found[name]}, name


def test_a_text_beyond_the_size_limit_is_an_error() -> None:
    found = services.check_sources({"big.py": "#" * (2**20 + 1), "good.py": GOOD})
    assert {result.status for result in found["big.py"]} == {"error"}
    assert {result.status for result in found["good.py"]} == {"passed"}


@pytest.mark.parametrize(
    "tool", [ruff, pytest.param(mypy, marks=pytest.mark.slow), pytest.param(bandit, marks=pytest.mark.slow)]
)
def test_a_tool_that_crashes_on_one_text_is_an_error_for_that_text_only(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tool.check

    def crashes(place: Workspace, paths: Sequence[str], **settings: object) -> Report:
        if any("poison" in (place.root / path).read_text() for path in paths):
            raise ToolFailed("It crashed.")
        report: Report = real(place, paths, **settings)
        return report

    monkeypatch.setattr(tool, "check", crashes)
    found = services.check_sources({f"good{n}.py": GOOD for n in range(4)} | {"bad.py": "poison = 1\n"})
    assert by_tool(found["bad.py"])[tool.TOOL].status == "error"
    assert by_tool(found["bad.py"])[tool.TOOL].reason == "bad.py: It crashed."
    assert all(result.status == "passed" for n in range(4) for result in found[f"good{n}.py"])


def test_a_tool_that_never_ends_is_stopped_and_says_so() -> None:
    with workspace({}, honours_suppressions=False) as place, pytest.raises(ToolFailed, match="stopped after"):
        tool_run(python_tool("timeit", "-n1", "while True: pass"), folder=place.root, home=place.home, timeout_s=0.5)


def test_complexity_counts_branches_of_functions_and_methods() -> None:
    source = (
        "def plain(): return 1\n"
        "class Shop:\n"
        "    def open(self, day):\n"
        "        if day and day > 1 or day < 0:\n"
        "            return 1\n"
        "        return [x for x in day if x]\n"
    )
    found = {item.name: item.complexity for item in services.complexity_measure(source)}
    assert found == {"plain": 1, "Shop.open": 6}


@pytest.mark.parametrize("source", [BROKEN, "x = 1\0", "x = " + "(" * 5_000 + ")" * 5_000])
def test_complexity_of_text_that_does_not_parse_is_refused(source: str) -> None:
    with pytest.raises(Unparsable):
        services.complexity_measure(source)


def test_safe_fixes_remove_an_unused_import_and_list_it() -> None:
    fixed = services.safe_fixes("import os\nimport sys\n\nprint(sys.path)\n")
    assert fixed.source == "import sys\n\nprint(sys.path)\n"
    assert [(fix.rule, fix.line) for fix in fixed.fixes] == [("F401", 1)]


def test_code_without_a_safe_fix_comes_back_as_it_was() -> None:
    assert services.safe_fixes(GOOD).source == GOOD
    assert services.safe_fixes(GOOD).fixes == ()
