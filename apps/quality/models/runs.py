"""Runs of a repository's own tests, by commit and environment, and what they say of each test."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.repositories.models import Repository, Revision

LONGEST_TEST = 500


class SuiteRun(models.Model):
    """
    One run of a commit's tests, in the sandbox or in a build that sent its report.

    A run that infrastructure broke is kept and listed with its reason, and counts for nothing.
    """

    class Source(models.TextChoices):
        SANDBOX = "sandbox", "Run in the sandbox"
        JUNIT = "junit", "Sent as JUnit XML"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="suite_runs")
    environment = models.CharField(max_length=100)
    source = models.CharField(max_length=10, choices=Source.choices)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was sent, or of the job and its turn.")
    is_infrastructure = models.BooleanField(default=False, help_text="It was broken by what it ran on.")
    reason = models.CharField(max_length=300, blank=True, default="")
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "environment", "digest"], name="quality_suiterun_once"),
            models.CheckConstraint(
                condition=Q(is_infrastructure=False) | ~Q(reason=""), name="quality_suiterun_broken_has_a_reason"
            ),
        ]
        indexes = [
            # The list of runs in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_suiterun_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} in {self.environment}"


class SuiteTest(models.Model):
    """A test of a repository, known by the name that its runner gives it."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="suite_tests")
    name = models.CharField(max_length=LONGEST_TEST)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="quality_suitetest_once"),
        ]
        indexes = [
            # The list of tests in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_suitetest_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class SuiteOutcome(models.Model):
    """What became of one test in one run. A test that its runner tried again has one for each try."""

    class Outcome(models.TextChoices):
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    run = models.ForeignKey(SuiteRun, on_delete=models.CASCADE, related_name="outcomes")
    test = models.ForeignKey(SuiteTest, on_delete=models.CASCADE, related_name="outcomes")
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.outcome


class SuiteTally(models.Model):
    """
    How often one test passed and failed on one commit in one environment: what rates are counted from.

    It is written with the outcomes, in the same transaction, so that a page of a million outcomes reads thousands.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    test = models.ForeignKey(SuiteTest, on_delete=models.CASCADE, related_name="tallies")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=100)
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0, help_text="Of all executions together.")
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "suite tallies"
        constraints = [
            models.UniqueConstraint(fields=["test", "revision", "environment"], name="quality_suitetally_once"),
        ]
        indexes = [
            # Rates of a repository over a window.
            models.Index(
                fields=["repository", "last_at"],
                include=["test", "passed", "failed", "seconds"],
                name="quality_tally_window",
            ),
            # Tests that failed or are slow, among many that do neither: what the page of flakes is about.
            models.Index(
                fields=["repository", "last_at"],
                include=["test"],
                condition=Q(failed__gt=0) | Q(seconds__gt=0, seconds__gte=F("passed") + F("failed")),
                name="quality_tally_noticed",
            ),
            # How the tests that the page lists did in its window.
            models.Index(
                fields=["test", "last_at"], include=["passed", "failed", "seconds"], name="quality_tally_test_window"
            ),
            # The list of tallies in the API, newest first.
            models.Index(fields=["-last_at", "id"], name="quality_suitetally_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


class Quarantine(models.Model):
    """
    A test that somebody answers for until a day, so that its failures hold up nobody meanwhile.

    Its runs go on counting: a quarantine makes no rate better.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    test = models.ForeignKey(SuiteTest, on_delete=models.PROTECT, related_name="quarantines")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    ends_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["test"], condition=Q(lifted_at__isnull=True), name="quality_quarantine_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("created_at")), name="quality_quarantine_ends"),
            models.CheckConstraint(condition=~Q(reason=""), name="quality_quarantine_has_a_reason"),
        ]
        indexes = [
            # The list of quarantines in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_quarantine_newest"),
        ]

    def __str__(self) -> str:
        return f"until {self.ends_at:%Y-%m-%d}"
