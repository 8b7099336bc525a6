"""Take a request back while people review it. What was made of it is kept, and nobody is asked about it any more."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.errors import Conflict, NofxError
from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.services.canaries import canary_withdraw
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.services.stages import stage_leave, status_change
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record, ballots_void
from apps.governance.types import Action, Condition

VOID_REASON = "The request was withdrawn."
WAY_ON = "Change the specification: a new request begins with a copy of it."
MAX_REASON = 1000  # characters
TOO_LATE = {
    Status.APPROVED: "Its delivery has begun; leave its pull request unmerged.",
    Status.DELIVERING: "Its delivery has begun; leave its pull request unmerged.",
    Status.DELIVERED: "Leave its pull request unmerged.",
    Status.OBSERVED: "It was merged; revert its commit, or ask for another change.",
}
EARLY = (Status.QUEUED, Status.GENERATING, Status.CHECKING, Status.CONSENSUS)


class NotWithdrawable(Conflict):
    """The request is not in review, so there is nothing to take back."""

    code = "request.not_withdrawable"


def may_withdraw(run: GenerationRun, user: User) -> bool:
    """Return whether *user* may take *run* back while it is in review: it is their own, and they still work there."""
    is_own = run.requester_id == user.pk and not user.is_service
    return is_own and can(user, Action.REQUEST_STOP, run.repository.scope, met=[Condition.OWN])


def is_withdrawn(run: GenerationRun) -> bool:
    """Return whether *run* was taken back; what was only stopped says no reason."""
    return run.request.status == Status.CANCELLED and bool(run.failure)


@transaction.atomic
def request_withdraw(*, request_id: UUID, actor: User, reason: str) -> None:
    """
    Take a request back that is in review. Verdicts that were cast are void; specification and candidates are kept.

    :raises NotAllowed: the actor did not ask for this code, or may not work there any more.
    :raises NotWithdrawable: it is not in review.
    :raises NofxError: no reason is given.
    """
    request = CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("repository__scope__organisation").get(pk=request_id)
    if not may_withdraw(run, actor):
        raise NotAllowed(
            "Only whoever asked for this code can withdraw the request.",
            remedy="Ask them, or block it in your verdict.",
            denial=Denial("request.withdraw", SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )
    _require_in_review(Status(request.status))
    reason = plain_text(reason.strip())[:MAX_REASON]
    if not reason:
        raise NofxError("Say why you withdraw it.", remedy="One sentence is enough; its reviewers read it.")
    ballots_void(subject_kind=SUBJECT_KIND, subject_id=run.pk, new_digest="", reason=VOID_REASON)
    canary_withdraw(run)
    run.failure, run.remedy = f"It was withdrawn: {reason}", WAY_ON
    run.save(update_fields=["failure", "remedy"])
    stage_leave(run=run, stage="review", note="withdrawn")
    status_change(run=run, allowed=[Status.IN_REVIEW], to=Status.CANCELLED)
    audit_record(
        action="request.withdraw",
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        before_digest=run.review_digest,
        reason=reason,
    )


def _require_in_review(status: Status) -> None:
    if status == Status.IN_REVIEW:
        return
    remedy = "Stop it instead." if status in EARLY else TOO_LATE.get(status, "Change the specification to begin anew.")
    raise NotWithdrawable(f"The request is {status.label.lower()}, so it cannot be withdrawn.", remedy=remedy)
