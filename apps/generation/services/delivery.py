"""An approved candidate becomes a commit on a branch, with its gates, and a person merges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.checks.types import NOT_JUDGED, plain_text
from apps.core.clock import now
from apps.core.errors import Conflict
from apps.generation.engine.judging import Cause
from apps.generation.models import CodeGenerationConsensus, CodeGenerationRequest, GenerationRun, PullRequest
from apps.generation.services.attesting import delivery_attest, delivery_evidence
from apps.generation.services.gates import TESTS_GATE, gates_run
from apps.generation.services.joined import merged_tell
from apps.generation.services.learning import outcome_learn
from apps.generation.services.moves import move_announce
from apps.generation.services.overrides import pull_request_sheet
from apps.generation.services.permits import run_require_allowed
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.review_subject import SUBJECT_KIND, merge_refused, review_digest, selected_candidate
from apps.generation.services.stages import stage_enter, stage_leave, status_change
from apps.generation.services.submission import requirement_ids
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import display_name
from apps.governance.services import Denial, NotAllowed, NotInteractive, audit_record
from apps.governance.services.attestation import evidence_digest, signing_key
from apps.jobs.services import JobRun
from apps.repositories.services import code_host, revision_record
from apps.repositories.types import MergeBlocked, Person, PushRefused, trailers

PLATFORM = Person("NOFX", "nofx@localhost")


class ApprovalOutdated(Conflict):
    """What would be delivered is not what people approved."""

    code = "delivery.approval_outdated"


def request_deliver(*, job: JobRun, request_id: UUID) -> PullRequest:
    """
    Commit the approved candidate on its branch, push it, run the gates on it and open the pull request. Safe to repeat.

    A remote that refuses the branch does not undo the commit: the pull request says so and the push can be repeated.

    :raises GenerationRefused: it is suspended, or no rung of the ladder opens it any more.
    :raises PatchRejected: the patch does not apply to the base.
    :raises StateChanged: the request is not approved.
    :raises ApprovalOutdated: the candidate or its evidence is not what was approved.
    :raises JobCancelled: somebody asked the job to stop before the commit was made.
    :raises SandboxUnavailable: the tests cannot be run safely on this machine.
    """
    run = GenerationRun.objects.select_related("request", "repository__scope", "requester").get(pk=request_id)
    delivered = PullRequest.objects.filter(request_id=request_id).first()
    if delivered is not None and run.request.status in {Status.DELIVERED, Status.OBSERVED}:
        return delivered
    run_require_allowed(run, action="generation.deliver")
    status_change(run=run, allowed=[Status.APPROVED], to=Status.DELIVERING)
    if review_digest(run=run) != run.review_digest:
        raise ApprovalOutdated(
            "The candidate or its evidence is no longer what was approved, so nothing is delivered.",
            remedy="Ask an administrator to look at the audit trail, then submit the specification again.",
        )
    job.raise_if_cancelled()
    candidate = selected_candidate(run=run)
    host = code_host(run.repository)
    branch = f"nofx/{run.pk}"
    job.progress("delivery", step="commit")
    head = host.branch_commit(
        branch=branch,
        base_sha=run.base_sha,
        patch=candidate.patch,
        message=commit_message(run, str(candidate.pk)),
        author=PLATFORM,
    )
    job.progress("delivery", step="push")
    is_pushed, push_error = _push(run, branch)
    job.progress("delivery", step="gates")
    gates = gates_run(workspace_open(run), head)
    with transaction.atomic():
        pull_request = _open(
            run,
            candidate=candidate,
            branch=branch,
            base_sha=run.base_sha,
            head_sha=head,
            gates=gates,
            is_pushed=is_pushed,
            push_error=push_error,
        )
        job.progress("delivery", step="opened")
    return pull_request


def _open(run: GenerationRun, **content: Any) -> PullRequest:
    """Write the pull request, and note that *run* is delivered with it."""
    pull_request, _ = PullRequest.objects.update_or_create(request=run.request, defaults=content)
    gates = pull_request.gates
    status_change(run=run, allowed=[Status.DELIVERING], to=Status.DELIVERED)
    stage_leave(run=run, stage="delivery", evidence_count=len(gates), note=_counted(gates))
    if any(gate["gate"] == TESTS_GATE and gate["status"] == "failed" for gate in gates):
        outcome_learn(run=run, cause=Cause.TESTS_FAILED)
    audit_record(
        action="request.deliver",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=None,
        on_behalf_of=str(run.requester_id),
        scope=run.repository.scope,
        after_digest=pull_request.candidate.patch_digest,
        detail={
            "branch": pull_request.branch,
            "commit": pull_request.head_sha,
            "is_pushed": pull_request.is_pushed,
            "requirements": requirement_ids(run),
        },
    )
    return pull_request


def _counted(gates: Sequence[Mapping[str, Any]]) -> str:
    judged = [gate for gate in gates if gate["status"] not in NOT_JUDGED]
    passed = sum(gate["status"] == "passed" for gate in judged)
    left = len(gates) - len(judged)
    return f"{passed} of {len(judged)} gates passed" + (f", {left} not judged" if left else "")


def commit_message(run: GenerationRun, candidate_id: str) -> str:
    """Return the commit's message: the title, the reason, and the trailers that tie it to the request."""
    requester = run.requester
    lines = [
        ("Co-authored-by", str(Person(display_name(requester), requester.email or f"{requester.username}@localhost"))),
        ("NOFX-Request", f"req_{run.pk}"),
        ("NOFX-Candidate", f"cand_{candidate_id}"),
    ]
    title = " ".join(run.title.split())[:72]
    return (
        f"{title}\n\nGenerated from a specification, chosen by behaviour and approved by people.\n\n{trailers(lines)}\n"
    )


