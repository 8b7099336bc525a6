"""Reviews, test suites, improvements, coverage and debt as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.subjects import subject_register
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    QualityImprovement,
)
from apps.quality.selectors import code_readable
from apps.quality.types import CODE_SUBJECT, MEASUREMENT_SUBJECT
from apps.repositories.selectors import repository_ids, revisions_readable


def _code_ids(user: User) -> QuerySet[Any]:
    return code_readable(user).values("pk")


subject_register(CODE_SUBJECT, readable=_code_ids)
subject_register(MEASUREMENT_SUBJECT, readable=revisions_readable)


class CodeResource(Resource):
    """A file of a commit, a whole commit, or a text that you sent, that was looked at."""

    noun = "measured-code"
    prefix = "code"
    model = MeasuredCode
    permit = "quality:read"
    columns = {"id": "pk", "revision": "", "path": "", "digest": "", "text": "", "created_at": ""}
    references = {"revision": "rev"}
    filters = ("revision", "path", "digest")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out code of unreadable repositories and what somebody else sent."""
        return rows.filter(pk__in=_code_ids(user))


class ReviewResource(Resource):
    """What a review found in one text of code."""

    noun = "reviews"
    prefix = "review"
    model = AiCodeReview
    permit = "quality:read"
    columns = {
        "id": "pk",
        "code_artifact_id": "",
        "review_type": "",
        "findings": "",
        "severity_distribution": "",
        "quality_score": "",
        "automated_fixes": "",
        "review_model": "",
        "created_at": "",
    }
    filters = ("code_artifact_id", "review_type")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out reviews of code that *user* may not read."""
        return rows.filter(code_artifact_id__in=_code_ids(user))


class TestSuiteResource(Resource):
    """Tests that were generated for one text of code."""

    noun = "test-suites"
    prefix = "suite"
    model = GeneratedTestSuite
    permit = "quality:read"
    columns = {
        "id": "pk",
        "target_code_id": "",
        "test_type": "",
        "coverage_achieved": "",
        "edge_cases_found": "",
        "test_code": "",
        "execution_results": "",
        "quality_metrics": "",
        "created_at": "",
    }
    filters = ("target_code_id", "test_type")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out tests of code that *user* may not read."""
        return rows.filter(target_code_id__in=_code_ids(user))


class ImprovementResource(Resource):
    """A change that makes code measurably better, or proposes to."""

    noun = "improvements"
    prefix = "improvement"
    model = QualityImprovement
    permit = "quality:read"
    columns = {
        "id": "pk",
        "original_code_id": "",
        "improvement_type": "",
        "original_metrics": "",
        "improved_metrics": "",
        "improvement_percentage": "",
        "applied_at": "",
    }
    filters = ("original_code_id", "improvement_type")
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out changes of code that *user* may not read."""
        return rows.filter(original_code_id__in=_code_ids(user))


class CoverageResource(Resource):
    """Line and branch coverage of one commit."""

    noun = "coverage"
    prefix = "cov"
    model = CoverageReport
    permit = "quality:read"
    columns = {
        "id": "pk",
        "revision": "",
        "line_percent": "",
        "branch_percent": "",
        "files": "",
        "tests_run": "",
        "tests_failed": "",
        "created_at": "",
    }
    references = {"revision": "rev"}
    filters = ("revision",)
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class DebtResource(Resource):
    """Technical debt of one commit, file by file."""

    noun = "debt"
    prefix = "debt"
    model = DebtAssessment
    permit = "quality:read"
    columns = {"id": "pk", "revision": "", "files": "", "remediation_minutes": "", "created_at": ""}
    references = {"revision": "rev"}
    filters = ("revision",)
    place_path = "revision__repository"
    places = staticmethod(repository_ids)
