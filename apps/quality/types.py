"""What is looked at, and why it may not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.checks.types import FileCoverage
from apps.core.errors import Conflict, NofxError
from apps.quality.engine.debt import FileDebt, rating, total_ratio
from apps.repositories.models import Revision

# The longest text that is looked at, and what it is called when it has no name.
MAX_CODE = 200_000
DEFAULT_PATH = "subject.py"
# The largest report that a build may send.
MAX_UPLOAD = 10 << 20
LONGEST_ENVIRONMENT = 100
LONGEST_REASON = 300
# A test that fails under coverage only is no flake, so the two are not compared.
COVERAGE_ENVIRONMENT = "sandbox, under coverage"
SANDBOX_ENVIRONMENT = "sandbox"
MOST_RERUNS = 20
MOST_COMMITS = 20
LONGEST_QUARANTINE_DAYS = 90
RERUN_JOB = "quality.rerun"
COVERAGE_JOB = "quality.coverage"
DEBT_JOB = "quality.debt"
SUITE_JOB = "quality.suite"
REVIEW_JOB = "quality.review"
OPTIMISE_JOB = "quality.optimise"
MOST_DEFECTS = 1_000
MUTATION_JOB = "quality.mutation"
APPLY_JOB = "quality.apply"
DISCARD_JOB = "quality.discard"
PROPOSAL_SUBJECT = "improvement"
CODE_SUBJECT = "quality_code"
# The subject of coverage and debt is a revision; the name is ours, because other apps have jobs about revisions too.
MEASUREMENT_SUBJECT = "quality_revision"


class ProposalKind(StrEnum):
    """What a proposal is about."""

    SAFE_FIXES = "safe_fixes"
    DEBT_REPAYMENT = "debt_repayment"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return {"safe_fixes": "Safe fixes", "debt_repayment": "Debt to repay first"}[self.value]


class NothingToMeasure(NofxError):
    """The code holds nothing of the kind that is measured."""

    code = "quality.nothing_to_measure"
    status = 422


class InputInvalid(NofxError):
    """What is to be measured is named in a way that cannot be meant."""

    code = "quality.input_invalid"
    status = 422


class UploadUnreadable(NofxError):
    """What was sent is not the report that it is said to be."""

    code = "quality.upload_unreadable"
    status = 422


class UploadTooLarge(NofxError):
    """A report is larger than one may be."""

    code = "quality.upload_too_large"
    status = 413


class NotApplicable(NofxError):
    """The proposal holds no change of a repository's file."""

    code = "quality.not_applicable"
    status = 422


class ProposalOutdated(Conflict):
    """The file is no longer the one that the proposal is for."""

    code = "quality.proposal_outdated"


@dataclass(frozen=True)
class Code:
    """A text with its path, at a commit of a repository or, without a revision, as a person sent it."""

    text: str
    path: str
    revision: Revision | None = None


@dataclass(frozen=True)
class DebtResult:
    """Debt of some files, the largest first."""

    files: tuple[FileDebt, ...]

    @property
    def minutes(self) -> int:
        return sum(file.minutes for file in self.files)

    @property
    def ratio(self) -> float:
        return total_ratio(self.files)

    @property
    def rating(self) -> str:
        return rating(self.ratio)

    def files_json(self) -> list[dict[str, Any]]:
        """Return the files as they are stored."""
        return [file_json(file) for file in self.files]


def file_json(file: FileDebt) -> dict[str, Any]:
    """Return the debt of one file as it is stored."""
    return {
        "path": file.path,
        "code_lines": file.code_lines,
        "highest_complexity": file.highest_complexity,
        "minutes": file.minutes,
        "minutes_by_kind": dict(file.minutes_by_kind),
        "touches": file.touches,
        "ratio": round(file.ratio, 4),
        "rating": file.rating,
    }


def file_debt(stored: Mapping[str, Any]) -> FileDebt:
    """Return the debt of one file from how it was stored."""
    return FileDebt(
        path=stored["path"],
        code_lines=stored["code_lines"],
        highest_complexity=stored["highest_complexity"],
        minutes_by_kind=stored["minutes_by_kind"],
        touches=stored["touches"],
    )


def coverage_json(file: FileCoverage) -> dict[str, Any]:
    """Return the coverage of one file as it is stored."""
    return {
        "path": file.path,
        "statements": file.statements,
        "missing_lines": list(file.missing_lines),
        "branches": file.branches,
        "missing_branches": file.missing_branches,
        "line_percent": None if file.line_percent is None else round(file.line_percent, 2),
    }
