"""JUnit's XML, as pytest, surefire, gradle, jest-junit, gotestsum and ctest write it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from apps.quality.engine.reports.model import MAX_CASES, Budget, CaseOutcome, ReportedCase, ReportUnreadable
from apps.quality.engine.reports.xml import elements

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # the type only

FAILURES = {"failure", "error"}
# Surefire writes what it tried again into the same case.
TRIED_AGAIN = {"flakyFailure", "flakyError", "rerunFailure", "rerunError"}
DAY = 86_400.0


def read_junit(content: bytes) -> list[ReportedCase]:
    """
    Return each execution of each test, in the report's order; a test that was tried again has several.

    An error counts as a failure: nothing in the format tells a fault of the machine from one of the code.

    :raises ReportUnreadable: it is not such a report, holds no test, or is larger than one may be.
    """
    cases: list[ReportedCase] = []
    budget = Budget(MAX_CASES, "executions of tests")
    found: set[str] = set()
    retries = 0
    for event, element in elements(content, roots=("testsuites", "testsuite")):
        if element.tag == "testcase" and event == "start":
            found, retries = set(), 0
        elif event == "end" and element.tag in TRIED_AGAIN:
            retries += 1
            budget.spend()
        elif event == "end" and element.tag in FAILURES | {"skipped"}:
            found.add(element.tag)
        elif event == "end" and element.tag == "testcase":
            budget.spend()
            cases += _executions(element, found, retries)
    if not cases:
        raise ReportUnreadable("There is no test in this report.")
    return cases


def _executions(element: Element, found: set[str], retries: int) -> Iterator[ReportedCase]:
    name = _name(element)
    for _ in range(retries):
        yield ReportedCase(name, CaseOutcome.FAILED, 0.0)
    failed, skipped = bool(found & FAILURES), "skipped" in found
    outcome = CaseOutcome.FAILED if failed else CaseOutcome.SKIPPED if skipped else CaseOutcome.PASSED
    yield ReportedCase(name, outcome, _seconds(element.get("time")))


def _name(element: Element) -> str:
    name = (element.get("name") or "").strip()
    if not name:
        raise ReportUnreadable("A test of the report has no name.")
    place = (element.get("classname") or element.get("file") or "").strip()
    return f"{place}::{name}" if place else name


def _seconds(text: str | None) -> float:
    """Return a time in seconds; 0 where none can be read, since nothing is decided by it."""
    try:
        seconds = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), DAY) if math.isfinite(seconds) else 0.0
