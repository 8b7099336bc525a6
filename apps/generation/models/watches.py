"""Who wants to hear how a request of somebody else ends."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.database import transaction_time
from apps.generation.models.runs import GenerationRun


class Watch(models.Model):
    """A person watches a request: they are told of its end, for as long as they may read it."""

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="watches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    began_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(fields=["run", "user"], name="generation_watch_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} watches req_{self.run_id}"
