"""The gates of a pull request: lint, types, security, the repository's tests, and what was measured in review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.checks.services import check_sources, is_judge_path, suite_run, suite_test_names
from apps.checks.types import MeasurementFailed, plain_text
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.javascript_gates import javascript_gates, tests_in_words
from apps.generation.services.requirement_gates import gates_of
from apps.generation.services.review_subject import selected_candidate
from apps.repositories.selectors import files_at
from apps.sandbox.services import SpecInvalid

TESTS_GATE = "tests"
GATE_NAMES = {"ruff": "lint", "mypy": "types", "bandit": "security"}


def gates_run(workspace: Workspace, head_sha: str) -> list[dict[str, Any]]:
    """
    Run lint, types, security and the repository's tests on a commit, and return a result for each.

    A change answers for the lines it wrote. Tests run in the sandbox and judge themselves, which the result says. What
    the candidate had to pass before it was approved is taken over, since the commit is its patch on the same base.
    """
    if is_javascript(workspace.run.target_path):
        return javascript_gates(workspace, head_sha)
    candidate = selected_candidate(run=workspace.run)
    changed = {path: text for path, text in changed_files(workspace, candidate).items() if path.endswith(".py")}
    checked = check_sources(changed)
    gates = []
    for index, tool in enumerate(GATE_NAMES):
        results = {path: results[index] for path, results in checked.items()}
        findings = [
            {**finding.as_json(), "path": path}
            for path, result in results.items()
            for finding in result.findings
            if finding.line in changed_lines(workspace.files.get(path, ""), changed[path])
            and (tool != "bandit" or (finding.severity != "low" and "test" not in path))
        ]
        errors = [result.reason for result in results.values() if result.status == "error"]
        status = "error" if errors else "failed" if findings else "passed"
        gates.append({"gate": GATE_NAMES[tool], "status": status, "findings": findings, "detail": "; ".join(errors)})
    everything = files_at(workspace.run.repository, head_sha, suffixes=None)
    tree = {path: content for path, content in everything.items() if plain_text(path) == path}
    return [*gates, _tests_gate(tree, changed), *gates_of(workspace.run, candidate)]


def _tests_gate(tree: Mapping[str, bytes], changed: Mapping[str, str]) -> dict[str, Any]:
    gate: dict[str, Any] = {"gate": TESTS_GATE, "findings": [], "trust": "in_process"}
    judges = sorted(path for path in changed if is_judge_path(path))
    if judges:
        detail = f"The change touches {judges[0]}, which decides how tests are judged. A person has to do that by hand."
        return gate | {"status": "failed", "detail": detail}
    try:
        seen = suite_run(tree, expected=suite_test_names(changed))
    except (SpecInvalid, MeasurementFailed) as error:
        return gate | {"status": "error", "detail": str(error)}
    is_passed = seen.passed and not seen.failed and not seen.errors
    return gate | {
        "status": "passed" if is_passed else "failed",
        "detail": tests_in_words(seen),
        "seconds": round(seen.wall_ms / 1000, 1),
    }
