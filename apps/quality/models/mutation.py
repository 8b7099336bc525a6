"""Whether tests notice when the code that they test is changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.core.intervals import Interval, wilson
from apps.quality.models.measured import MeasuredCode


class MutationRun(models.Model):
    """The tests of one text, run on changed versions of it: how many they noticed, and which they did not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.ForeignKey(MeasuredCode, on_delete=models.CASCADE, related_name="mutation_runs")
    seed = models.BigIntegerField(help_text="What the changes were drawn with.")
    tests = models.PositiveIntegerField(help_text="Tests that pass on the text as it is.")
    killed = models.PositiveIntegerField()
    survived = models.PositiveIntegerField()
    timed_out = models.PositiveIntegerField(help_text="Noticed, since the tests did not end.")
    invalid = models.PositiveIntegerField(help_text="Those that pytest came to no result with; they do not count.")
    untried = models.PositiveIntegerField(help_text="Possible changes that were not drawn, or had no time.")
    survivors = models.JSONField(default=list, help_text="The changes that no test noticed.")
    seconds = models.FloatField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tests__gte=1), name="quality_mutationrun_has_tests"),
        ]
        indexes = [
            # The list of runs in the API, newest first; and those of a window.
            models.Index(fields=["-created_at", "id"], name="quality_mutation_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.noticed} of {self.counted} changes noticed"

    @property
    def noticed(self) -> int:
        return self.killed + self.timed_out

    @property
    def counted(self) -> int:
        return self.noticed + self.survived

    @property
    def is_sample(self) -> bool:
        return self.untried > 0

    @property
    def share(self) -> Interval:
        """The share that was noticed, with Wilson's interval at 95 %."""
        return wilson(self.noticed, self.counted)
