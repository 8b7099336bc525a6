"""What a candidate brings in: the distributions that it imports, their licences, and marks that it was copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.checks.services import is_test_path
from apps.checks.services.dependencies import (
    DependencyReport,
    NpmImport,
    copied_marks,
    dependencies_check,
    imports_of,
    is_declaration,
    is_javascript_test,
    is_npm_declaration,
    is_npm_package,
    is_package,
    npm_imports,
)
from apps.checks.types import plain_text
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.dependency_rules import Brought, dependency_rules, rules_broken
from apps.generation.engine.javascript.modules import is_javascript, is_typescript
from apps.generation.engine.specification import Constraint
from apps.generation.models import GenerationRun
from apps.generation.services.candidates import Workspace
from apps.repositories.selectors import files_at

_SUFFIXES = ("pyproject.toml", "setup.cfg", ".txt", ".in")
_NPM_SUFFIXES = ("package.json", "package-lock.json")


def declarations_of(run: GenerationRun) -> dict[str, str]:
    """Return the files by which the repository of *run* says what it needs, as they are at its base."""
    is_npm = is_javascript(run.target_path)
    files = files_at(run.repository, run.base_sha, suffixes=_NPM_SUFFIXES if is_npm else _SUFFIXES)
    is_meant = is_npm_declaration if is_npm else is_declaration
    return {path: text.decode(errors="replace") for path, text in files.items() if is_meant(path)}


def dependencies_of(
    workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str], *, answer: str = ""
) -> DependencyReport:
    """
    Return what a change (path to text) brings in; it answers for the lines that it wrote.

    Comments outside of functions are not taken over from an *answer*, so it is searched for marks of licences as well.
    """
    sources = _read_here(changed)
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
    target = workspace.run.target_path

    def names_a_package(name: str) -> bool:
        if is_javascript(target):
            return is_npm_package(name, declarations, path=target)
        return is_package(name, declarations)

    rules = dependency_rules(constraints, names_a_package)
    if not rules:
        return None
    findings = rules_broken(rules, _brought(workspace, changed, declarations))
    return {
        "gate": "dependencies",
        "status": "failed" if findings else "passed",
        "findings": findings,
        "detail": "\n".join(dict.fromkeys(f"Asked for: {rule.text}" for rule in rules)),
    }


def _brought(workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str]) -> list[Brought]:
    """Tests may use what tests are run with, so only other files count."""
    sources = {path: text for path, text in _read_here(changed).items() if not is_tested_by(path)}
    report = dependencies_check(sources, tree=list(workspace.files), declarations=declarations)
    found = []
    for path, text in sources.items():
        own = changed_lines(workspace.files.get(path, ""), text)
        behind = {top_of(one.module, path): one for one in report.dependencies if one.path == path}
        for line, top, reaches in _imports(path, text):
            package = behind.get(top)
            found.append(
                Brought(
                    path=path,
                    line=line,
                    reaches=reaches,
                    is_own=line in own,
                    is_third_party=package is not None,
                    distribution=package.distribution if package else "",
                    declared=package.declared if package else "",
                )
            )
    return found


def _imports(path: str, text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Give the line of each import, the name that a distribution provides, and what it reaches, dotted."""
    if not is_javascript(path):
        yield from (
            (one.line, one.top, (one.module, *(f"{one.module}.{n}" for n in one.names))) for one in imports_of(text)
        )
        return
    for one in npm_imports(text, is_typed=is_typescript(path)):
        written = one.specifier.removeprefix("node:")
        yield one.line, one.package, (written, written.replace("/", "."), one.package)


def top_of(module: str, path: str) -> str:
    """Return the name that a distribution provides of an import in the file *path*."""
    return NpmImport(module, 0).package if is_javascript(path) else module.partition(".")[0]


def is_tested_by(path: str) -> bool:
    """Return whether the file *path* is part of the tests, in whichever language it is."""
    return is_javascript_test(path) if is_javascript(path) else is_test_path(path)


def _read_here(changed: Mapping[str, str]) -> dict[str, str]:
    return {
        path: text
        for path, text in changed.items()
        if (path.endswith(".py") or is_javascript(path)) and plain_text(path) == path
    }
