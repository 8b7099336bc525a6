"""Drafts: what a person types is kept, whatever happens next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.models import GenerationRun, SpecificationDraft
from apps.generation.services.attachments import attachments_copy
from apps.generation.services.draft_versions import version_keep_due
from apps.governance.models import User
from apps.repositories.models import Repository

MAX_TEXT_CHARACTERS = 200_000
MOST_PUT_ASIDE = 200
_KEY = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class SavedDraft:
    """
    The draft as it is now, None when there was nothing to keep.

    ``is_copy`` when another tab's newer text was left alone and this became a draft of its own.
    """

    draft: SpecificationDraft | None
    is_copy: bool = False


@transaction.atomic
def draft_save(
    *,
    author: User,
    title: str,
    text: str,
    repository: Repository | None = None,
    target_path: str = "",
    draft_id: UUID | None = None,
    version: int = 0,
    put_aside: Iterable[str] = (),
    source: GenerationRun | None = None,
    like: SpecificationDraft | None = None,
) -> SavedDraft:
    """
    Keep the text, with plain line ends, under *draft_id*. Whoever writes may choose it, so that a save whose answer was
    lost makes no second draft. Where another tab changed the draft since *version*, the text becomes a copy.

    *put_aside* are the keys of findings that the author does not want to see again; *source* is the request that a new
    draft began as a copy of; *like* is a draft whose attachments a new one takes along.

    Without a title and a text there is nothing to keep: no draft is made, and one that was emptied is removed unless it
    has versions or attachments. What it said before is kept as one where ``draft_versions`` finds it worth that.
    """
    title, text = plain_text(title.strip())[:200], plain_text(text[:MAX_TEXT_CHARACTERS].replace("\r\n", "\n"))
    values = {
        "title": title,
        "text": text,
        "repository": repository,
        "target_path": plain_text(target_path.strip())[:400],
        "put_aside": sorted({key for key in put_aside if _KEY.fullmatch(key)})[:MOST_PUT_ASIDE],
    }
    own = SpecificationDraft.objects.filter(pk=draft_id, author=author, version=version)
    before = own.select_for_update().first()
    is_empty = not title and not text.strip()
    if before is not None and not (is_empty and before.runs.exists()):
        return SavedDraft(_changed(before, values, is_empty=is_empty))
    if is_empty:
        return SavedDraft(None)
    draft, is_new = SpecificationDraft.objects.get_or_create(
        pk=draft_id or uuid4(), defaults={"author": author, "source": source, **values}
    )
    if is_new and like is not None:
        attachments_copy(source=like, draft=draft)
    is_own = draft.author_id == author.pk
    if is_new or (is_own and (draft.title, draft.text) == (title, text)):
        return SavedDraft(draft)
    copy = SpecificationDraft.objects.create(author=author, source=source, **values)
    if is_own:
        attachments_copy(source=draft, draft=copy)
    return SavedDraft(copy, is_copy=True)


def _changed(draft: SpecificationDraft, values: Mapping[str, Any], *, is_empty: bool) -> SpecificationDraft | None:
    """Let *draft*, whose row is locked, say *values*; None when it says nothing now and never said much."""
    version_keep_due(draft=draft, title=values["title"], text=values["text"])
    if is_empty and not draft.versions.exists() and not draft.attachments.exists():
        draft.delete()
        return None
    SpecificationDraft.objects.filter(pk=draft.pk).update(**values, version=F("version") + 1, updated_at=now())
    draft.refresh_from_db()
    return draft


def draft_delete(*, author: User, draft_id: UUID) -> None:
    """
    Remove a draft that was never submitted.

    :raises NotFound: the author has no such draft, or it was submitted and belongs to its request.
    """
    removed, _ = SpecificationDraft.objects.filter(pk=draft_id, author=author, runs__isnull=True).delete()
    if not removed:
        raise NotFound("There is no unsubmitted draft of yours with this address.")
