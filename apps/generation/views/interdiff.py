"""What changed since a person's last verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.core.highlighting import diff_lines
from apps.generation.engine.languages import language_of
from apps.generation.models import Candidate
from apps.generation.services.candidates import Workspace
from apps.generation.services.reviewed import ChangedFile, Interdiff, interdiff_of
from apps.governance.models import User

ELSEWHERE = "a candidate that is out of the vote now"


def interdiff_context(
    workspace: Workspace, user: User, chosen: Candidate, digest: str, letters: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return what changed for *user* since they voted, file by file; None where nothing did. Letters by candidate."""
    found = interdiff_of(workspace=workspace, user=user, chosen=chosen, digest=digest)
    if found is None:
        return None
    return {
        "words": _words(found, chosen, letters),
        "reason": found.ballot.void_reason,
        "panes": [_pane(one) for one in found.files],
    }


def _words(found: Interdiff, chosen: Candidate, letters: Mapping[str, str]) -> str:
    now = letters.get(str(chosen.pk), "")
    if not found.is_kept:
        return "The code that you voted on was deleted since, as retention asks."
    if found.candidate.pk != chosen.pk:
        then = letters.get(str(found.candidate.pk), ELSEWHERE)
        return f"You voted on {then}; now {now} is up for approval."
    return f"{now} is still up for approval, and its code " + ("changed." if found.files else "is the same.")


def _pane(one: ChangedFile) -> dict[str, Any]:
    language = "markdown" if one.path.endswith(".md") else language_of(one.path).name
    return {"title": one.path, "lines": diff_lines(one.then, one.now, language)}
