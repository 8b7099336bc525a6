"""Finds the files of a commit that a report speaks of. A name in a report is never used as a path."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apps.checks.types import FileCoverage
from apps.quality.engine.reports.model import CoverageRead, ReportedFile, ReportUnreadable

LONGEST_NAME = 1_000


@dataclass(frozen=True)
class Placed:
    """Coverage by file of the commit, and the names in the report that are no file of it."""

    files: tuple[FileCoverage, ...]
    unknown: tuple[str, ...]

    @property
    def line_percent(self) -> float | None:
        statements = sum(file.statements for file in self.files)
        return None if not statements else 100 * sum(file.covered_statements for file in self.files) / statements

    @property
    def branch_percent(self) -> float | None:
        branches = sum(file.branches for file in self.files)
        missed = sum(file.missing_branches for file in self.files)
        return None if not branches else 100 * (branches - missed) / branches


def place(report: CoverageRead, paths: Collection[str]) -> Placed:
    """
    Return what *report* says of the files at *paths*, sorted by path.

    Builds write names from their own folders on: a file is the one whose path is the longest end of the name, or of a
    root of the report and the name. An end of one part counts only when it is the whole name.

    :raises ReportUnreadable: a name climbs out of its folder, or holds what no path does.
    """
    known = frozenset(paths)
    placed: dict[str, ReportedFile] = {}
    unknown: list[str] = []
    for file in report.files:
        path = _longest(file.path, report.roots, known)
        if path is None:
            unknown.append(file.path)
        else:
            placed.setdefault(path, ReportedFile(path)).merge(file)
    return Placed(tuple(_coverage(placed[path]) for path in sorted(placed)), tuple(unknown))


def _longest(name: str, roots: Iterable[str], known: frozenset[str]) -> str | None:
    own = _parts(name)
    is_absolute = name.startswith(("/", "\\")) or name[1:2] == ":"
    bases = [[], *([] if is_absolute else [_parts(root) for root in roots])]
    ends = {
        "/".join(parts[start:])
        for parts in ([*base, *own] for base in bases)
        for start in range(len(parts))
        if len(parts) - start > 1 or (parts == own and len(own) == 1)
    }
    found = ends & known
    return max(found, key=lambda path: path.count("/")) if found else None


def _parts(name: str) -> list[str]:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ReportUnreadable(f"A file name of the report is too long or unprintable: {name[:60]!r}.")
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ReportUnreadable(f"A file name of the report climbs out of its folder: {name[:100]}.")
    return parts


def _coverage(file: ReportedFile) -> FileCoverage:
    return FileCoverage(
        path=file.path,
        statements=len(file.lines),
        missing_lines=tuple(sorted(number for number, is_run in file.lines.items() if not is_run)),
        branches=len(file.branches),
        missing_branches=sum(not is_taken for is_taken in file.branches.values()),
    )
