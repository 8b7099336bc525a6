"""Uncovered lines as blocks a person can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.checks.types import FileCoverage, Finding

MAX_FINDINGS = 500
# A block this long is a piece of behaviour, not a forgotten line.
LONG_BLOCK = 5


def blocks(lines: Iterable[int]) -> list[tuple[int, int]]:
    """Return runs of consecutive lines as (first, last), in order."""
    found: list[tuple[int, int]] = []
    for line in sorted(set(lines)):
        if found and found[-1][1] == line - 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return found


def blocks_text(lines: Iterable[int]) -> str:
    """Return runs of lines as ``3–5, 9``."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in blocks(lines))


def uncovered_findings(files: Iterable[FileCoverage]) -> list[Finding]:
    """Return a finding for each uncovered block, at most 500, the files with most uncovered lines first."""
    ordered = sorted(files, key=lambda file: (-len(file.missing_lines), file.path))
    found = [finding for file in ordered for finding in _findings(file)]
    return found[:MAX_FINDINGS]


def _findings(file: FileCoverage) -> Iterator[Finding]:
    for first, last in blocks(file.missing_lines):
        where = f"Line {first}" if first == last else f"Lines {first} to {last}"
        verb = "is" if first == last else "are"
        yield Finding(
            rule="uncovered",
            message=f"{where} {verb} run by no test.",
            path=file.path,
            line=first,
            column=1,
            severity="medium" if last - first + 1 >= LONG_BLOCK else "low",
        )
