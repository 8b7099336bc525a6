"""What a change brings in: distributions, their licences, and marks that a text was copied."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import PurePosixPath

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
from apps.checks.engine.javascript.packages import (
    LOCK,
    MANIFEST,
    NpmImport,
    is_npm_package,
    npm_declared_in,
    npm_dependencies,
    npm_findings,
    npm_imports,
)
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
    "NpmImport",
    "copied_marks",
    "dependencies_check",
    "imports_of",
    "is_declaration",
    "is_javascript_test",
    "is_npm_declaration",
    "is_npm_package",
    "is_package",
    "licence_normalised",
    "licence_permitted",
    "npm_imports",
]

DEPENDENCY_TOOL = "dependencies"
JAVASCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
TYPED = (".ts", ".mts", ".cts")
_TEST = re.compile(r"\.(?:test|spec)\.[cm]?[jt]s$|(?:^|/)(?:tests?|__tests__)/")
FAILS_AT = "medium"


@dataclass(frozen=True)
class DependencyReport:
    """The distributions that files import, and what was found about them and in the texts."""

    dependencies: tuple[Dependency, ...]
    result: CheckResult


def is_javascript_test(path: str) -> bool:
    """Return whether a file of JavaScript is part of the tests, by its name or folder."""
    return _TEST.search(path) is not None


def is_npm_declaration(path: str) -> bool:
    """Return whether a file at *path* says what a repository needs of npm."""
    return PurePosixPath(path).name in (MANIFEST, LOCK)


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
    Return what *sources* (path to text) in Python or JavaScript bring in; nothing is run and nothing is fetched.

    *tree* are the paths of the repository, *declarations* those of its files (path to text) that say what it needs; see
    :func:`is_declaration`. A distribution is known when it is installed beside the platform or declared; a package of
    npm when a ``package.json`` or its lock file names it.
    """
    started = time.monotonic()
    declared = declared_in(declarations)
    paths = {*tree, *sources}
    dependencies: list[Dependency] = []
    findings: list[Finding] = []
    for path, source in sources.items():
        if path.endswith(JAVASCRIPT):
            known = npm_declared_in(declarations, path=path)
            mine = npm_dependencies(npm_imports(source, is_typed=path.endswith(TYPED)), path=path, known=known)
            findings += npm_findings(mine, is_test=is_javascript_test(path), known=known)
        else:
            mine = dependencies_of(imports_of(source), path=path, tree=paths, declared=declared, installed=installed())
            is_test = is_test_path(path)
            findings += dependency_findings(mine, is_test=is_test, has_declarations=bool(declared.sources))
        dependencies += mine
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
