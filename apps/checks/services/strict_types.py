"""Strict types: what a type checker finds where nothing is left to be guessed."""

from __future__ import annotations

import ast
import time
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from apps.checks.gateways import mypy
from apps.checks.gateways.process import ToolFailed
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import workspace
from apps.checks.services import SOURCE_TIMEOUT_S
from apps.checks.services.results import result_of
from apps.checks.types import CheckResult


def strict_types_check(files: Mapping[str, str], *, paths: Collection[str]) -> CheckResult:
    """
    Check the types of ``paths`` by ``mypy --strict`` as part of ``files``, their repository (path to text).

    Comments by which a text would silence mypy do not count. Modules that are not in ``files`` are taken as they come
    (``Any``), except for those of the standard library; so are those of other files that do not parse. Anything that
    keeps mypy from looking at all of ``paths`` is an ``error``. Takes some seconds.

    :raises UnsafePath: one of ``paths`` leaves the repository.
    """
    started = time.monotonic()
    importable = {path: text for path, text in files.items() if path in paths or _is_importable(path)}
    report = _strict_types(importable, paths)
    if report.unchecked:
        readable = {path: text for path, text in importable.items() if path in paths or _parses(text)}
        report = _strict_types(readable, paths) if len(readable) < len(importable) else report
    return result_of(mypy, report, time.monotonic() - started)


def _strict_types(files: Mapping[str, str], paths: Collection[str]) -> Report:
    with workspace(files, honours_suppressions=False) as place:
        try:
            return Report(mypy.check_strictly(place, sorted(paths), timeout_s=SOURCE_TIMEOUT_S))
        except ToolFailed as error:
            return Report((), dict.fromkeys(sorted(paths), error.message))


def _parses(text: str) -> bool:
    try:
        compile(text, "<neighbour>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_importable(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.suffix in (".py", ".pyi") and all(part.isidentifier() for part in pure.with_suffix("").parts)
