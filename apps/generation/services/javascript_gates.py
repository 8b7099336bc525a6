"""The gates of a pull request in JavaScript or TypeScript: lint, types, security, syntax, tests by node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from apps.checks.services import javascript_check
from apps.checks.types import Finding, MeasurementFailed, TestMeasurement, plain_text, subject_of
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript, is_test
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files, javascript_source
from apps.generation.services.javascript_quality_gates import suite_seen, tests_of
from apps.generation.services.requirement_gates import gates_of
from apps.generation.services.review_subject import selected_candidate
from apps.repositories.selectors import files_at
from apps.sandbox.services import SpecInvalid

GATE_NAMES = {"lint": "lint", "types": "types", "security": "security", "node": "syntax"}
WORST_FIRST = ("error", "not_checked", "not_applicable")
SHOWN_FAILURES = 20


def javascript_gates(workspace: Workspace, head_sha: str) -> list[dict[str, Any]]:
    """Return a result for each gate; a change answers for the lines it wrote, and what nobody looked at is no pass."""
    candidate = selected_candidate(run=workspace.run)
    changed = {path: text for path, text in changed_files(workspace, candidate).items() if is_javascript(path)}
    everything = files_at(workspace.run.repository, head_sha, suffixes=None)
    tree = {path: content for path, content in everything.items() if plain_text(path) == path}
    return [*_checks(changed, workspace.files), _tests_gate(tree, changed), *gates_of(workspace.run, candidate)]


def _checks(changed: Mapping[str, str], files: Mapping[str, str]) -> list[dict[str, Any]]:
    around = {**files, **changed}
    checked = javascript_check({path: javascript_source(path, text, around) for path, text in changed.items()})
    gates = []
    for subject, name in GATE_NAMES.items():
        results = {path: one for path, found in checked.items() for one in found if subject_of(one.tool) == subject}
        findings = [
            {**finding.as_json(), "path": path}
            for path, one in results.items()
            for finding in one.findings
            if _counts(subject, path, finding, changed_lines(files.get(path, ""), changed[path]))
        ]
        # What is left of a check that failed on other lines only has passed.
        statuses = {"passed" if one.status == "failed" else one.status for one in results.values()}
        worst = next((one for one in WORST_FIRST if one in statuses), "passed")
        detail = "; ".join(sorted({one.reason for one in results.values() if one.reason}))
        status = "failed" if findings and worst != "error" else worst
        gates.append({"gate": name, "status": status, "findings": findings, "detail": detail})
    return gates


def _counts(subject: str, path: str, finding: Finding, own: Collection[int]) -> bool:
    """Tests may do what code must not, and pass what types forbid; a remark on security fails nothing."""
    is_free = subject in ("security", "types") and is_test(path)
    is_remark = subject == "security" and finding.severity == "low"
    return not is_free and not is_remark and (finding.line in own or not finding.line)


def _tests_gate(tree: Mapping[str, bytes], changed: Mapping[str, str]) -> dict[str, Any]:
    gate: dict[str, Any] = {"gate": "tests", "findings": [], "trust": "in_process"}
    own, others = tests_of(tree)
    try:
        seen = suite_seen(tree, own, changed, covered=None)
    except (SpecInvalid, MeasurementFailed) as error:
        return gate | {"status": "error", "detail": str(error)}
    is_passed = seen.passed and not seen.failed and not seen.errors
    left = f"\n{others} files of tests are for another runner and were not run." if others else ""
    return gate | {
        "status": "passed" if is_passed else "failed",
        "detail": tests_in_words(seen) + left,
        "seconds": round(seen.wall_ms / 1000, 1),
    }


def tests_in_words(seen: TestMeasurement) -> str:
    """Return the counts, and a line for each failure."""
    counts = ((seen.passed, "passed"), (seen.failed, "failed"), (seen.skipped, "skipped"), (seen.errors, "errors"))
    lines = [", ".join(f"{number} {word}" for number, word in counts if number)]
    lines += [f"{failure.test}: {failure.error}" for failure in seen.failures[:SHOWN_FAILURES]]
    return "\n".join(lines)
