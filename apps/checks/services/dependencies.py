"""What a change brings in: distributions, their licences, and marks that a text was copied."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

from apps.checks.engine.declarations import declared_in, is_declaration
from apps.checks.engine.dependencies import (
    KNOWN_AS,
    UNKNOWN_PACKAGE,
    Dependency,
    dependencies_of,
    dependency_findings,
    header_findings,
)
from apps.checks.engine.imports import Import, imports_of
from apps.checks.gateways.distributions import installed
from apps.checks.gateways.workspace import is_test_path
from apps.checks.types import SEVERITIES, CheckResult, Finding, plain_text
from apps.core.licences import distribution_name, licence_normalised, licence_permitted

__all__ = [
    "DEPENDENCY_TOOL",
    "UNKNOWN_PACKAGE",
    "Dependency",
    "DependencyReport",
    "Import",
    "copied_marks",
    "dependencies_check",
    "imports_of",
    "is_declaration",
    "is_package",
    "licence_normalised",
    "licence_permitted",
]

DEPENDENCY_TOOL = "dependencies"
FAILS_AT = "medium"


@dataclass(frozen=True)
class DependencyReport:
    """The distributions that files import, and what was found about them and in the texts."""

    dependencies: tuple[Dependency, ...]
    result: CheckResult


def copied_marks(source: str, *, path: str) -> tuple[Finding, ...]:
    """Return the marks in *source* that a part of it was written elsewhere, under somebody's licence."""
    return tuple(replace(one, message=plain_text(one.message)) for one in header_findings(source, path=path))


def is_package(name: str, declarations: Mapping[str, str]) -> bool:
    """Return whether *name* is a module or a distribution: Python's own, installed here, declared, or widely known."""
    top = name.partition(".")[0]
    here, known = installed(), distribution_name(name)
    return (
        top in sys.stdlib_module_names
        or top in here.providers
        or known in here.licences
        or top in KNOWN_AS
        or known in KNOWN_AS.values()
        or bool(declared_in(declarations).how(name))
    )


def dependencies_check(
    sources: Mapping[str, str], *, tree: Collection[str], declarations: Mapping[str, str]
) -> DependencyReport:
    """
    Return what the Python *sources* (path to text) bring in; nothing is run and nothing is fetched.

    *tree* are the paths of the repository, *declarations* those of its files (path to text) that say what it needs; see
    :func:`is_declaration`. A distribution is known when it is installed beside the platform or declared.
    """
    started = time.monotonic()
    declared = declared_in(declarations)
    paths = {*tree, *sources}
    dependencies: list[Dependency] = []
    findings: list[Finding] = []
    for path, source in sources.items():
        mine = dependencies_of(imports_of(source), path=path, tree=paths, declared=declared, installed=installed())
        dependencies += mine
        is_test = is_test_path(path)
        findings += dependency_findings(mine, is_test=is_test, has_declarations=bool(declared.sources))
        findings += header_findings(source, path=path)
    plain = [replace(one, message=plain_text(one.message)) for one in findings]
    counting = SEVERITIES[SEVERITIES.index(FAILS_AT) :]
    result = CheckResult(
        tool=DEPENDENCY_TOOL,
        version=version("nofx"),
        status="failed" if any(one.severity in counting for one in plain) else "passed",
        findings=tuple(sorted(plain, key=lambda one: (one.path, one.line, one.rule))),
        seconds=round(time.monotonic() - started, 3),
        reason="",
    )
    return DependencyReport(tuple(dependencies), result)
