"""The tests of the pattern library, all in one run in the sandbox: as they are, and under other names."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.knowledge.engine.instantiation import instantiate
from apps.knowledge.engine.pattern_model import Pattern
from apps.sandbox.services import COMMAND_LIMITS, CommandRun, sandbox_run

SETTINGS = """
SECRET_KEY = "only for these tests"
USE_TZ = True
ROOT_URLCONF = "pattern_settings"
urlpatterns = []
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", *{packages}]
"""
REPORT = "report.xml"
_IMPORT = re.compile(r"(?m)^from solution import (.+)$")


@dataclass(frozen=True)
class Outcome:
    """How many tests of one package ran, and what those that failed said."""

    tests: int
    failures: tuple[str, ...]


def other_names(pattern: Pattern) -> dict[str, str]:
    """Return a new name, as long as the old one, for everything that has one."""
    return {one.name: f"{one.name[:-1]}0" for one in pattern.parameters if one.kind != "constant"}


def package_of(pattern: Pattern, variant: str) -> str:
    return f"{variant}_{pattern.slug.replace('-', '_')}"


def outcomes_of(patterns: Iterable[Pattern]) -> dict[str, Outcome]:
    """Run the tests of *patterns* in both variants; return what came of them by package."""
    files: dict[str, str] = {}
    for pattern in patterns:
        names = other_names(pattern)
        _add(files, package_of(pattern, "own"), pattern.template, pattern.tests, {})
        _add(files, package_of(pattern, "other"), instantiate(pattern, names), _keywords(pattern, names), names)
    packages = [path.partition("/")[0] for path in files if path.endswith("/__init__.py")]
    files["pattern_settings.py"] = SETTINGS.format(packages=packages)
    result = sandbox_run(
        CommandRun(
            argv=(
                "python",
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-p",
                "pytest_django.plugin",
                f"--junitxml={REPORT}",
            ),
            files={path: text.encode() for path, text in files.items()},
            collect=(REPORT,),
            env={"DJANGO_SETTINGS_MODULE": "pattern_settings", "PYTHONDONTWRITEBYTECODE": "1"},
            limits=COMMAND_LIMITS,
        )
    )
    assert REPORT in result.files, result.stdout[-3000:] + result.stderr[-3000:]
    return _read(result.files[REPORT], packages)


def _add(files: dict[str, str], package: str, code: str, tests: str, names: Mapping[str, str]) -> None:
    def imported(line: re.Match[str]) -> str:
        wanted = [(names.get(name, name), name) for name in line[1].split(", ")]
        return f"from {package}.models import {', '.join(f'{new} as {old}' for new, old in wanted)}"

    files[f"{package}/__init__.py"] = ""
    files[f"{package}/models.py"] = code
    files[f"{package}/test_{package}.py"] = _IMPORT.sub(imported, tests)


def _keywords(pattern: Pattern, names: Mapping[str, str]) -> str:
    """Return the tests with the arguments that they name in calls of the entry renamed."""
    tree = ast.parse(pattern.tests)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == pattern.entry:
            for keyword in call.keywords:
                keyword.arg = names.get(keyword.arg or "", keyword.arg)
    return ast.unparse(tree)


def _read(report: bytes, packages: Iterable[str]) -> dict[str, Outcome]:
    cases = [
        (case.get("classname", "").partition(".")[0] or case.get("name", "").partition(".")[0], case)
        for case in ElementTree.fromstring(report).iter("testcase")  # noqa: S314  # pytest wrote it, about our own code
    ]
    return {
        package: Outcome(
            tests=sum(owner == package for owner, _ in cases),
            failures=tuple(
                f"{case.get('name')}: {(bad.text or bad.get('message', ''))[-1500:]}"
                for owner, case in cases
                if owner == package
                for bad in (*case.findall("failure"), *case.findall("error"), *case.findall("skipped"))
            ),
        )
        for package in packages
    }
