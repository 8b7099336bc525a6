"""Figures about how reviews are done, of groups only: no row here belongs to a person, a verdict or a request."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.repositories.models import Repository

TENTHS = 10


class ReviewCount(models.Model):
    """
    How many reviews of one repository had one value of a measure.

    Rows without a month are still waiting: they are told, with the month in which their group became large enough, only
    when there are ten of them. See docs/adr/0008-review-depth-is-told-in-tens.md.
    """

    class Measure(models.TextChoices):
        DEPTH = "depth", "Share of changed lines in view"
        CANARY = "canary", "What was wrong on purpose was caught"
        ACTIVE = "active", "Time of active review"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    month = models.DateField(null=True, help_text="First day of the month in which they were told; empty: not yet.")
    measure = models.CharField(max_length=8, choices=Measure)
    value = models.PositiveSmallIntegerField(
        null=True,
        help_text="Depth: its tenth, from 0; empty: not measured. Canary: 1 caught, 0 missed. Active: a class.",
    )
    reviews = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "measure", "month", "value"],
                name="generation_reviewcount_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__lt=TENTHS), name="generation_reviewcount_tenth"
            ),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__day=1), name="generation_reviewcount_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.value}: {self.reviews}"
