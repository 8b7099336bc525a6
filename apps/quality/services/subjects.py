"""Remembers what was measured, so that others can find it and only they."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from uuid import UUID

from apps.checks.types import plain_text
from apps.core.digests import sha256_hex
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.quality.models import MeasuredCode
from apps.quality.types import Code, InputInvalid
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import files_at, head_sha
from apps.repositories.services import revision_record
from apps.repositories.types import is_commit_id

LONGEST_PATH = 1000


def code_record(*, code: Code, submitted_by: User | None, code_id: UUID | None = None) -> MeasuredCode:
    """
    Return the row of a text; the same text of the same commit has one row.

    ``code_id`` is the id it is known by elsewhere, such as that of a candidate's artifact.

    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    require_storable(code)
    digest = sha256_hex(f"{code.path}\0{code.text}")
    values = {"path": code.path, "text": code.text, "submitted_by": submitted_by}
    if code_id is not None:
        known, _ = MeasuredCode.objects.get_or_create(
            pk=code_id, defaults={**values, "revision": code.revision, "digest": digest, "is_candidate": True}
        )
    elif code.revision is not None:
        known, _ = MeasuredCode.objects.get_or_create(
            revision=code.revision, digest=digest, is_candidate=False, defaults=values
        )
    else:
        known = MeasuredCode.objects.create(digest=digest, **values)
    return known


def require_storable(code: Code) -> None:
    """
    Let a text pass only when it can be kept.

    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    if len(code.path) > LONGEST_PATH or plain_text(code.path + code.text) != code.path + code.text:
        raise InputInvalid(
            "The path is longer than 1000 characters, or the text holds characters that no file can.",
            remedy="Send Python source text.",
        )


def module_name(path: PurePosixPath) -> str:
    """
    Return the dotted name a file is imported by; a leading ``src`` folder is on the path, not in the name.

    :raises InputInvalid: no module can have this path.
    """
    parts = path.with_suffix("").parts if path.name else ()
    parts = parts[1:] if parts[:1] == ("src",) and len(parts) > 1 else parts
    parts = parts[:-1] if parts[-1:] == ("__init__",) and len(parts) > 1 else parts
    if path.suffix != ".py" or path.is_absolute() or not parts or not all(part.isidentifier() for part in parts):
        raise InputInvalid(
            f"{str(path)[:100]} is not the path of an importable Python module.",
            remedy="Give a path like package/module.py.",
        )
    return ".".join(parts)


def commit_record(*, revision: Revision) -> MeasuredCode:
    """Return the row that stands for everything in a commit."""
    digest = sha256_hex(revision.sha)
    return MeasuredCode.objects.get_or_create(revision=revision, digest=digest)[0]


def code_load(*, repository: Repository, path: str, sha: str | None = None) -> Code:
    """
    Return a Python file of a repository at a commit, by default the newest of the default branch.

    The commit is remembered as one that was looked at. The caller has decided who may read the repository.

    :raises NotFound: there is no such file.
    :raises InputInvalid: ``sha`` is no full commit id.
    :raises RepositoryUnavailable: there is no such commit, or the repository cannot be opened.
    :raises RepositoryEmpty: there is no commit.
    """
    revision = revision_record(repository=repository, sha=commit_id(sha) or head_sha(repository))
    content = files_at(repository, revision.sha).get(path)
    if content is None:
        raise NotFound(
            f"{repository.name} has no Python file called {path[:200]} at {revision.sha[:12]}.",
            remedy="Give the path from the root of the repository.",
        )
    return Code(text=content.decode(errors="replace"), path=path, revision=revision)


def neighbours(code: Code) -> Mapping[str, bytes]:
    """Return all files of the commit that *code* is of; none where a person sent it on its own."""
    if code.revision is None:
        return {}
    return files_at(code.revision.repository, code.revision.sha, suffixes=None)


def commit_id(sha: str | None) -> str | None:
    """
    Return a commit id as given, or None where none was given.

    :raises InputInvalid: it is not the full id of a commit.
    """
    if sha is not None and not is_commit_id(sha):
        raise InputInvalid(f"{sha[:80]} is not the full id of a commit.", remedy="Give all 40 hexadecimal digits.")
    return sha
