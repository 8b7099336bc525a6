"""Faults that were found in production, and where the lines came from that their fixes changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.repositories.models import Repository


class DefectReport(models.Model):
    """That a tracker told of a repository's defects, if only that there was none: without it, none is known."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="defect_reports")
    defects = models.PositiveIntegerField(help_text="How many the report names.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was sent.")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # The newest report of a repository.
            models.Index(fields=["repository", "-created_at"], name="quality_defectreport_last"),
            # The list in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_defectreport_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.defects} defects"


class Defect(models.Model):
    """
    A fault that somebody found in production, known by the name that its tracker gives it.

    ``blamed`` counts the lines that its fix changed or removed, by the origin they had (the SZZ algorithm: Śliwerski,
    Zimmermann and Zeller, "When Do Changes Induce Fixes?", 2005). A fix that only adds lines blames none.
    """

    class Origin(models.TextChoices):
        UNKNOWN = "", "Unknown"
        AI = "ai", "AI"
        HUMAN = "human", "Human"
        MIXED = "mixed", "Mixed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="defects")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    found_at = models.DateTimeField()
    url = models.URLField(max_length=500, blank=True, default="")
    is_withdrawn = models.BooleanField(default=False, help_text="It turned out to be none.")
    fix_sha = models.CharField(max_length=64, blank=True, default="")
    is_fix_named = models.BooleanField(default=False, help_text="The fix was found by the name in its subject.")
    blamed = models.JSONField(default=dict)
    origin = models.CharField(max_length=5, choices=Origin, blank=True, default=Origin.UNKNOWN)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "key"], name="quality_defect_once"),
            models.CheckConstraint(condition=~Q(fix_sha="") | Q(origin=""), name="quality_defect_blame_needs_a_fix"),
        ]
        indexes = [
            # Defects of a window.
            models.Index(fields=["repository", "found_at"], name="quality_defect_window"),
            # The list in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="quality_defect_newest"),
        ]

    def __str__(self) -> str:
        return self.key
