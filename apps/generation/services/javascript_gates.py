"""The gates of a pull request in JavaScript or TypeScript: syntax, tests by node, and what the specification asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.checks.services import javascript_check, javascript_suite_run
from apps.checks.types import JavaScriptSource, MeasurementFailed, TestMeasurement, plain_text
from apps.core.javascript import complexity_of
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript, is_test, is_typescript, module_kind
from apps.generation.engine.javascript.tests import test_titles
from apps.generation.engine.specification import QualityRequirement, analyse
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.review_subject import selected_candidate
from apps.repositories.selectors import files_at
from apps.sandbox.services import SpecInvalid

GATE_NAMES = {"ruff": "lint", "mypy": "types", "bandit": "security", "node": "syntax"}
WORST_FIRST = ("error", "failed", "not_checked", "not_applicable")
RUNNER = b"node:test"
SHOWN_FAILURES = 20
NOT_MEASURED = (
    "Nothing here measures this for JavaScript, so nobody knows whether it is met. Two people may override it."
)


def javascript_gates(workspace: Workspace, head_sha: str) -> list[dict[str, Any]]:
    """Return a result for each gate; those of tools that read Python only are not applicable, which is no pass."""
    candidate = selected_candidate(run=workspace.run)
    changed = {path: text for path, text in changed_files(workspace, candidate).items() if is_javascript(path)}
    everything = files_at(workspace.run.repository, head_sha, suffixes=None)
    tree = {path: content for path, content in everything.items() if plain_text(path) == path}
    sources = {path: text for path, text in changed.items() if not is_test(path)}
    asked = analyse(workspace.run.request.specification, target_path=workspace.run.target_path).quality
    wants_coverage = any(one.measure == "coverage" for one in asked)
    tests, seen = _tests_gate(tree, changed, sources if wants_coverage else None)
    return [*_checks(changed, workspace.files), tests, *_figures(asked, workspace.files, sources, seen)]


def _checks(changed: Mapping[str, str], files: Mapping[str, str]) -> list[dict[str, Any]]:
    checked = javascript_check(
        {
            path: JavaScriptSource(text, is_typescript(path), module_kind(path, {**files, **changed}))
            for path, text in changed.items()
        }
    )
    gates = []
    for tool, name in GATE_NAMES.items():
        results = {path: one for path, found in checked.items() for one in found if one.tool == tool}
        findings = [{**finding.as_json(), "path": path} for path, one in results.items() for finding in one.findings]
        statuses = {one.status for one in results.values()}
        status = next((one for one in WORST_FIRST if one in statuses), "passed")
        detail = "; ".join(sorted({one.reason for one in results.values() if one.reason}))
        gates.append({"gate": name, "status": status, "findings": findings, "detail": detail})
    return gates


def _tests_gate(
    tree: Mapping[str, bytes], changed: Mapping[str, str], covered: Mapping[str, str] | None
) -> tuple[dict[str, Any], TestMeasurement | None]:
    gate: dict[str, Any] = {"gate": "tests", "findings": [], "trust": "in_process"}
    tests = [path for path in tree if is_javascript(path) and is_test(path)]
    own = [path for path in tests if RUNNER in tree[path]]
    others = len(tests) - len(own)
    try:
        seen = javascript_suite_run(
            tree,
            tests=own,
            imports=[path for path in changed if not is_test(path)],
            expected={path: test_titles(text) for path, text in changed.items() if is_test(path)},
            covered=None if covered is None else list(covered),
        )
    except (SpecInvalid, MeasurementFailed) as error:
        return gate | {"status": "error", "detail": str(error)}, None
    is_passed = seen.passed and not seen.failed and not seen.errors
    left = f"\n{others} files of tests are for another runner and were not run." if others else ""
    return gate | {
        "status": "passed" if is_passed else "failed",
        "detail": tests_in_words(seen) + left,
        "seconds": round(seen.wall_ms / 1000, 1),
    }, seen


def _figures(
    asked: Sequence[QualityRequirement],
    before: Mapping[str, str],
    sources: Mapping[str, str],
    seen: TestMeasurement | None,
) -> list[dict[str, Any]]:
    """Return a gate for each figure that the specification asks for; the strictest one of a measure counts."""
    strictest: dict[str, float] = {}
    for one in asked:
        if one.at is not None:
            choose = min if one.measure == "complexity" else max
            strictest[one.measure] = choose(strictest.get(one.measure, one.at), one.at)
    return [
        {"gate": measure, "findings": []} | _figure(measure, at, before, sources, seen)
        for measure, at in strictest.items()
    ]


def _figure(
    measure: str, at: float, before: Mapping[str, str], sources: Mapping[str, str], seen: TestMeasurement | None
) -> dict[str, Any]:
    if measure == "complexity":
        return _complexity(at, before, sources)
    if measure != "coverage":
        return {"status": "failed", "detail": f"At least {at:g} % was asked for. {NOT_MEASURED}"}
    percent = seen.line_percent if seen is not None else None
    if percent is None:
        return {"status": "error", "detail": f"At least {at:g} % was asked for. Coverage was not measured."}
    return {
        "status": "passed" if percent >= at else "failed",
        "trust": "in_process",
        "detail": f"{percent:.1f} % of the lines of the changed files run in the tests; {at:g} % was asked for.",
    }


def _complexity(most: float, before: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    """A change answers for the functions that it wrote lines of."""
    findings = [
        {
            "rule": "complexity",
            "message": f"{one.name} has a cyclomatic complexity of {one.complexity}.",
            "path": path,
            "line": one.line,
            "severity": "medium",
        }
        for path, text in sources.items()
        for one in complexity_of(text, is_typed=is_typescript(path))
        if one.complexity > most
        and not changed_lines(before.get(path, ""), text).isdisjoint(range(one.line, one.end_line + 1))
    ]
    return {
        "status": "failed" if findings else "passed",
        "findings": findings,
        "detail": f"At most {most:g} was asked for, for each function that was written or changed.",
    }


def tests_in_words(seen: TestMeasurement) -> str:
    """Return the counts, and a line for each failure."""
    counts = ((seen.passed, "passed"), (seen.failed, "failed"), (seen.skipped, "skipped"), (seen.errors, "errors"))
    lines = [", ".join(f"{number} {word}" for number, word in counts if number)]
    lines += [f"{failure.test}: {failure.error}" for failure in seen.failures[:SHOWN_FAILURES]]
    return "\n".join(lines)
