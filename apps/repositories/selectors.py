"""Reads of registered code. A repository that the user may not read does not exist for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.repositories.code_search import (
    code_index_of,
    index_newest,
    names_known,
    package_exports,
    paths_of_symbol,
    symbols_around,
    symbols_calling,
    symbols_named,
    symbols_similar,
)
from apps.repositories.gateways import git
from apps.repositories.line_figures import (
    REWORK,
    lineages_newest,
    lines_begun,
    lines_ended_at,
    origin_counts,
    paths_of_origin,
    repositories_in_scopes,
    rework,
)
from apps.repositories.models import Repository, Revision
from apps.repositories.types import CommitInfo, RepositoryEmpty, RepositoryUnavailable, TagInfo

__all__ = [
    "LAST_SEEN_KEY",
    "REWORK",
    "churn",
    "code_index_of",
    "files_at",
    "head_sha",
    "history",
    "index_newest",
    "is_git",
    "lineages_newest",
    "lines_begun",
    "lines_changed_by",
    "names_known",
    "object_kind",
    "origin_counts",
    "package_exports",
    "paths_at",
    "paths_of_origin",
    "paths_of_symbol",
    "repositories_in_scopes",
    "repositories_of_scopes",
    "repositories_readable",
    "repository_first",
    "repository_get",
    "repository_ids",
    "revisions_in",
    "revisions_readable",
    "rework",
    "symbols_around",
    "symbols_calling",
    "symbols_named",
    "symbols_similar",
    "tags",
]

LAST_SEEN_KEY = "repository"


def repositories_readable(*, user: User) -> QuerySet[Repository]:
    """Return the repositories that *user* may read, by name, with their scope and organisation."""
    return (
        Repository.objects.filter(scope__in=readable_scopes(user))
        .select_related("scope__organisation")
        .order_by("name")
    )


def repositories_of_scopes(scopes: Collection[int]) -> list[Repository]:
    """Return the repositories of these scopes, by name; an organisation's scope means all of its. One query."""
    return list(repositories_in_scopes(scopes).select_related("scope").order_by("name"))


def repository_ids(user: User) -> list[UUID]:
    """Return the keys of the repositories that *user* may read; one query. For filters over many rows."""
    return list(Repository.objects.filter(scope__in=readable_scopes(user)).values_list("pk", flat=True))


def revisions_readable(user: User) -> QuerySet[Revision]:
    """Return the known commits of the repositories that *user* may read; lazy, usable inside a filter."""
    return Revision.objects.filter(repository__scope__in=readable_scopes(user))


def revisions_in(_user: User, repositories: Sequence[UUID]) -> QuerySet[Revision]:
    """Return the known commits of *repositories*, which the caller may read; lazy, for lists over many rows."""
    return Revision.objects.filter(repository__in=repositories)


def repository_get(*, user: User, name: str) -> Repository:
    """
    Return the repository called *name*.

    :raises NotFound: there is none that *user* may read.
    """
    # The database has no NUL to compare with.
    found = None if "\0" in name else repositories_readable(user=user).filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no repository called {name} that you can read.")
    return found


def repository_first(*, user: User, session: Mapping[str, Any]) -> Repository | None:
    """
    Return the repository that a page without a choice opens on, or None where *user* may read none.

    It is the one that this *session* looked at last when *user* may still read it, else the first by name.
    """
    readable = repositories_readable(user=user)
    last = session.get(LAST_SEEN_KEY)
    return (readable.filter(name=last).first() if last else None) or readable.first()


def head_sha(repository: Repository) -> str:
    """
    Return the newest commit of the default branch.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the branch has no commit.
    """
    path = Path(repository.path)
    sha = git.resolve(path, f"refs/heads/{repository.default_branch}")
    if sha:
        return sha
    if not is_git(path):
        raise RepositoryUnavailable(
            f"The repository {repository.name} is no longer a git repository at {path}.",
            remedy="Put it back, or register it again at its new path.",
        )
    raise RepositoryEmpty(
        f"The repository {repository.name} has no commit on {repository.default_branch}.",
        remedy=f"Commit something to {repository.default_branch}, then try again.",
    )


def is_git(path: Path) -> bool:
    """Return whether *path* is a git repository."""
    try:
        return bool(git.text(path, "rev-parse", "--git-dir"))
    except (git.GitError, RepositoryUnavailable):
        return False


def files_at(repository: Repository, sha: str, *, suffixes: Sequence[str] | None = (".py",)) -> dict[str, bytes]:
    """Return the regular files at *sha* by path; see :func:`apps.repositories.gateways.git.files_at`."""
    return git.files_at(Path(repository.path), sha, suffixes=suffixes)


def paths_at(repository: Repository, sha: str) -> frozenset[str]:
    """Return the paths of all regular files at *sha*; nothing is read."""
    return frozenset(path for path, _, _ in git.tree_entries(Path(repository.path), sha))


def tree_sha(repository: Repository, sha: str) -> str:
    """
    Return the id of the tree of the commit *sha*.

    :raises RepositoryUnavailable: the repository cannot be opened, or has no such commit.
    """
    try:
        return git.text(Path(repository.path), "rev-parse", "--verify", "--end-of-options", f"{sha}^{{tree}}")
    except git.GitError as error:
        raise RepositoryUnavailable(f"The repository has no commit {sha[:12]}.") from error


def object_kind(repository: Repository, sha: str, path: str) -> str:
    """Return what stands at *path* in the commit *sha*: "blob", "tree", "commit" (a submodule), "" for nothing."""
    return git.object_kind(Path(repository.path), sha, path)


def history(repository: Repository, sha: str, *, limit: int = 50) -> list[CommitInfo]:
    """Return the first-parent history of *sha*, newest first."""
    return git.history(Path(repository.path), sha, limit=limit)


def lines_changed_by(repository: Repository, sha: str, *, head: str) -> dict[str, int]:
    """
    Return how many lines the commit *sha* changed or removed, by the origin they had.

    Of a commit that reached the default branch, at *head*, by a merge it is what the merge changed. Empty where it is
    not on the branch, was not followed line by line yet, or only added lines.

    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    position = git.reached_at(Path(repository.path), sha, head)
    return {} if position is None else lines_ended_at(repository, position)


def tags(repository: Repository, sha: str) -> list[TagInfo]:
    """Return the tags in the history of *sha*, oldest first; see :func:`apps.repositories.gateways.git.tags`."""
    return git.tags(Path(repository.path), sha)


def churn(repository: Repository, *, days: int = 90) -> Mapping[str, int]:
    """Return for each file the number of commits of the last *days* that changed it."""
    return git.churn(Path(repository.path), head_sha(repository), since=now() - timedelta(days=days))
