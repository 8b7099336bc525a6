"""Find structures that recur in a repository and in approved work, and let people propose them for the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import Conflict, NofxError
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.knowledge.engine.generalisation import MinedStructure
from apps.knowledge.engine.mining import MINIMUM_SUPPORT, mine
from apps.knowledge.models import MinedPattern
from apps.knowledge.types import MINE_JOB, ApprovedWork
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import files_at, head_sha
from apps.repositories.services import revision_record
from apps.repositories.types import REVISION_SUBJECT

ApprovedOf = Callable[[Repository], Iterable[ApprovedWork]]
SHOWN_EXAMPLES = 8
State = MinedPattern.State

_approved: list[ApprovedOf] = []


class MinedDecided(Conflict):
    """Somebody proposed or declined it before."""

    code = "mined.decided"


def approved_work_register(source: ApprovedOf) -> None:
    """Let approved work be mined as well; whoever keeps it lives above this app, and calls this when Django starts."""
    if source not in _approved:
        _approved.append(source)


@transaction.atomic
def mining_start(*, repository: Repository, actor: User) -> Job:
    """
    Have the newest commit of *repository* mined; while one of the same commit is under way, that one is returned.

    :raises NotAllowed: the actor's role measures nothing here.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    if not can(actor, Action.QUALITY_MEASURE, repository.scope):
        raise NotAllowed(
            "Your role does not start this.",
            remedy="Ask an engineer of this repository.",
            denial=Denial("patterns.mine", "repository", str(repository.pk), repository.scope_id),
        )
    revision = revision_record(repository=repository, sha=head_sha(repository))
    return job_enqueue(kind=MINE_JOB, subject_kind=REVISION_SUBJECT, subject_id=revision.pk, requested_by=actor)


def patterns_mine(
    *,
    revision: Revision,
    announce: Callable[[int, int], None] = lambda _read, _of: None,
) -> int:
    """
    Mine a commit and the approved work of its repository, and keep what recurs; return how many structures there are.

    Tests are left out. Nothing is run. What people decided about a structure stays; one that is not found again and
    that nobody decided about is removed. Safe to repeat. ``announce`` is told how many files were read, and may raise.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises GitError: it has no such commit.
    """
    repository = revision.repository
    files = {
        path: text.decode(errors="replace")
        for path, text in files_at(repository, revision.sha).items()
        if not _is_test(path)
    }
    work = {f"{one.path}\0{one.request_id}": one for source in _approved for one in source(repository)}
    mined = mine({**files, **{key: one.text for key, one in work.items()}}, announce=announce)
    rows = [row for one in mined.structures if (row := _row(one, work))]
    _keep(revision, rows)
    return len(rows)


def _is_test(path: str) -> bool:
    pure = PurePosixPath(path)
    return "tests" in pure.parts or pure.name.startswith("test_") or pure.name == "conftest.py"


def _row(one: MinedStructure, work: Mapping[str, ApprovedWork]) -> dict[str, Any] | None:
    """Return a structure as it is stored; approved code that was merged is the same function as that in the file."""
    functions = {(at.path.partition("\0")[0], at.function) for at in one.occurrences}
    requests = {work[at.path].request_id for at in one.occurrences if at.path in work}
    if len(functions) < MINIMUM_SUPPORT:
        return None
    examples = [
        {
            "path": at.path.partition("\0")[0],
            "line": at.line,
            "end_line": at.end_line,
            "function": at.function,
            "request": str(work[at.path].request_id) if at.path in work else None,
        }
        for at in sorted(one.occurrences, key=lambda at: (at.path in work, at))
    ]
    return {
        "structure_digest": one.digest,
        "template": one.template,
        "parameters": [
            {"name": each.name, "values": list(each.values), "distinct": each.distinct} for each in one.parameters
        ],
        "examples": examples[:SHOWN_EXAMPLES],
        "support": len(functions),
        "modules": len({path for path, _ in functions}),
        "approved": len(requests),
        "nodes": one.nodes,
    }


@transaction.atomic
def _keep(revision: Revision, rows: list[dict[str, Any]]) -> None:
    repository = Repository.objects.select_for_update().get(pk=revision.repository_id)
    known = MinedPattern.objects.filter(repository=repository)
    found = {row["structure_digest"] for row in rows}
    known.filter(state=State.MINED).exclude(structure_digest__in=found).delete()
    known.exclude(structure_digest__in=found).update(is_current=False)
    for row in rows:
        digest = row["structure_digest"]
        values = {**row, "sha": revision.sha, "is_current": True, "mined_at": now()}
        MinedPattern.objects.update_or_create(repository=repository, structure_digest=digest, defaults=values)


@transaction.atomic
def mined_decide(*, mined_id: UUID, actor: User, state: str, name: str, reason: str) -> MinedPattern:
    """
    Propose a mined structure for the library, or decline it. The library itself is changed by hand, in a release.

    :raises NotAllowed: the actor writes no specifications in the repository.
    :raises NofxError: the name of a proposal or the reason is missing.
    :raises MinedDecided: somebody decided before.
    """
    mined = MinedPattern.objects.select_for_update(of=("self",)).select_related("repository__scope").get(pk=mined_id)
    scope = mined.repository.scope
    if not can(actor, Action.SPEC_WRITE, scope) or actor.is_service:
        raise NotAllowed(
            "Your role proposes no patterns here.",
            remedy="Ask an engineer of this repository.",
            denial=Denial("patterns.decide", "repository", str(mined.repository_id), scope.pk),
        )
    if mined.state != State.MINED:
        raise MinedDecided(f"It was {State(mined.state).label.lower()} before.", remedy="Reload the page.")
    if not reason.strip() or (state == State.PROPOSED and not name.strip()):
        raise NofxError("A decision needs a reason, and a proposal a name.", remedy="One sentence is enough.")
    mined.state, mined.name, mined.reason = State(state), name.strip()[:120], reason.strip()
    mined.decided_by, mined.decided_at = actor, now()
    mined.save(update_fields=["state", "name", "reason", "decided_by", "decided_at"])
    audit_record(
        action=f"patterns.{mined.state}",
        object_kind="repository",
        object_id=mined.repository_id,
        actor=actor,
        scope=scope,
        after_digest=mined.structure_digest,
        reason=mined.reason,
        detail={"mined": str(mined.pk), "name": mined.name, "support": mined.support},
    )
    return mined
