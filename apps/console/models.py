"""What the metrics pages keep: a figure for each day, and what figures are compared with."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models import Scope


class MetricSample(models.Model):
    """
    What a metric was on a day, over the four weeks before its end, in one repository or a whole organisation.

    ``value`` is empty where there was nothing to tell, and ``missing`` says what would have to be there. ``origin`` is
    empty for all lines. A day's sample is taken anew while the day lasts.
    """

    key = models.CharField(max_length=80)
    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="+")
    origin = models.CharField(max_length=5, blank=True, default="")
    day = models.DateField()
    version = models.PositiveSmallIntegerField(help_text="Of the metric's definition.")
    value = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    as_of = models.DateTimeField(null=True)
    missing = models.TextField(blank=True, default="")
    is_error = models.BooleanField(default=False, help_text="Its source could not be read.")
    sources = models.JSONField(default=list)
    taken_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            # Also what the page reads: the samples of a place, newest day first.
            models.UniqueConstraint(fields=["scope", "key", "origin", "day"], name="console_sample_once_a_day"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(missing=""), name="console_sample_says_what_is_missing"
            ),
        ]
        indexes = [
            # The samples of a place in the last weeks, on its page.
            models.Index(fields=["scope", "day"], name="console_sample_page"),
            # The list in the API, newest first.
            models.Index(fields=["-taken_at", "id"], name="console_sample_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.day}"


class Baseline(models.Model):
    """
    What a metric was in the past, before the platform could measure it: imported, in versions, with source and period.

    The newest version of a place counts. The database keeps each as it was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    value = models.FloatField()
    period_start = models.DateField()
    period_end = models.DateField(help_text="Last day of the period.")
    source = models.CharField(max_length=400, help_text="Where the figure comes from.")
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the file it was imported from.")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key", "version"], name="console_baseline_version_once"),
            models.CheckConstraint(condition=Q(value__gt=0), name="console_baseline_positive"),
            models.CheckConstraint(condition=~Q(source=""), name="console_baseline_has_source"),
            models.CheckConstraint(condition=Q(period_end__gte=F("period_start")), name="console_baseline_period"),
        ]
        indexes = [
            # The list in the API and in the admin site, newest first.
            models.Index(fields=["-imported_at", "id"], name="console_baseline_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value:g}, version {self.version}"
