"""
Attachments of a draft: text files that its author adds and removes until it is submitted.

The request is frozen with a copy of each, without what looks like a secret; from then on they stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.core.errors import NofxError, NotFound
from apps.generation.engine.attachments import MOST, MOST_BYTES, Attachment, Unreadable, attachment_read
from apps.generation.models import DraftAttachment, SpecificationDraft
from apps.generation.services.draft_versions import DraftSubmitted
from apps.governance.models import User


class AttachmentRefused(NofxError):
    """A file cannot be attached; the message names it."""

    code = "attachment.refused"
    status = 422


@transaction.atomic
def attachments_add(*, author: User, draft_id: UUID, files: Sequence[tuple[str, bytes]]) -> list[str]:
    """
    Attach *files*, each a name and what is in it, all of them or none, and return their names.

    A file that is there already is left as it is.

    :raises NotFound: the author has no such draft.
    :raises DraftSubmitted: it was submitted.
    :raises AttachmentRefused: there is no file, one cannot be read as text, is too large or one too many, or another
        one has its name.
    """
    draft = _locked(author, draft_id)
    if not files:
        raise AttachmentRefused("No file was chosen.", remedy="Choose one, then attach it.")
    return [_add(draft, _read(*one)).name for one in files]


def _read(name: str, content: bytes) -> Attachment:
    try:
        return attachment_read(name, content)
    except Unreadable as problem:
        raise AttachmentRefused(
            f"{problem} Nothing was attached.",
            remedy=f"Attach text in UTF-8, such as code, CSV, JSON or Markdown, of {MOST_BYTES // 1024} KB at most.",
        ) from problem


def _add(draft: SpecificationDraft, file: Attachment) -> DraftAttachment:
    present = {one.number: one for one in draft.attachments.defer("text")}
    same = next((one for one in present.values() if one.name == file.name), None)
    if same is not None and same.digest == file.digest:
        return same
    if same is not None:
        raise AttachmentRefused(
            f"Another {file.name} is attached already. Nothing was attached.", remedy="Remove that one first."
        )
    free = next((number for number in range(1, MOST + 1) if number not in present), None)
    if free is None:
        raise AttachmentRefused(
            f"{file.name} is one too many: {MOST} files can be attached. Nothing was attached.",
            remedy="Remove one first, or attach fewer.",
        )
    return DraftAttachment.objects.create(
        draft=draft, number=free, name=file.name, text=file.text, size=file.size, digest=file.digest
    )


@transaction.atomic
def attachment_remove(*, author: User, draft_id: UUID, number: int) -> None:
    """
    Remove file *number* of a draft; one that is gone already is no error.

    :raises NotFound: the author has no such draft.
    :raises DraftSubmitted: it was submitted.
    """
    _locked(author, draft_id).attachments.filter(number=number).delete()


def attachments_copy(*, source: SpecificationDraft, draft: SpecificationDraft) -> None:
    """Give *draft*, which is new, what *source* has."""
    DraftAttachment.objects.bulk_create(
        DraftAttachment(draft=draft, number=one.number, name=one.name, text=one.text, size=one.size, digest=one.digest)
        for one in source.attachments.all()
    )


def attachments_read(draft: SpecificationDraft) -> list[Attachment]:
    """Return the files of *draft* in their order."""
    return [Attachment(one.name, one.size, one.digest, one.text) for one in draft.attachments.order_by("number")]


def _locked(author: User, draft_id: UUID) -> SpecificationDraft:
    draft = SpecificationDraft.objects.select_for_update().filter(pk=draft_id, author=author).first()
    if draft is None:
        raise NotFound("There is no such draft of yours.")
    if draft.runs.exists():
        raise DraftSubmitted(
            "This specification was submitted, and its attachments stay with it.",
            remedy="Duplicate it to attach other files.",
        )
    return draft
