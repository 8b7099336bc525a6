"""What the author of a request said about it after it was submitted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.models.runs import GenerationRun


class Guidance(models.Model):
    """One more version of what is asked for: some sentences beside the specification. Never changed or removed."""

    run = models.ForeignKey(GenerationRun, on_delete=models.PROTECT, related_name="guidance")
    version = models.PositiveSmallIntegerField(help_text="From 1; the specification alone is version 0.")
    text = models.TextField()
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the specification and of all guidance up to this version."
    )
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "guidance"
        constraints = [
            models.UniqueConstraint(fields=["run", "version"], name="generation_guidance_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="generation_guidance_version_from_one"),
            models.CheckConstraint(condition=~Q(text=""), name="generation_guidance_says_something"),
        ]

    def __str__(self) -> str:
        return f"guidance {self.version} of req_{self.run_id}"
