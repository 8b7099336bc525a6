"""Registering code and remembering its commits."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from apps.core.errors import Conflict, NofxError, PermissionRefused
from apps.governance.models import AuditEvent, Organisation, Scope, User
from apps.governance.selectors import can
from apps.governance.services import audit_record, pilot_name
from apps.governance.types import Action
from apps.repositories.gateways import git
from apps.repositories.gateways.local_git import LocalGit
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import is_git
from apps.repositories.services.identities import clone_require_new, identities_of, repository_identify
from apps.repositories.services.indexing import index_request
from apps.repositories.services.lineage import lineage_request
from apps.repositories.types import CodeHost, RepositoryUnavailable


@transaction.atomic
def repository_register(
    *,
    actor: User,
    name: str,
    path: Path,
    organisation: Organisation,
    remote: str | None = None,
    default_branch: str | None = None,
    is_demo: bool = False,
    is_pilot: bool = False,
) -> Repository:
    """
    Register the git repository at *path*. Its remote and default branch are read from it unless given.

    Code may be generated for a pilot from now on, for any other once the committee opens it. A place that was made
    before, for somebody's role there, is no pilot and becomes none.
    Its newest commit is recorded and indexed. An empty repository may be registered; generation refuses it until it has
    a commit.

    :raises PermissionRefused: the actor may not manage repositories of the organisation.
    :raises LadderInvalid: it shall be a pilot, in a place that is none, or of code that is suspended.
    :raises NofxError: as :func:`registrable`.
    """
    organisation_scope, _ = Scope.objects.get_or_create(organisation=organisation, repository="")
    if not can(actor, Action.REPOSITORY_MANAGE, organisation_scope):
        raise PermissionRefused("Only an administrator may register a repository.", remedy="Ask an administrator.")
    slug, resolved = registrable(name=name, path=path)
    branch = default_branch or branch_current(resolved)
    if is_pilot:
        clone_require_new(path=resolved, branch=branch, organisation=organisation)
    first = {"is_pilot": is_pilot, "identities": identities_of(resolved, branch=branch)}
    scope, _ = Scope.objects.get_or_create(organisation=organisation, repository=slug, defaults=first)
    repository = Repository.objects.create(
        scope=scope,
        name=slug,
        path=str(resolved),
        remote=_first_remote(resolved) if remote is None else remote,
        default_branch=branch,
        is_demo=is_demo,
    )
    repository_identify(repository)
    audit_record(
        actor=actor,
        action="repository.register",
        object_kind="repository",
        object_id=str(repository.pk),
        scope=scope,
        outcome=AuditEvent.Outcome.DONE,
    )
    if is_pilot:
        pilot_name(scope=scope, actor=actor, object_id=repository.pk)
    newest = git.resolve(resolved, f"refs/heads/{repository.default_branch}")
    if newest:
        index_request(revision=revision_record(repository=repository, sha=newest), requested_by=actor)
    return repository


def registrable(*, name: str, path: Path) -> tuple[str, Path]:
    """
    Return the name and the path under which a repository would be registered. Changes nothing.

    :raises NofxError: the name holds no letter or digit.
    :raises RepositoryUnavailable: there is no git repository at *path*, or its history is cut off.
    :raises Conflict: the name or the path is taken.
    """
    slug = slugify(name)
    if not slug:
        raise NofxError("A repository needs a name of letters or digits.", remedy="Give it a name.")
    resolved = path.expanduser().resolve()
    if not is_git(resolved):
        raise RepositoryUnavailable(
            f"There is no git repository at {resolved}.", remedy="Give the path of a clone on this machine."
        )
    if git.is_shallow(resolved):
        raise RepositoryUnavailable(
            f"The clone at {resolved} is shallow: its history is cut off, so nobody sees where its code comes from.",
            remedy="Fetch the rest with git fetch --unshallow, and register it then.",
        )
    if Repository.objects.filter(name=slug).exists() or Repository.objects.filter(path=str(resolved)).exists():
        raise Conflict(f"{slug} or {resolved} is registered already.", remedy="Use the registered repository.")
    return slug, resolved


def revision_record(*, repository: Repository, sha: str) -> Revision:
    """
    Return the row of commit *sha*, made when it is new; then a job follows where its lines come from.

    :raises RepositoryUnavailable: the repository has no such commit.
    """
    known = Revision.objects.filter(repository=repository, sha=sha).first()
    if known:
        return known
    try:
        commit = git.history(Path(repository.path), sha, limit=1)[0]
    except git.GitError as error:
        raise RepositoryUnavailable(f"The repository {repository.name} has no commit {sha[:12]}.") from error
    revision, is_new = Revision.objects.get_or_create(
        repository=repository,
        sha=commit.sha,
        defaults={"subject": commit.subject[:400], "committed_at": commit.committed_at},
    )
    if is_new:
        repository_identify(repository)
        lineage_request(revision=revision)
    return revision


def code_host(repository: Repository) -> CodeHost:
    """Return the port through which the repository's branches are made, pushed and merged."""
    return LocalGit(
        path=Path(repository.path),
        worktrees=Path(settings.NOFX_HOME) / "worktrees",
        default_branch=repository.default_branch,
        remote=repository.remote,
    )


def _first_remote(path: Path) -> str:
    names = git.text(path, "remote").split()
    return "origin" if "origin" in names else next(iter(names), "")


def branch_current(path: Path) -> str:
    """Return the name of the branch that is checked out at *path*."""
    return git.text(path, "symbolic-ref", "--short", "HEAD")
