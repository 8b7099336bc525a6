"""What a draft said before, each version with how it differs from the one before it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.generation.engine.drafting import line_change
from apps.generation.models import DraftVersion, SpecificationDraft


@dataclass(frozen=True)
class ListedVersion:
    """A version and, in words, what changed since the one before it that is still there."""

    version: DraftVersion
    change: str


@dataclass(frozen=True)
class Versions:
    """The versions of a draft, newest first, and what changed since the newest."""

    listed: tuple[ListedVersion, ...]
    change_since: str


def versions_of(draft: SpecificationDraft) -> Versions:
    """Return all versions of *draft*, which are 50 at most; one query."""
    rows = list(draft.versions.select_related("written_by").order_by("number"))
    listed = [ListedVersion(row, _change(before, row)) for before, row in zip([None, *rows], rows, strict=False)]
    return Versions(tuple(reversed(listed)), _change(rows[-1], draft) if rows else "")


def _change(before: DraftVersion | None, after: DraftVersion | SpecificationDraft) -> str:
    """Return in words by what *after* differs from *before*, or from nothing; "" where it does not."""
    old_title, old_text = (before.title, before.text) if before else (after.title, "")
    change = line_change(old_text, after.text)
    parts = ["another title"] if old_title != after.title else []
    parts += [_lines(change.added, "added")] if change.added else []
    parts += [_lines(change.removed, "removed")] if change.removed else []
    if not (change.added or change.removed) and old_text != after.text:
        parts.append("lines in another order")
    return ", ".join(parts)


def _lines(count: int, what: str) -> str:
    return f"{count} line{'' if count == 1 else 's'} {what}"
