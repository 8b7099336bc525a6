"""
Reads the reports that builds send: Cobertura, LCOV and JUnit XML.

Whatever is in them is hostile: XML is read without entities and without anything from outside, names are only ever
compared with the files of the commit, and there are bounds on everything that is counted.
"""

from apps.quality.engine.reports.cobertura import read_cobertura
from apps.quality.engine.reports.junit import read_junit
from apps.quality.engine.reports.lcov import read_lcov
from apps.quality.engine.reports.model import (
    CaseOutcome,
    CoverageRead,
    ReportedCase,
    ReportedFile,
    ReportUnreadable,
)
from apps.quality.engine.reports.placing import Placed, place

__all__ = [
    "CaseOutcome",
    "CoverageRead",
    "Placed",
    "ReportUnreadable",
    "ReportedCase",
    "ReportedFile",
    "place",
    "read_cobertura",
    "read_junit",
    "read_lcov",
]
