"""Track B's tables: PHASE5's three, column for column, and beside them what was measured on which commit."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.core.schema import created_at, percentage, score, uuid_key
from apps.repositories.models import Revision


class MeasuredCode(models.Model):
    """
    What was looked at: a file of a commit, a whole commit (no path), or a text that a person sent.

    PHASE5's tables name it by id only. Who may read the repository may read what was found in it; a text without a
    repository is its sender's alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    revision = models.ForeignKey(Revision, null=True, on_delete=models.CASCADE, related_name="measured_code")
    path = models.CharField(max_length=1000, blank=True, default="")
    digest = models.CharField(max_length=64, help_text="SHA-256 of path and text.")
    text = models.TextField(blank=True, default="")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    is_candidate = models.BooleanField(
        db_default=False, help_text="Known elsewhere by the same id; not the only one with its text."
    )
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "digest"],
                condition=Q(revision__isnull=False, is_candidate=False),
                name="quality_measuredcode_once_per_revision",
            ),
            models.CheckConstraint(
                condition=Q(revision__isnull=False) | Q(submitted_by__isnull=False),
                name="quality_measuredcode_has_a_reader",
            ),
        ]
        indexes = [
            # The list of measured code in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_code_newest"),
        ]

    def __str__(self) -> str:
        return self.path or "a whole commit"


class AiCodeReview(models.Model):
    """What a review found in one text of code."""

    id = uuid_key()
    code_artifact_id = models.UUIDField(null=True)
    review_type = models.TextField()
    findings = ArrayField(models.JSONField())
    severity_distribution = models.JSONField(null=True)
    quality_score = score()
    automated_fixes = ArrayField(models.JSONField(), null=True)
    review_model = models.TextField()
    created_at = created_at()

    class Meta:
        db_table = "ai_code_reviews"
        verbose_name = "AI code review"
        indexes = [
            # The review list, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_review_newest"),
            # The reviews of one repository's code.
            models.Index(fields=["code_artifact_id"], name="quality_review_code"),
        ]

    def __str__(self) -> str:
        return f"{self.review_type} review by {self.review_model}"


class GeneratedTestSuite(models.Model):
    """Tests that were generated for one text of code, with what running them showed."""

    id = uuid_key()
    target_code_id = models.UUIDField(null=True)
    test_type = models.TextField()
    coverage_achieved = percentage()
    edge_cases_found = models.IntegerField(null=True)
    test_code = models.TextField()
    execution_results = models.JSONField(null=True)
    quality_metrics = models.JSONField(null=True)
    created_at = created_at()

    class Meta:
        db_table = "generated_test_suites"
        indexes = [
            # The suite list, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_suite_newest"),
            # The suites of one repository's code.
            models.Index(fields=["target_code_id"], name="quality_suite_code"),
        ]

    def __str__(self) -> str:
        return f"{self.test_type} suite"


class QualityImprovement(models.Model):
    """A change that made code measurably better, or proposes to."""

    id = uuid_key()
    original_code_id = models.UUIDField(null=True)
    improvement_type = models.TextField()
    original_metrics = models.JSONField(null=True)
    improved_metrics = models.JSONField(null=True)
    improvement_percentage = percentage()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "quality_improvements"
        indexes = [
            # The proposals for one repository's code.
            models.Index(fields=["original_code_id"], name="quality_improvement_code"),
        ]

    def __str__(self) -> str:
        return self.improvement_type


class ProposalBranch(models.Model):
    """The branch that carries a proposal that a person applied; a person merges it, or has it discarded."""

    improvement = models.OneToOneField(
        QualityImprovement, primary_key=True, on_delete=models.PROTECT, related_name="applied"
    )
    base = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    branch = models.CharField(max_length=100)
    head_sha = models.CharField(max_length=64)
    is_pushed = models.BooleanField(default=False)
    push_error = models.TextField(blank=True, default="")
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "proposal branches"
        indexes = [
            # The list of branches in the API, newest first.
            models.Index(fields=["-created_at", "improvement"], name="quality_branch_newest"),
        ]

    def __str__(self) -> str:
        return self.branch


class CoverageReport(models.Model):
    """
    Line and branch coverage of one commit: measured by running its own tests in the sandbox, or sent by its builds.

    The two are kept apart, and each report that is sent is kept as it came, so that neither hides the other.
    """

    class Source(models.TextChoices):
        SANDBOX = "sandbox", "Measured in the sandbox"
        COBERTURA = "cobertura", "Sent as Cobertura"
        LCOV = "lcov", "Sent as LCOV"

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="coverage_reports")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.SANDBOX)
    digest = models.CharField(max_length=64, blank=True, default="", help_text="SHA-256 of what was sent.")
    is_complete = models.BooleanField(
        default=True,
        help_text="Every test could start, and it is of all tests and files. Gates count no other.",
    )
    line_percent = models.DecimalField(max_digits=5, decimal_places=2)
    branch_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    files = models.JSONField(default=list)
    unreported = models.PositiveIntegerField(default=0, help_text="Files of the commit that it should speak of.")
    unreported_files = models.JSONField(default=list, db_default=[], help_text="The first thousand of them.")
    tests_run = models.PositiveIntegerField(null=True, help_text="Unknown of a report that was sent.")
    tests_failed = models.PositiveIntegerField(default=0, help_text="Failures and tests that could not start.")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision"], condition=Q(source="sandbox"), name="quality_coverage_measured_once"
            ),
            models.UniqueConstraint(
                fields=["revision", "digest"], condition=~Q(source="sandbox"), name="quality_coverage_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(source="sandbox", digest="", uploaded_by__isnull=True)
                | (~Q(source="sandbox") & ~Q(digest="") & Q(uploaded_by__isnull=False)),
                name="quality_coverage_has_an_origin",
            ),
            models.CheckConstraint(
                condition=Q(line_percent__range=(0, 100))
                & (Q(branch_percent__isnull=True) | Q(branch_percent__range=(0, 100))),
                name="quality_coverage_is_a_share",
            ),
        ]
        indexes = [
            # The coverage list in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_coverage_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.line_percent} % of {self.revision}"


class DebtAssessment(models.Model):
    """Technical debt of one commit: for each file its complexity, churn and remediation minutes."""

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, related_name="debt")
    files = models.JSONField(default=list)
    remediation_minutes = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # The debt list in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_debt_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.remediation_minutes} min in {self.revision}"
