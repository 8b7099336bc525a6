"""
Checks of code that nobody trusts: lint, types, security, complexity, safe fixes, imports, public interface.

The tools parse; nothing here runs the code. They are started once for any number of texts, because starting them
takes longer than reading a text.
"""

from __future__ import annotations

import ast
import re
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING

from apps.checks.gateways import (
    bandit,
    complexity,
    grimp,
    javascript,
    mypy,
    nodesuite,
    pydoclint,
    ruff,
    suite,
)
from apps.checks.gateways.process import ToolFailed
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import MAX_SOURCE_BYTES, Workspace, is_test_path, workspace
from apps.checks.services.results import result_of
from apps.checks.types import (
    CheckResult,
    CodeUnreadable,
    DocstringStyle,
    Documented,
    Finding,
    FixedSource,
    FunctionComplexity,
    ImportGraph,
    JavaScriptSource,
    TestMeasurement,
    Unparsable,
    plain_text,
)
from apps.core.lazy import lazy_module
from apps.sandbox.services import COMMAND_LIMITS, Limits

if TYPE_CHECKING:
    from apps.checks.gateways import griffe
else:
    griffe = lazy_module("apps.checks.gateways.griffe")

JUDGES = frozenset(
    (
        "conftest.py", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "pytest.py",
        "sitecustomize.py", "usercustomize.py",
    )
)  # fmt: skip
TOOLS = (ruff, mypy, bandit)
SOURCE_TIMEOUT_S = 60.0
TREE_TIMEOUT_S = 180.0
FIX_TIMEOUT_S = 20.0
GRAPH_TIMEOUT_S = 60.0
DOCSTRINGS_TIMEOUT_S = 60.0
_STYLES: dict[DocstringStyle, re.Pattern[str]] = {
    "sphinx": re.compile(r"^\s*:(?:param|return|returns|raises|rtype)\b[^:\n]*:", re.MULTILINE),
    "google": re.compile(r"^\s*(?:Args|Arguments|Returns|Raises|Yields):[ \t]*$", re.MULTILINE),
    "numpy": re.compile(r"^\s*(?:Parameters|Returns|Raises|Yields)[ \t]*\n\s*-{3,}[ \t]*$", re.MULTILINE),
}
_NO_PARSE = "The text does not parse, so it was not looked at."


def check_source(source: str, *, filename: str) -> tuple[CheckResult, ...]:
    """
    Check one text by every tool; see :func:`check_sources`.

    ``filename`` only names the findings.
    """
    return check_sources({filename: source})[filename]


def check_sources(sources: Mapping[str, str]) -> Mapping[str, tuple[CheckResult, ...]]:
    """
    Check texts that have nothing to do with each other, such as candidates, with one process for each tool.

    Comments by which a text would silence a tool do not count. A text that crashes a tool, or makes it run out of
    time, gets the status ``error`` and leaves the results of the others as they are.
    """
    results: dict[str, tuple[CheckResult, ...]] = {
        name: _all_errors(f"The text is larger than {MAX_SOURCE_BYTES // 2**20} MiB.")
        for name, text in sources.items()
        if len(text.encode(errors="replace")) > MAX_SOURCE_BYTES
    }
    # Our own file names: two candidates may share one, and a name given by others is no path.
    names = {f"text_{number:04}.py": name for number, name in enumerate(sources) if name not in results}
    with workspace({path: sources[name] for path, name in names.items()}, honours_suppressions=False) as place:
        by_tool = _run_tools(place, list(names), honours_suppressions=False, timeout_s=SOURCE_TIMEOUT_S)
    for path, name in names.items():
        results[name] = tuple(
            result_of(tool, _part(report, path, name), seconds / len(names)) for tool, report, seconds in by_tool
        )
    return {name: results[name] for name in sources}


