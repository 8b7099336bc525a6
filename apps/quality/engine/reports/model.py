"""What a report says, whichever format it came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.core.numbers import whole_number

MAX_FILES = 20_000
MAX_LINES = 2_000_000
MAX_CASES = 100_000
# No text file of a repository has more lines than this.
HIGHEST_LINE = 10_000_000


class ReportUnreadable(Exception):
    """The report is not what it is said to be; the message is a sentence for whoever sent it."""


class CaseOutcome(StrEnum):
    """What became of a test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ReportedCase:
    """One execution of one test."""

    name: str
    outcome: CaseOutcome
    seconds: float


@dataclass
class ReportedFile:
    """
    What a report says of one file: for each line whether it was run, for each branch whether it was taken.

    A branch is (line, a name that is unique on the line). Said twice, a line or a branch counts as run when it was run
    once: a file may stand in several records of one report.
    """

    path: str
    lines: dict[int, bool] = field(default_factory=dict)
    branches: dict[tuple[int, str], bool] = field(default_factory=dict)

    def add_line(self, number: int, is_run: bool) -> None:
        self.lines[number] = self.lines.get(number, False) or is_run

    def add_branch(self, number: int, name: str, is_taken: bool) -> None:
        key = (number, name)
        self.branches[key] = self.branches.get(key, False) or is_taken

    def merge(self, other: ReportedFile) -> None:
        for number, is_run in other.lines.items():
            self.add_line(number, is_run)
        for (number, name), is_taken in other.branches.items():
            self.add_branch(number, name, is_taken)


@dataclass(frozen=True)
class CoverageRead:
    """The files of a coverage report, and the folders that their names may be relative to."""

    files: Sequence[ReportedFile]
    roots: Sequence[str] = ()


def whole(text: str | None, what: str, *, highest: int = HIGHEST_LINE) -> int:
    """
    Return a count as a number.

    :raises ReportUnreadable: it is none, or out of bounds.
    """
    number = whole_number((text or "").strip())
    if number is None:
        raise ReportUnreadable(f"{what} is not a whole number: {(text or '')[:40]!r}.")
    return min(number, highest)


def line_number(text: str | None) -> int:
    """
    Return the number of a line, counted from 1.

    :raises ReportUnreadable: it is no line number.
    """
    number = whole(text, "A line number", highest=HIGHEST_LINE + 1)
    if not 1 <= number <= HIGHEST_LINE:
        raise ReportUnreadable(f"There is no line {number}.")
    return number


class Budget:
    """Counts what a report holds, so that none fills the memory."""

    def __init__(self, most: int, what: str) -> None:
        self.left = most
        self.most, self.what = most, what

    def spend(self) -> None:
        """
        :raises ReportUnreadable: there is more than may be.
        """
        self.left -= 1
        if self.left < 0:
            raise ReportUnreadable(f"The report holds more than {self.most:,} {self.what}.")
