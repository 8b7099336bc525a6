"""
Versions of a draft: the text as it was at each stop worth keeping, so that nothing that was written is lost.

A draft is saved while it is typed; a version is kept of what it said before

- a save that changes it, when the newest version, or the beginning of the draft, is ten minutes old,
- a save that takes away a third of it, however soon,
- another version is put back,

and of what was submitted. The same text is not kept twice in a row. A draft has at most 50 versions: the first, the
newest and what was submitted stay, of the others the oldest go.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.core.clock import now
from apps.core.errors import Conflict, NotFound
from apps.generation.engine.drafting import is_cut, is_due, surplus
from apps.generation.models import DraftVersion, SpecificationDraft
from apps.generation.types import Kept
from apps.governance.models import User


class DraftSubmitted(Conflict):
    """The draft became a request, whose text stays."""

    code = "draft.submitted"


def version_keep_due(*, draft: SpecificationDraft, title: str, text: str) -> None:
    """Keep what *draft*, whose row is locked, says now if that is worth it before it says *title* and *text*."""
    if (draft.title, draft.text) == (title, text):
        return
    newest = draft.versions.order_by("-number").only("kept_at").first()
    if is_due(last=newest.kept_at if newest else draft.created_at, moment=now()):
        version_keep(draft=draft, reason=Kept.WRITING)
    elif is_cut(draft.text, text):
        version_keep(draft=draft, reason=Kept.CUT)


def version_keep(*, draft: SpecificationDraft, reason: Kept) -> None:
    """Keep what *draft*, whose row is locked, says now, unless it says nothing or the newest version says the same."""
    if not draft.title and not draft.text:
        return
    newest = draft.versions.order_by("-number").first()
    if newest is not None and (newest.title, newest.text) == (draft.title, draft.text):
        if reason is Kept.SUBMITTED:
            newest.reason = reason
            newest.save(update_fields=["reason"])
        return
    DraftVersion.objects.create(
        draft=draft,
        number=newest.number + 1 if newest else 1,
        written_by=draft.author,
        title=draft.title,
        text=draft.text,
        reason=reason,
        written_at=draft.updated_at,
    )
    kept = [(number, why == Kept.SUBMITTED) for number, why in draft.versions.values_list("number", "reason")]
    draft.versions.filter(number__in=surplus(kept)).delete()


@transaction.atomic
def version_put_back(*, author: User, draft_id: UUID, number: int) -> SpecificationDraft:
    """
    Let the draft say again what it said in version *number*; what it says now becomes a version.

    :raises NotFound: the author has no such draft, or it has no such version any more.
    :raises DraftSubmitted: it was submitted.
    """
    draft = SpecificationDraft.objects.select_for_update().filter(pk=draft_id, author=author).first()
    if draft is None:
        raise NotFound("There is no such draft of yours.")
    if draft.runs.exists():
        raise DraftSubmitted(
            "This specification was submitted, and what was submitted stays.",
            remedy="Begin another one with the version.",
        )
    version = version_find(draft, number)
    version_keep(draft=draft, reason=Kept.PUT_BACK)
    SpecificationDraft.objects.filter(pk=draft.pk).update(
        title=version.title, text=version.text, version=F("version") + 1, updated_at=now()
    )
    draft.refresh_from_db()
    return draft


def version_find(draft: SpecificationDraft, number: int) -> DraftVersion:
    """
    Return version *number* of *draft*.

    :raises NotFound: it has none with this number, or not any more.
    """
    version = draft.versions.select_related("written_by").filter(number=number).first()
    if version is None:
        raise NotFound(
            f"This draft has no version {number}, or not any more.", remedy="Choose one of those that are listed."
        )
    return version