def check_tree(files: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """
    Check the Python files of one repository together (path to text); other files are left out.

    Suppressions on a line (``noqa``, ``nosec``, ``type: ignore``) are the repository's own decision and count.

    :raises UnsafePath: a path leaves the repository.
    """
    python_files = {path: text for path, text in files.items() if path.endswith((".py", ".pyi"))}
    if not python_files:
        return _all_errors("There is no Python file to check.")
    with workspace(python_files, honours_suppressions=True) as place:
        paths = [f"{PurePosixPath(path)}" for path in python_files]
        by_tool = _run_tools(place, paths, honours_suppressions=True, timeout_s=TREE_TIMEOUT_S, is_one_program=True)
    return tuple(result_of(tool, report, seconds) for tool, report, seconds in by_tool)


def javascript_check(sources: Mapping[str, JavaScriptSource]) -> Mapping[str, tuple[CheckResult, ...]]:
    """
    Check texts in JavaScript and TypeScript (by name): likely faults, types, insecure code, syntax by node.

    Comments by which a text would silence a rule do not count.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code, or has no node.
    """
    return javascript.check(sources)


def javascript_suite_run(
    files: Mapping[str, bytes],
    *,
    tests: Collection[str],
    imports: Collection[str],
    expected: Mapping[str, Collection[str]],
    covered: Collection[str] | None = None,
) -> TestMeasurement:
    """
    Run files of tests with ``node --test`` in the sandbox; see :func:`suite_run`. Lines of *covered* are counted.

    :raises MeasurementFailed: there is no test, the run did not reach its end, or its report cannot be believed.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    return nodesuite.run(files, tests=tests, imports=imports, expected=expected, covered=covered)


def complexity_measure(source: str) -> tuple[FunctionComplexity, ...]:
    """
    Return the cyclomatic complexity of every function of a text.

    :raises Unparsable: the text is not Python that can be analysed.
    """
    return complexity.measure(source)


def safe_fixes(source: str) -> FixedSource:
    """
    Return the text after the linter's safe fixes, with a list of them.

    :raises Unparsable: the linter could not read the text.
    """
    with tempfile.TemporaryDirectory(prefix="nofx-fix-") as home:
        try:
            return ruff.fix(source, home=Path(home), timeout_s=FIX_TIMEOUT_S)
        except ToolFailed as error:
            raise Unparsable(str(error)) from error


def coverage_measure(
    files: Mapping[str, bytes],
    *,
    sources: Collection[str] | None = None,
    arguments: Sequence[str] = (),
    limits: Limits = COMMAND_LIMITS,
    test_seconds: float = 20.0,
) -> TestMeasurement:
    """
    Run the pytest tests of a tree (path to content) in the sandbox under coverage.py; takes as long as the tests do.

    Counted are the statements and branches of ``sources``; without it, of every Python file that is no test (see
    :func:`is_test_path`), whether a test imports it or not. A test that takes longer than
    ``test_seconds`` fails. The tree's own coverage configuration is not read and the
    ``addopts`` of its pytest configuration are dropped, so that figures of different trees mean the same. The figures
    come from the process that ran the code: good for watching a repository, no proof about a candidate.

    :raises MeasurementFailed: there is no test, or the run did not reach its end.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    if sources is None:
        sources = [path for path in files if path.endswith(".py") and not is_test_path(path)]
    return suite.run(files, sources=sources, arguments=arguments, limits=limits, test_seconds=test_seconds)


def suite_run(
    files: Mapping[str, bytes],
    *,
    expected: Collection[str] = (),
    limits: Limits = COMMAND_LIMITS,
    test_seconds: float = 60.0,
) -> TestMeasurement:
    """
    Run the pytest tests of a tree in the sandbox, without coverage; otherwise like :func:`coverage_measure`.

    ``expected`` names tests (see :func:`suite_test_names`) that must have been run or skipped.

    :raises MeasurementFailed: there is no test, the run did not reach its end, or its report cannot be believed.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    return suite.run(files, arguments=(), expected=expected, limits=limits, test_seconds=test_seconds)


def suite_test_names(files: Mapping[str, str]) -> frozenset[str]:
    """Return the test functions at the top of test modules (path to text) as pytest names them; nothing is run."""
    return frozenset(
        f"{path}::{node.name}"
        for path, text in files.items()
        if is_test_path(path) and PurePosixPath(path).name != "conftest.py"
        for node in _statements(text)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def _statements(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return []  # pytest reports the error


def is_judge_path(path: str) -> bool:
    """Say whether a file decides how tests are found or judged, so that a generated change must not touch it."""
    name = PurePosixPath(path).name
    return name in JUDGES or name.endswith(".pth")


def import_graph(files: Mapping[str, str]) -> ImportGraph:
    """
    Return the modules of the packages that stand at the root or in ``src``, and the imports between them.

    Nothing is run. Takes about a second for a hundred modules.

    :raises CodeUnreadable: there is no package, a file does not parse, or grimp failed.
    """
    try:
        return grimp.build(files, timeout_s=GRAPH_TIMEOUT_S)
    except ToolFailed as error:
        raise CodeUnreadable(error.message, remedy="Put that right and commit it, then analyse again.") from error


def public_interface(files: Mapping[str, str]) -> tuple[Documented, ...]:
    """Return the public functions, methods and classes of the Python files; a file that does not parse has none."""
    return tuple(
        replace(item, signature=plain_text(item.signature), docstring=plain_text(item.docstring))
        for item in griffe.public_interface({path: text for path, text in files.items() if plain_text(path) == path})
    )


def docstring_style(docstrings: Iterable[str]) -> DocstringStyle:
    """Return the style in which most of the docstrings name their parameters; Sphinx's where none does."""
    texts = list(docstrings)
    counts = {style: sum(bool(pattern.search(text)) for text in texts) for style, pattern in _STYLES.items()}
    return max(counts, key=lambda style: counts[style])


def docstrings_check(files: Mapping[str, str], *, style: DocstringStyle) -> tuple[Finding, ...]:
    """
    Return where docstrings leave out or contradict what their signatures say, by path and line.

    One-line docstrings are held to nothing.

    :raises CodeUnreadable: pydoclint failed.
    :raises UnsafePath: a path leaves the repository.
    """
    try:
        found = pydoclint.check(files, style=style, timeout_s=DOCSTRINGS_TIMEOUT_S)
    except ToolFailed as error:
        raise CodeUnreadable(error.message, remedy="Try again; if it stays, a file is too large to check.") from error
    plain = {replace(finding, message=plain_text(finding.message)) for finding in found}
    return tuple(sorted(plain, key=lambda one: (one.path, one.line, one.rule, one.message)))


def _run_tools(
    place: Workspace,
    paths: list[str],
    *,
    honours_suppressions: bool,
    timeout_s: float,
    is_one_program: bool = False,
) -> list[tuple[ModuleType, Report, float]]:
    """Run the linter first: the other tools are not given a text that does not parse, which would stop them."""
    outcomes: list[tuple[ModuleType, Report, float]] = []
    unparsable: set[str] = set()
    for tool in TOOLS:
        started = time.monotonic()
        readable = [path for path in paths if path not in unparsable]
        report = Report(unchecked=dict.fromkeys(sorted(unparsable), _NO_PARSE))
        if readable:
            report += _run_tool(
                tool,
                place,
                readable,
                honours_suppressions=honours_suppressions,
                deadline=started + timeout_s,
                may_split=not is_one_program or tool is not mypy,
            )
        outcomes.append((tool, report, time.monotonic() - started))
        if tool is ruff:
            unparsable = {finding.path for finding in report.findings if finding.rule == ruff.SYNTAX}
    return outcomes


def _run_tool(
    tool: ModuleType,
    place: Workspace,
    paths: Sequence[str],
    *,
    honours_suppressions: bool,
    deadline: float,
    may_split: bool,
) -> Report:
    """Run a tool; when it fails on many texts, find those that make it fail by halves, until the time is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        return Report(unchecked=dict.fromkeys(paths, f"{tool.TOOL} had no time left."))
    # A first try on many texts leaves time to find the one that hangs the tool.
    is_many = may_split and len(paths) > 1
    try:
        report: Report = tool.check(
            place, paths, honours_suppressions=honours_suppressions, timeout_s=left / 2 if is_many else left
        )
    except ToolFailed as error:
        if not is_many:
            return Report(unchecked=dict.fromkeys(paths, error.message))
    else:
        was_stopped = tool is mypy and bool(report.unchecked) and is_many
        if not was_stopped:
            return report
    middle = len(paths) // 2
    halves = [
        _run_tool(tool, place, half, honours_suppressions=honours_suppressions, deadline=deadline, may_split=may_split)
        for half in (paths[:middle], paths[middle:])
    ]
    return halves[0] + halves[1]


def _part(report: Report, path: str, name: str) -> Report:
    """Return what a report says about one text, under the name the caller gave it."""
    module = path.removesuffix(".py")
    stem = PurePosixPath(name).stem or name
    mine = [finding for finding in report.findings if finding.path == path]
    return Report(
        tuple(replace(finding, path=name, message=finding.message.replace(module, stem)) for finding in mine),
        {name: report.unchecked[path]} if path in report.unchecked else {},
    )


def _all_errors(reason: str) -> tuple[CheckResult, ...]:
    return tuple(CheckResult(tool.TOOL, tool.version(), "error", (), 0.0, reason) for tool in TOOLS)
