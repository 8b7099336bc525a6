"""When people are away."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time


class Absence(models.Model):
    """Days on which a person is away, the last one included; alternates may take their seats then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    declared_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="governance_absence_ends"),
        ]
        indexes = [
            # Who is away today, in every decision.
            models.Index(fields=["user", "ends_on"], name="governance_absence_user"),
            # The newest absences, in the admin site and in the API.
            models.Index(fields=["-declared_at", "id"], name="governance_absence_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.starts_on} to {self.ends_on}"
