"""What a candidate brings in: the distributions that it imports, their licences, and marks that it was copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.checks.services import is_test_path
from apps.checks.services.dependencies import (
    DependencyReport,
    copied_marks,
    dependencies_check,
    imports_of,
    is_declaration,
    is_package,
)
from apps.checks.types import plain_text
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.dependency_rules import Brought, dependency_rules, rules_broken
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.engine.specification import Constraint
from apps.generation.models import GenerationRun
from apps.generation.services.candidates import Workspace
from apps.repositories.selectors import files_at

NOT_READ = "Imports of Python only are read here, so nobody knows what this brings in."
_SUFFIXES = ("pyproject.toml", "setup.cfg", ".txt", ".in")


def declarations_of(run: GenerationRun) -> dict[str, str]:
    """Return the files by which the repository of *run* says what it needs, as they are at its base."""
    files = files_at(run.repository, run.base_sha, suffixes=_SUFFIXES)
    return {path: text.decode(errors="replace") for path, text in files.items() if is_declaration(path)}


def dependencies_of(
    workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str], *, answer: str = ""
) -> DependencyReport:
    """
    Return what a change (path to text) brings in; it answers for the lines that it wrote.

    Comments outside of functions are not taken over from an *answer*, so it is searched for marks of licences as well.
    """
    sources = _python(changed)
    report = dependencies_check(sources, tree=list(workspace.files), declarations=declarations)
    own = {path: changed_lines(workspace.files.get(path, ""), text) for path, text in sources.items()}
    findings = tuple(one for one in report.result.findings if one.line in own[one.path])
    taken_over = {one.message for one in findings}
    findings += tuple(
        replace(one, line=0, message=f"{one.message} It stands in the answer and was not taken over.")
        for one in copied_marks(answer, path=workspace.run.target_path)
        if one.message not in taken_over
    )
    is_clean = all(one.severity == "low" for one in findings)
    if is_javascript(workspace.run.target_path) and is_clean:
        skipped = replace(report.result, findings=findings, status="not_applicable", reason=NOT_READ)
        return DependencyReport((), skipped)
    return DependencyReport(
        tuple(one for one in report.dependencies if one.line in own[one.path]),
        replace(report.result, findings=findings, status="passed" if is_clean else "failed"),
    )


def dependency_gate(
    constraints: Sequence[Constraint],
    workspace: Workspace,
    changed: Mapping[str, str],
    declarations: Mapping[str, str],
) -> dict[str, Any] | None:
    """Return the gate for the packages that *constraints* forbid or require; None where they name none."""
    is_python = not is_javascript(workspace.run.target_path)
    rules = dependency_rules(constraints, lambda name: is_python and is_package(name, declarations))
    if not rules:
        return None
    if not is_python:
        said = "\n".join(dict.fromkeys(f"Asked for: {rule.text}" for rule in rules))
        return {"gate": "dependencies", "status": "failed", "findings": [], "detail": f"{NOT_READ}\n{said}"}
    findings = rules_broken(rules, _brought(workspace, changed, declarations))
    return {
        "gate": "dependencies",
        "status": "failed" if findings else "passed",
        "findings": findings,
        "detail": "\n".join(dict.fromkeys(f"Asked for: {rule.text}" for rule in rules)),
    }


def _brought(workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str]) -> list[Brought]:
    """Tests may use what tests are run with, so only other files count."""
    sources = {path: text for path, text in _python(changed).items() if not is_test_path(path)}
    report = dependencies_check(sources, tree=list(workspace.files), declarations=declarations)
    behind = {(one.path, one.module.partition(".")[0]): one for one in report.dependencies}
    found = []
    for path, text in sources.items():
        own = changed_lines(workspace.files.get(path, ""), text)
        for one in imports_of(text):
            package = behind.get((path, one.top))
            found.append(
                Brought(
                    path=path,
                    line=one.line,
                    reaches=(one.module, *(f"{one.module}.{name}" for name in one.names)),
                    is_own=one.line in own,
                    is_third_party=package is not None,
                    distribution=package.distribution if package else "",
                    declared=package.declared if package else "",
                )
            )
    return found


def _python(changed: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in changed.items() if path.endswith(".py") and plain_text(path) == path}
