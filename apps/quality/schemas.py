"""What the API of the quality track takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime

from apps.quality.types import LONGEST_ENVIRONMENT, LONGEST_REASON, MAX_CODE, MOST_DEFECTS


class CodeIn(Schema):
    """Python source: either as ``code``, or as a file of a registered repository."""

    code: str | None = Field(
        None,
        max_length=MAX_CODE,
        description="The source itself.",
        examples=["def half(n: int) -> float:\n    return n / 2\n"],
    )
    repository: str | None = Field(None, description="Name of a registered repository.", examples=["demo"])
    path: str | None = Field(
        None,
        max_length=1000,
        description="File in the repository, or the name of the text.",
        examples=["shop/prices.py"],
    )
    sha: str | None = Field(None, description="Full id of the commit; by default the newest of the default branch.")


class TreeIn(Schema):
    """A whole repository, measured in the background; or one text, measured at once."""

    repository: str | None = Field(None, description="Name of a registered repository.", examples=["demo"])
    sha: str | None = Field(None, description="Full id of the commit; by default the newest of the default branch.")
    code: str | None = Field(None, max_length=MAX_CODE, description="A text in place of a repository.")
    path: str | None = Field(None, max_length=1000, description="Name of the text.", examples=["prices.py"])


class CoverageIn(TreeIn):
    """What to measure; a text comes with the tests that are to be run on it."""

    tests: str | None = Field(None, max_length=MAX_CODE, description="A pytest module that imports the text.")


class ProposalIn(Schema):
    """A proposal for a file of a registered repository."""

    improvement: str = Field(examples=["improvement_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"])


class UploadIn(Schema):
    """Which commit a report is about."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])
    sha: str = Field(description="Full id of the commit; the repository has to have it.")


class DefectIn(Schema):
    """A fault that was found in production."""

    key: str = Field(max_length=100, description="Its name in the tracker.", examples=["SHOP-17"])
    title: str = Field(max_length=300, examples=["Prices of zero are refused"])
    found_at: AwareDatetime = Field(description="When it was found in production, with its time zone.")
    url: str = Field("", max_length=500, pattern=r"^(https?://\S+)?$", description="Its page in the tracker.")
    fixed_by: str = Field(
        "",
        description="Full id of the commit that fixed it. Without one, a commit whose subject says so is looked for.",
    )
    is_withdrawn: bool = Field(False, description="It turned out to be none; that cannot be taken back.")


class DefectsIn(Schema):
    """What a tracker knows of a repository's defects; an empty list says that nothing was found."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])
    defects: list[DefectIn] = Field(max_length=MOST_DEFECTS)


class DefectsOut(Schema):
    """How many defects were new, and how many that were known changed."""

    id: str = Field(examples=["defectreport_5"])
    defects: int
    new: int
    changed: int


class CoverageUploadIn(UploadIn):
    """Which commit a report of coverage is about, and how it is written."""

    format: Literal["cobertura", "lcov"]
    is_complete: bool = Field(
        True,
        description="False for a part, such as one shard of the tests. Gates count only what is whole.",
    )


class SuiteUploadIn(UploadIn):
    """Which commit was tested, and where."""

    environment: str = Field(
        "ci",
        max_length=LONGEST_ENVIRONMENT,
        description="Where the tests ran; runs are compared within one.",
        examples=["linux-py3.12"],
    )
    infrastructure: str = Field(
        "",
        max_length=LONGEST_REASON,
        description="What broke this run, where it was what it ran on. Such a run is listed and counts for nothing.",
    )


class FindingOut(Schema):
    """One thing a tool found; line and column are 0 when it named no place."""

    tool: str = Field(examples=["ruff"])
    rule: str = Field(examples=["F401"])
    message: str
    path: str
    line: int
    column: int
    severity: str = Field(examples=["low"])


class FixOut(Schema):
    """One change that the linter holds to be safe."""

    rule: str
    message: str
    line: int


class ReviewOut(Schema):
    """A stored review."""

    id: str = Field(examples=["review_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"])
    review_type: str = Field(examples=["static"])
    quality_score: float | None = Field(description="1 is no finding; empty when a tool could not look.")
    severity_distribution: dict[str, int]
    findings: list[FindingOut]
    automated_fixes: list[FixOut]
    review_model: str = Field(description="The tools and their versions.")
    created_at: datetime


class SuiteOut(Schema):
    """A stored test suite with what running it showed."""

    id: str
    test_type: str = Field(examples=["property"])
    test_code: str
    coverage_achieved: float | None = Field(description="Percent of the text's statements that the tests run.")
    edge_cases_found: int = Field(description="Distinct inputs on which a property fails.")
    execution_results: dict[str, Any]
    quality_metrics: dict[str, Any]
    created_at: datetime


class FileCoverageOut(Schema):
    """One file's coverage."""

    path: str
    statements: int
    missing_lines: list[int]
    branches: int
    missing_branches: int
    line_percent: float | None


class CoverageOut(Schema):
    """Coverage of a text, and the stored review of what its tests do not reach."""

    line_percent: float
    branch_percent: float | None
    tests_run: int
    tests_failed: int
    files: list[FileCoverageOut]
    review: ReviewOut


class FileDebtOut(Schema):
    """One file's debt."""

    path: str
    code_lines: int
    highest_complexity: int
    minutes: int
    minutes_by_kind: dict[str, int]
    touches: int
    ratio: float
    rating: str


class ImprovementOut(Schema):
    """A stored proposal, measured before and after. Nothing has been changed."""

    id: str
    improvement_type: str = Field(examples=["safe_fixes"])
    original_metrics: dict[str, Any]
    improved_metrics: dict[str, Any]
    improvement_percentage: float
    applied_at: datetime | None


class DebtOut(Schema):
    """Debt of a text, and the stored proposal of what to repay first."""

    remediation_minutes: int
    ratio: float
    rating: str
    files: list[FileDebtOut]
    proposal: ImprovementOut


class CoverageUploadOut(Schema):
    """A stored report, and the names in it that are no file of the commit."""

    id: str
    line_percent: float
    branch_percent: float | None
    files: int = Field(description="Files of the commit that the report is about.")
    unreported: int = Field(description="Files of the commit that it should speak of and does not.")
    missing: list[str] = Field(
        description="Those files; at most 50. Python files with code besides tests, and what an earlier report had."
    )
    unknown: list[str] = Field(description="Names that are no file of the commit; at most 50.")
    is_complete: bool = Field(description="It was not sent as a part, and leaves no file out. Gates count no other.")


class SuiteUploadOut(Schema):
    """A stored run of the tests."""

    id: str
    environment: str
    passed: int
    failed: int
    skipped: int
    is_infrastructure: bool
