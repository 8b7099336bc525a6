"""Reviews, test suites, improvements, coverage and debt as API resources."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.database import Part, Reach
from apps.governance.models import User
from apps.governance.rest import Resource, Searched
from apps.governance.subjects import subject_register
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    MutationRun,
    ProposalBranch,
    QualityImprovement,
)
from apps.quality.types import CODE_SUBJECT, MEASUREMENT_SUBJECT, PROPOSAL_SUBJECT
from apps.repositories.selectors import repository_ids, revisions_in


def _code_in(user: User, repositories: Sequence[UUID]) -> QuerySet[MeasuredCode]:
    return MeasuredCode.objects.filter(Q(revision__repository__in=repositories) | _sent_by(user))


def _sent_by(user: User) -> Q:
    return Q(revision__isnull=True, submitted_by=user)


def _about_code(user: User, identity: str) -> Reach:
    """Return the rows about code of *user*'s repositories, and those about texts that they sent."""
    sides = (Q(revision__repository__in=repository_ids(user)), _sent_by(user))
    return Reach([Part(identity=identity, keys=MeasuredCode.objects.filter(side)) for side in sides])


def _proposals_in(user: User, repositories: Sequence[UUID]) -> QuerySet[QualityImprovement]:
    return QualityImprovement.objects.filter(original_code_id__in=_code_in(user, repositories).values("pk"))


subject_register(PROPOSAL_SUBJECT, places=repository_ids, readable=_proposals_in)
subject_register(CODE_SUBJECT, places=repository_ids, readable=_code_in)
subject_register(MEASUREMENT_SUBJECT, places=repository_ids, readable=revisions_in)


class CodeResource(Searched, Resource):
    """A file of a commit, a whole commit, or a text that you sent, that was looked at."""

    noun = "measured-code"
    prefix = "code"
    model = MeasuredCode
    permit = "quality:read"
    columns = {"id": "pk", "revision": "", "path": "", "digest": "", "text": "", "created_at": ""}
    references = {"revision": "rev"}
    filters = ("revision", "path", "digest")

    def reach(self, user: User) -> Reach:
        """Return the code of repositories that *user* may read, and what they sent."""
        revisions = revisions_in(user, repository_ids(user))
        return Reach([Part(identity="revision_id", keys=revisions), Part(_sent_by(user))])


class ReviewResource(Searched, Resource):
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

    def reach(self, user: User) -> Reach:
        """Return the reviews of code that *user* may read."""
        return _about_code(user, "code_artifact_id")


class TestSuiteResource(Searched, Resource):
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

    def reach(self, user: User) -> Reach:
        """Return the tests of code that *user* may read."""
        return _about_code(user, "target_code_id")


class MutationRunResource(Searched, Resource):
    """How many changes of a file's code its tests noticed, and which they did not."""

    noun = "mutation-runs"
    prefix = "mutation"
    model = MutationRun
    permit = "quality:read"
    columns = {
        "id": "pk",
        "code": "",
        "seed": "",
        "tests": "",
        "killed": "",
        "survived": "",
        "timed_out": "",
        "invalid": "",
        "untried": "",
        "survivors": "",
        "seconds": "",
        "created_at": "",
    }
    references = {"code": "code"}
    filters = ("code",)

    def reach(self, user: User) -> Reach:
        """Return the runs of code that *user* may read."""
        return _about_code(user, "code_id")


class ImprovementResource(Searched, Resource):
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

    def reach(self, user: User) -> Reach:
        """Return the changes of code that *user* may read."""
        return _about_code(user, "original_code_id")


class ProposalBranchResource(Resource):
    """The branch that carries a proposal that a person applied."""

    noun = "proposal-branches"
    prefix = "improvement"
    model = ProposalBranch
    permit = "quality:read"
    columns = {
        "id": "pk",
        "base": "",
        "branch": "",
        "head_sha": "",
        "is_pushed": "",
        "push_error": "",
        "applied_by": "",
        "created_at": "",
    }
    references = {"base": "rev", "applied_by": "user"}
    filters = ("is_pushed",)
    place_path = "base__repository"
    places = staticmethod(repository_ids)


class CoverageResource(Resource):
    """Line and branch coverage of one commit."""

    noun = "coverage"
    prefix = "cov"
    model = CoverageReport
    permit = "quality:read"
    columns = {
        "id": "pk",
        "revision": "",
        "source": "",
        "is_complete": "",
        "line_percent": "",
        "branch_percent": "",
        "files": "",
        "unreported": "",
        "unreported_files": "",
        "tests_run": "",
        "tests_failed": "",
        "uploaded_by": "",
        "created_at": "",
    }
    references = {"revision": "rev", "uploaded_by": "user"}
    filters = ("revision", "source", "is_complete")
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
