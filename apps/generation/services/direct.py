"""What was asked for at once, without a request, is kept for whoever asked."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.errors import NofxError
from apps.generation.models import DirectArtifact, GeneratedCodeArtifact
from apps.governance.models import User

MAX_TEXT = 200_000


class CodeUnreadable(NofxError):
    """The code does not parse or lacks what was asked for."""

    code = "code.unreadable"
    status = 422


@transaction.atomic
def artifact_keep(
    artifact: GeneratedCodeArtifact, *, kind: str, title: str, source: str, evidence: dict[str, Any], requested_by: User
) -> GeneratedCodeArtifact:
    """Store an artefact together with whose it is."""
    artifact.save(force_insert=True)
    DirectArtifact.objects.create(
        artifact=artifact,
        kind=kind,
        title=title[:200],
        submitted_by=requested_by,
        source=source,
        evidence=evidence,
    )
    return artifact


def require_storable(title: str, text: str) -> None:
    """
    Let what can be read and kept pass.

    :raises CodeUnreadable: it is too long, or holds what cannot be stored.
    """
    if len(text) > MAX_TEXT:
        raise CodeUnreadable(f"The text has {len(text):,} characters; {MAX_TEXT:,} can be read.", remedy="Shorten it.")
    if plain_text(title + text) != title + text:
        raise CodeUnreadable("The text holds a character that cannot be stored, such as NUL.", remedy="Remove it.")
