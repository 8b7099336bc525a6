"""Files that go with a draft."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.generation.engine.attachments import MOST, MOST_BYTES, MOST_NAME
from apps.generation.models.runs import SpecificationDraft


class DraftAttachment(models.Model):
    """A text file that the author of a draft attached; a request is frozen with a copy of it without secrets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(SpecificationDraft, on_delete=models.CASCADE, related_name="attachments")
    number = models.PositiveSmallIntegerField(help_text=f"Its place among those of the draft, 1 to {MOST}.")
    name = models.CharField(max_length=MOST_NAME)
    text = models.TextField(help_text="With plain line ends.")
    size = models.PositiveIntegerField(help_text="Bytes of the file.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    added_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="generation_draftattachment_number_once"),
            models.UniqueConstraint(fields=["draft", "name"], name="generation_draftattachment_name_once"),
            # With the numbers being unique, there are no more than that.
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=MOST), name="generation_draftattachment_number"
            ),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=MOST_BYTES), name="generation_draftattachment_size"
            ),
        ]

    def __str__(self) -> str:
        return self.name