def merge_message(pull_request: PullRequest, evidence: str) -> str:
    """Return the merge's message; its trailer is the SHA-256 of the evidence, since no commit can name itself."""
    run = pull_request.request.run
    lines = [("NOFX-Request", f"req_{run.pk}"), ("NOFX-Attestation", f"sha256:{evidence}")]
    return f"Merge {pull_request.branch}: {' '.join(run.title.split())[:60]}\n\n{trailers(lines)}\n"


def _push(run: GenerationRun, branch: str) -> tuple[bool, str]:
    try:
        return code_host(run.repository).branch_push(branch=branch), ""
    except PushRefused as error:
        return False, plain_text(str(error))


@transaction.atomic
def push_repeat(*, request_id: UUID, actor: User) -> PullRequest:
    """
    Push the branch of a pull request again.

    :raises NotAllowed: the actor may not deliver to the repository, or has a part in the request.
    :raises PushRefused: the remote still says no.
    """
    pull_request = _locked(request_id)
    _require_merger(pull_request.request.run, actor)
    pull_request.is_pushed = code_host(pull_request.request.run.repository).branch_push(branch=pull_request.branch)
    pull_request.push_error = ""
    pull_request.save(update_fields=["is_pushed", "push_error"])
    return pull_request


@transaction.atomic
def pull_request_merge(*, request_id: UUID, actor: User, is_interactive: bool) -> PullRequest:
    """
    Merge the branch into the default branch, as the person who asks for it.

    :raises NotInteractive: the wish came with a token.
    :raises NotAllowed: the actor may not deliver to the repository, or has a part in the request.
    :raises MergeBlocked: a gate did not pass, the branch moved or conflicts, or it is closed.
    :raises SigningKeyUnusable: nobody could sign for the merge; nothing is merged.
    :raises PushRefused: the remote says no; nothing is merged.
    """
    pull_request = _locked(request_id)
    run = pull_request.request.run
    if not is_interactive or actor.is_service:
        raise NotInteractive("Only a person who is signed in at the page can merge.")
    _require_merger(run, actor)
    if pull_request.state == PullRequest.State.MERGED:
        return pull_request
    _require_passed(pull_request)
    person = Person(display_name(actor), actor.email or f"{actor.username}@localhost")
    key, evidence = signing_key(), delivery_evidence(pull_request)
    sha = code_host(run.repository).branch_merge(
        branch=pull_request.branch,
        head_sha=pull_request.head_sha,
        message=merge_message(pull_request, evidence_digest(evidence)),
        author=person,
    )
    pull_request.state, pull_request.merge_sha = PullRequest.State.MERGED, sha
    pull_request.merged_by, pull_request.merged_at = actor, now()
    pull_request.save(update_fields=["state", "merge_sha", "merged_by", "merged_at"])
    attestation = delivery_attest(pull_request, evidence=evidence, key=key, actor=actor)
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(deployed_at=pull_request.merged_at)
    status_change(run=run, allowed=[Status.DELIVERED], to=Status.OBSERVED)
    stage_enter(run=run, stage="observed")
    revision_record(repository=run.repository, sha=sha)
    audit_record(
        action="request.merge",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        after_digest=pull_request.candidate.patch_digest,
        detail={
            "branch": pull_request.branch,
            "merge": sha,
            "requirements": requirement_ids(run),
            "overridden": pull_request.failing_gates,
            "attestation": attestation.statement_digest,
        },
    )
    transaction.on_commit(lambda: merged_tell(run.repository, sha, actor), robust=True)
    return pull_request


def _locked(request_id: UUID) -> PullRequest:
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    return PullRequest.objects.select_related(
        "candidate",
        "request__run__repository__scope__organisation",
        "request__run__draft",
        "request__run__approval_policy",
    ).get(request_id=request_id)


def _require_passed(pull_request: PullRequest) -> None:
    failing = pull_request_sheet(pull_request).blocking()
    if failing or pull_request.state != PullRequest.State.OPEN:
        raise MergeBlocked(
            f"Not merged: {' and '.join(failing) or 'the pull request'} did not pass.",
            remedy="Submit the specification again with what was missing, or have two people override what failed.",
        )


def _require_merger(run: GenerationRun, actor: User) -> None:
    refused = merge_refused(run, actor)
    if refused:
        denial = Denial("request.merge", SUBJECT_KIND, str(run.pk), run.repository.scope_id)
        raise NotAllowed(refused, remedy="Ask a reviewer to merge.", denial=denial)


@transaction.atomic
def delivery_end(*, request_id: UUID, failure: str, remedy: str) -> None:
    """Record that a delivery failed or was stopped; the approval stands and the delivery can be repeated."""
    unfinished = CodeGenerationRequest.objects.filter(pk=request_id, status__in=[Status.APPROVED, Status.DELIVERING])
    if unfinished.update(status=Status.APPROVED):
        GenerationRun.objects.filter(pk=request_id).update(
            failure=failure or "The delivery was stopped.", remedy=remedy or "Start it again when it may go on."
        )
        move_announce(request_id, Status.APPROVED)
