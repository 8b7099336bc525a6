"""Remembers what was measured, so that others can find it and only they."""

from __future__ import annotations

from uuid import UUID

from apps.checks.types import plain_text
from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.quality.models import MeasuredCode
from apps.quality.types import Code, InputInvalid
from apps.repositories.models import Revision

LONGEST_PATH = 1000


def code_record(*, code: Code, submitted_by: User | None, code_id: UUID | None = None) -> MeasuredCode:
    """
    Return the row of a text; the same text of the same commit has one row.

    ``code_id`` is the id it is known by elsewhere, such as that of a candidate's artifact.

    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    content = f"{code.path}\0{code.text}"
    if len(code.path) > LONGEST_PATH or plain_text(code.path + code.text) != code.path + code.text:
        raise InputInvalid(
            "The path is longer than 1000 characters, or the text holds characters that no file can.",
            remedy="Send Python source text.",
        )
    digest = sha256_hex(content)
    values = {"path": code.path, "text": code.text, "submitted_by": submitted_by}
    if code_id is not None:
        known, _ = MeasuredCode.objects.get_or_create(
            pk=code_id, defaults={**values, "revision": code.revision, "digest": digest}
        )
    elif code.revision is not None:
        known, _ = MeasuredCode.objects.get_or_create(revision=code.revision, digest=digest, defaults=values)
    else:
        known = MeasuredCode.objects.create(digest=digest, **values)
    return known


def commit_record(*, revision: Revision) -> MeasuredCode:
    """Return the row that stands for everything in a commit."""
    digest = sha256_hex(revision.sha)
    return MeasuredCode.objects.get_or_create(revision=revision, digest=digest)[0]
