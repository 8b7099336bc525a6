"""Which files a report of coverage should speak of and does not: what the platform knows, whatever the sender says."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import PurePosixPath

from apps.checks.services import is_test_path
from apps.checks.types import Unparsable
from apps.quality.engine.syntax import parse
from apps.quality.models import CoverageReport
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import files_at

PYTHON = ".py"


def files_unreported(*, revision: Revision, paths: Collection[str], reported: Collection[str]) -> list[str]:
    """
    Return the files of the commit, among its *paths*, that a report of the files *reported* leaves out.

    These are the Python files with code, besides tests; and of the languages that it speaks of, whatever the newest
    complete report of an earlier upload had and the commit still has. Files without a statement have no line to run.

    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    spoken = set(reported)
    absent = {path for path in paths if path.endswith(PYTHON) and not is_test_path(path)} - spoken
    without_code = _without_code(revision, absent) if absent else set()
    kinds = {PurePosixPath(path).suffix for path in spoken}
    known = {path for path in _known(revision.repository) & set(paths) if PurePosixPath(path).suffix in kinds}
    return sorted((absent | (known - spoken)) - without_code)


def _known(repository: Repository) -> set[str]:
    sent = CoverageReport.objects.filter(revision__repository=repository, is_complete=True, unreported=0)
    files = sent.exclude(source=CoverageReport.Source.SANDBOX).order_by("-created_at", "-pk").values_list("files")
    newest = files.first()
    return {file["path"] for file in newest[0]} if newest else set()


def _without_code(revision: Revision, absent: Collection[str]) -> set[str]:
    """Return those of *absent* that hold no statement; what is too large to be read has some."""
    texts = files_at(revision.repository, revision.sha, suffixes=sorted(absent))
    return {path for path in absent if path in texts and not _has_code(texts[path])}


def _has_code(content: bytes) -> bool:
    try:
        body = parse(content.decode(errors="replace")).body
    except Unparsable:
        return True
    return any(not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body)
