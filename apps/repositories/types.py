"""What other apps say to and hear from a repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.core.errors import Conflict, NofxError

_COMMIT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def is_commit_id(text: str) -> bool:
    """Return whether *text* is the full id of a commit, by SHA-1 or SHA-256."""
    return _COMMIT_ID.fullmatch(text) is not None


class RepositoryUnavailable(NofxError):
    """The path is not there, is not readable, or is not a git repository."""

    code = "repository.unavailable"
    status = 422


class RepositoryEmpty(NofxError):
    """The repository has no commit on its default branch."""

    code = "repository.empty"
    status = 422


class HistoryTooLong(NofxError):
    """The branch has more commits than are followed."""

    code = "repository.history_too_long"
    status = 422


class PatchRejected(NofxError):
    """The patch does not apply to its base, or touches what it may not."""

    code = "repository.patch_rejected"
    status = 422


class PushRefused(NofxError):
    """The remote did not take the branch."""

    code = "repository.push_refused"
    status = 502


class MergeBlocked(Conflict):
    """The branch cannot be merged as things stand."""

    code = "repository.merge_blocked"


class BranchKept(Conflict):
    """The branch holds more than what was put there, or is in use, so it is not removed."""

    code = "repository.branch_kept"


@dataclass(frozen=True)
class Person:
    """A name and an address for git's author and trailer lines."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class CommitInfo:
    """One commit of the history."""

    sha: str
    committed_at: datetime
    author: str
    subject: str


@dataclass(frozen=True)
class TagInfo:
    """A tag of the history."""

    name: str
    tagged_at: datetime


class CodeHost(Protocol):
    """
    Where branches live and merges happen. Local git is the one adapter so far.

    Every method is safe to repeat: asked again for what is already done, it returns the same answer.
    """

    def branch_commit(self, *, branch: str, base_sha: str, patch: str, message: str, author: Person) -> str:
        """Commit *patch* on top of *base_sha* as *branch* and return the new commit's SHA."""
        ...

    def branch_push(self, *, branch: str) -> bool:
        """Push *branch* to the remote; return False when the repository has none."""
        ...

    def branch_merge(self, *, branch: str, head_sha: str, message: str, author: Person) -> str:
        """
        Merge *branch*, which must still be at *head_sha*, into the default branch; return the merge's SHA.

        A merge that was made but not recorded, since its process died, is found and returned.
        """
        ...

    def branch_delete(self, *, branch: str, head_sha: str) -> None:
        """Remove *branch*, which must still be at *head_sha* and not merged, here and from the remote."""
        ...


def trailers(lines: Sequence[tuple[str, str]]) -> str:
    """Return git trailer lines, one for each (token, value), values on one line each."""
    return "\n".join(f"{token}: {' '.join(value.split())}" for token, value in lines)


INDEX_JOB = "repositories.index"
LINEAGE_JOB = "repositories.lineage"
REVISION_SUBJECT = "revision"


@dataclass(frozen=True, slots=True)
class FoundSymbol:
    """
    A symbol of an indexed commit.

    ``line`` and ``end_line`` count from 1, decorators included; ``digest`` is the SHA-256 of these lines. ``calls`` are
    dotted names. ``by_meaning`` and ``by_words`` are its places in the two rankings, from 1, None where it is not in
    one; ``score`` is what the fused ranking gives it; ``similarity`` is the cosine with what was asked, None where
    nobody asked by meaning.
    """

    id: int
    path: str
    kind: str
    qualname: str
    dotted: str
    signature: str
    docstring: str
    line: int
    end_line: int
    digest: str
    calls: tuple[str, ...]
    by_meaning: int | None = None
    by_words: int | None = None
    score: float = 0.0
    similarity: float | None = None
