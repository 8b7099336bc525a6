"""Cobertura's XML, as coverage.py, pytest-cov, istanbul, JaCoCo's converters and gcovr write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
from apps.quality.engine.reports.xml import MAX_TEXT, elements

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # the type only

CONDITIONS = re.compile(r"\(\s*(\d{1,6})\s*/\s*(\d{1,6})\s*\)")
MOST_BRANCHES = 10_000


def read_cobertura(content: bytes) -> CoverageRead:
    """
    Return what a Cobertura report says of each file.

    The totals that it states are not read: they are counted from its lines.

    :raises ReportUnreadable: it is not such a report, or it is larger than one may be.
    """
    files: dict[str, ReportedFile] = {}
    roots: list[str] = []
    current: ReportedFile | None = None
    lines, names = Budget(MAX_LINES, "lines"), Budget(MAX_FILES, "files")
    for event, element in elements(content, roots=("coverage",)):
        if event == "start" and element.tag == "class":
            path = element.get("filename") or ""
            if not path:
                raise ReportUnreadable("A class of the report names no file.")
            if path not in files:
                names.spend()
            current = files.setdefault(path, ReportedFile(path))
        elif event == "end" and element.tag == "class":
            current = None
        elif event == "end" and element.tag == "source" and len(roots) < 20:
            roots.append((element.text or "").strip()[:MAX_TEXT])
        elif event == "end" and element.tag == "line" and current is not None:
            lines.spend()
            _line(current, element)
    return CoverageRead(list(files.values()), [root for root in roots if root])


def _line(file: ReportedFile, element: Element) -> None:
    number = line_number(element.get("number"))
    file.add_line(number, whole(element.get("hits"), "A count of hits") > 0)
    stated = CONDITIONS.search(element.get("condition-coverage") or "")
    if element.get("branch", "").lower() != "true" or stated is None:
        return
    taken, branches = int(stated[1]), int(stated[2])
    if taken > branches or branches > MOST_BRANCHES:
        raise ReportUnreadable(f"Line {number} states {taken} of {branches} branches.")
    for place in range(branches):
        file.add_branch(number, str(place), place < taken)
