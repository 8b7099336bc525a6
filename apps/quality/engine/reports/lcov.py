"""LCOV's tracefile, as lcov, istanbul, coverage.py, gcovr and cargo-llvm-cov write it."""

from __future__ import annotations

from apps.quality.engine.reports.model import (
    MAX_FILES,
    MAX_LINES,
    Budget,
    CoverageRead,
    ReportedFile,
    ReportUnreadable,
    line_number,
    whole,
)


def read_lcov(content: bytes) -> CoverageRead:
    """
    Return what a tracefile says of each file.

    The totals that it states (LF, LH, BRF, BRH) are not read: they are counted from its lines.

    :raises ReportUnreadable: it is not a tracefile in UTF-8, its last record is cut, or it is larger than it may be.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportUnreadable("The tracefile is not text in UTF-8.") from error
    files: dict[str, ReportedFile] = {}
    current: ReportedFile | None = None
    names, lines = Budget(MAX_FILES, "files"), Budget(MAX_LINES, "lines")
    for raw in text.splitlines():
        key, _, value = raw.strip().partition(":")
        if key == "SF":
            if current is not None:
                raise ReportUnreadable(f"The record of {current.path[:100]} has no end.")
            if not value:
                raise ReportUnreadable("A record of the tracefile names no file.")
            if value not in files:
                names.spend()
            current = files.setdefault(value, ReportedFile(value))
        elif key == "end_of_record":
            current = None
        elif key in ("DA", "BRDA"):
            if current is None:
                raise ReportUnreadable("A line of the tracefile stands outside of any record.")
            lines.spend()
            (_line if key == "DA" else _branch)(current, value.split(","))
    if current is not None:
        raise ReportUnreadable(f"The tracefile ends in the middle of the record of {current.path[:100]}.")
    if not files:
        raise ReportUnreadable("There is no record (SF:…) in this tracefile.")
    return CoverageRead(list(files.values()))


def _line(file: ReportedFile, fields: list[str]) -> None:
    if len(fields) not in (2, 3):
        raise ReportUnreadable(f"A DA line has {len(fields)} fields, not 2 or 3.")
    file.add_line(line_number(fields[0]), whole(fields[1], "A count of hits") > 0)


def _branch(file: ReportedFile, fields: list[str]) -> None:
    if len(fields) != 4:
        raise ReportUnreadable(f"A BRDA line has {len(fields)} fields, not 4.")
    taken = fields[3] != "-" and whole(fields[3], "A count of a branch") > 0
    file.add_branch(line_number(fields[0]), f"{fields[1][:40]},{fields[2][:200]}", taken)
