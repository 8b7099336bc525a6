"""Drafts: what a person types is kept, whatever happens next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.models import GenerationRun, SpecificationDraft
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
) -> SavedDraft:
    """
    Keep the text, with plain line ends, under *draft_id*. Whoever writes may choose it, so that a save whose answer was
    lost makes no second draft. Where another tab changed the draft since *version*, the text becomes a copy.

    *put_aside* are the keys of findings that the author does not want to see again; *source* is the request that a new
    draft began as a copy of.

    Without a title and a text there is nothing to keep: no draft is made, and one that was emptied is removed.
    """
    values = {
        "title": plain_text(title.strip())[:200],
        "text": plain_text(text[:MAX_TEXT_CHARACTERS].replace("\r\n", "\n")),
        "repository": repository,
        "target_path": plain_text(target_path.strip())[:400],
        "put_aside": sorted({key for key in put_aside if _KEY.fullmatch(key)})[:MOST_PUT_ASIDE],
    }
    own = SpecificationDraft.objects.filter(pk=draft_id, author=author)
    if not title.strip() and not text.strip():
        own.filter(version=version, runs__isnull=True).delete()
        return SavedDraft(None)
    if own.filter(version=version).update(**values, version=F("version") + 1, updated_at=now()):
        return SavedDraft(own.get())
    draft, is_new = SpecificationDraft.objects.get_or_create(
        pk=draft_id or uuid4(), defaults={"author": author, "source": source, **values}
    )
    is_kept = draft.author_id == author.pk and (draft.title, draft.text) == (values["title"], values["text"])
    if is_new or is_kept:
        return SavedDraft(draft)
    return SavedDraft(SpecificationDraft.objects.create(author=author, source=source, **values), is_copy=True)


def draft_delete(*, author: User, draft_id: UUID) -> None:
    """
    Remove a draft that was never submitted.

    :raises NotFound: the author has no such draft, or it was submitted and belongs to its request.
    """
    removed, _ = SpecificationDraft.objects.filter(pk=draft_id, author=author, runs__isnull=True).delete()
    if not removed:
        raise NotFound("There is no unsubmitted draft of yours with this address.")
