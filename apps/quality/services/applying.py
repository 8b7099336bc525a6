"""A proposal goes to a branch of its repository, and comes back from there. The base branch is never touched."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.governance.selectors import display_name
from apps.governance.services import audit_record
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.models import MeasuredCode, ProposalBranch, QualityImprovement
from apps.quality.proposals import Proposal
from apps.quality.services.subjects import code_load
from apps.quality.types import APPLY_JOB, DISCARD_JOB, PROPOSAL_SUBJECT, Code, NotApplicable, ProposalOutdated
from apps.repositories.models import Repository
from apps.repositories.services import code_host
from apps.repositories.types import CodeHost, Person, PushRefused, trailers

PLATFORM = Person("NOFX", "nofx@localhost")


def proposal_apply_start(*, proposal: QualityImprovement, requested_by: User) -> Job:
    """
    Ask for a proposal to be put on a branch; see :func:`proposal_apply`.

    While the same one is under way, that job is returned. The caller has decided that ``requested_by`` may ask.

    :raises NotApplicable: it holds no change of a repository's file.
    """
    _subject_of(proposal)
    return job_enqueue(kind=APPLY_JOB, subject_kind=PROPOSAL_SUBJECT, subject_id=proposal.pk, requested_by=requested_by)


def proposal_discard_start(*, proposal: QualityImprovement, requested_by: User) -> Job:
    """
    Ask for the branch of an applied proposal to be removed; see :func:`proposal_discard`.

    While the same one is under way, that job is returned. The caller has decided that ``requested_by`` may ask.

    :raises NotApplicable: it holds no change of a repository's file, or is not applied.
    """
    _subject_of(proposal)
    if proposal.applied_at is None:
        raise NotApplicable("The proposal is not applied, so there is nothing to discard.", remedy="Reload the page.")
    return job_enqueue(
        kind=DISCARD_JOB, subject_kind=PROPOSAL_SUBJECT, subject_id=proposal.pk, requested_by=requested_by
    )


@transaction.atomic
def proposal_apply(*, proposal_id: UUID, actor: User, before_save: Callable[[], None] = lambda: None) -> ProposalBranch:
    """
    Commit a proposal's patch on top of the default branch as a branch of its own, and push that. Safe to repeat.

    A remote that refuses the branch does not undo the commit; applied again, it is pushed again. ``before_save`` is
    called before anything is changed and may raise. The caller has decided that ``actor`` may ask.

    :raises NotApplicable: it holds no change of a repository's file.
    :raises ProposalOutdated: the default branch has another text of the file today, or none.
    :raises PatchRejected: the patch does not apply, for the file is no UTF-8 text or a link.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    proposal = _locked(proposal_id)
    code, repository = _subject_of(proposal)
    host = code_host(repository)
    applied = ProposalBranch.objects.filter(improvement=proposal).first()
    before_save()
    if applied is None:
        today = _today(repository, code)
        branch = f"nofx/fixes-{proposal.pk}"
        assert today.revision is not None  # noqa: S101  # code_load gives a commit's code its commit
        head = host.branch_commit(
            branch=branch,
            base_sha=today.revision.sha,
            patch=Proposal(proposal).patch,
            message=_message(proposal, code.path, actor),
            author=PLATFORM,
        )
        applied = ProposalBranch(
            improvement=proposal, base=today.revision, branch=branch, head_sha=head, applied_by=actor
        )
        proposal.applied_at = now()
        proposal.save(update_fields=["applied_at"])
    applied.is_pushed, applied.push_error = _push(host, applied.branch)
    applied.save()
    audit_record(
        action="proposal.apply",
        object_kind=PROPOSAL_SUBJECT,
        object_id=proposal.pk,
        actor=actor,
        scope=repository.scope,
        detail={"branch": applied.branch, "commit": applied.head_sha, "is_pushed": applied.is_pushed},
    )
    return applied


@transaction.atomic
def proposal_discard(*, proposal_id: UUID, actor: User, before_save: Callable[[], None] = lambda: None) -> None:
    """
    Remove the branch of an applied proposal, which is then merely proposed again. Safe to repeat.

    ``before_save`` is called before anything is changed and may raise. The caller has decided that ``actor`` may ask.

    :raises BranchKept: somebody added to the branch or merged it, or it is checked out somewhere.
    :raises PushRefused: the remote cannot be reached or says no; nothing is changed.
    """
    proposal = _locked(proposal_id)
    _, repository = _subject_of(proposal)
    applied = ProposalBranch.objects.filter(improvement=proposal).first()
    if applied is None:
        return
    before_save()
    code_host(repository).branch_delete(branch=applied.branch, head_sha=applied.head_sha)
    proposal.applied_at = None
    proposal.save(update_fields=["applied_at"])
    applied.delete()
    audit_record(
        action="proposal.discard",
        object_kind=PROPOSAL_SUBJECT,
        object_id=proposal.pk,
        actor=actor,
        scope=repository.scope,
        detail={"branch": applied.branch, "commit": applied.head_sha},
    )


def _locked(proposal_id: UUID) -> QualityImprovement:
    found = QualityImprovement.objects.select_for_update().filter(pk=proposal_id).first()
    if found is None:
        raise NotFound("There is no such proposal.")
    return found


def _subject_of(proposal: QualityImprovement) -> tuple[MeasuredCode, Repository]:
    code = (
        MeasuredCode.objects.select_related("revision__repository__scope").filter(pk=proposal.original_code_id).first()
    )
    if code is None or code.revision is None or not Proposal(proposal).patch:
        raise NotApplicable(
            "This proposal holds no change of a repository's file.", remedy="Only safe fixes of a file can be applied."
        )
    return code, code.revision.repository


def _today(repository: Repository, code: MeasuredCode) -> Code:
    """
    Return the file as it is on the default branch.

    :raises ProposalOutdated: it is another text than the proposal is for, or gone.
    """
    remedy = "Propose fixes for the file as it is today."
    try:
        today = code_load(repository=repository, path=code.path)
    except NotFound as error:
        raise ProposalOutdated(f"{code.path} is no longer on {repository.default_branch}.", remedy=remedy) from error
    if today.text != code.text:
        raise ProposalOutdated(
            f"{repository.default_branch} moved on: {code.path} is no longer what the fixes are for.", remedy=remedy
        )
    return today


def _message(proposal: QualityImprovement, path: str, actor: User) -> str:
    rules = sorted({fix["rule"] for fix in Proposal(proposal).fixes})
    lines = [
        ("Co-authored-by", str(Person(display_name(actor), actor.email or f"{actor.username}@localhost"))),
        ("NOFX-Improvement", f"improvement_{proposal.pk}"),
    ]
    title = f"Fix {' '.join(path.split())}"[:72]
    return f"{title}\n\nSafe fixes of the linter: {', '.join(rules)}.\n\n{trailers(lines)}\n"


def _push(host: CodeHost, branch: str) -> tuple[bool, str]:
    try:
        return host.branch_push(branch=branch), ""
    except PushRefused as error:
        return False, plain_text(str(error))
