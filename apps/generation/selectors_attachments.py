"""The files of a draft, as its author sees them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.generation.models import DraftAttachment, SpecificationDraft
from apps.governance.models import User


def attachments_of(draft: SpecificationDraft | None) -> QuerySet[DraftAttachment]:
    """Return the files of *draft* in their order, without their texts; none where there is no draft yet."""
    return DraftAttachment.objects.filter(draft=draft).defer("text").order_by("number")


def attachment_get(*, user: User, draft_id: UUID, number: int) -> DraftAttachment:
    """
    Return a file of a draft of *user*.

    :raises NotFound: they have no such draft, or it has no such file any more.
    """
    rows = DraftAttachment.objects.filter(draft=draft_id, draft__author=user, number=number)
    found = rows.select_related("draft").first()
    if found is None:
        raise NotFound("There is no such attachment of a draft of yours.")
    return found
