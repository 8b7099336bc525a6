"""Go on although a gate failed: two people sign for exactly the commit and the results that they saw."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import Conflict, NotFound
from apps.generation.models import CodeGenerationRequest, PullRequest
from apps.generation.services.review_subject import SUBJECT_KIND, barred_people
from apps.governance.models import Override, User
from apps.governance.selectors import checks_overridden
from apps.governance.services import override_ask, override_confirm, override_withdraw
from apps.governance.types import Subject


class NothingToOverride(Conflict):
    """The gate did not fail, or its pull request is not open any more."""

    code = "gate.nothing_to_override"


def gates_subject(pull_request: PullRequest) -> Subject:
    """Return what is signed for: the commit and what each gate found on it, and who may not sign."""
    run = pull_request.request.run
    content = {"head": pull_request.head_sha, "gates": pull_request.gates}
    return Subject(SUBJECT_KIND, run.pk, sha256_hex(canonical_json(content)), barred_people(run))


def gates_blocking(pull_request: PullRequest) -> list[str]:
    """Return the gates that stand in the way of a merge: those that did not pass and that no override lets pass."""
    failing = pull_request.failing_gates
    if not failing:
        return []
    subject = gates_subject(pull_request)
    overridden = checks_overridden(subject.kind, subject.id, digest=subject.digest)
    return gates_left(pull_request, overridden)


def gates_left(pull_request: PullRequest, overridden: Collection[str]) -> list[str]:
    """Return the gates that did not pass, without those that failed and are overridden; an error is never passed."""
    failed = {gate["gate"] for gate in pull_request.gates if gate["status"] == "failed"}
    return [name for name in pull_request.failing_gates if name not in failed or name not in overridden]


@transaction.atomic
def gate_override_ask(
    *, request_id: UUID, gate: str, actor: User, digest: str, reason: str, ends_at: datetime, is_interactive: bool
) -> Override:
    """
    Sign first. See :func:`override_ask` for further refusals.

    :raises NothingToOverride: the gate did not fail, or the pull request is closed.
    """
    pull_request = _open(request_id)
    if gate not in {one["gate"] for one in pull_request.gates if one["status"] == "failed"}:
        raise NothingToOverride(
            "This gate did not fail, so there is nothing to override.",
            remedy="A gate with an error has found nothing out: put right what hinders it.",
        )
    return override_ask(
        subject=gates_subject(pull_request),
        scope=pull_request.request.run.repository.scope,
        check_name=gate,
        actor=actor,
        digest=digest,
        reason=plain_text(reason),
        ends_at=ends_at,
        is_interactive=is_interactive,
    )


@transaction.atomic
def gate_override_confirm(*, request_id: UUID, override_id: UUID, actor: User, is_interactive: bool) -> Override:
    """
    Sign second. See :func:`override_confirm` for further refusals.

    :raises NothingToOverride: the pull request is closed.
    """
    pull_request = _open(request_id)
    _require_of(request_id, override_id)
    subject = gates_subject(pull_request)
    return override_confirm(override_id=override_id, subject=subject, actor=actor, is_interactive=is_interactive)


@transaction.atomic
def gate_override_withdraw(*, request_id: UUID, override_id: UUID, actor: User, is_interactive: bool) -> Override:
    """
    Take an override back. See :func:`override_withdraw` for refusals.

    :raises NothingToOverride: the pull request is closed, so what was signed for has happened.
    """
    _open(request_id)
    _require_of(request_id, override_id)
    return override_withdraw(override_id=override_id, actor=actor, is_interactive=is_interactive)


def _open(request_id: UUID) -> PullRequest:
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    pull_request = PullRequest.objects.select_related("request__run__repository__scope__organisation").get(
        request_id=request_id
    )
    if pull_request.state != PullRequest.State.OPEN:
        raise NothingToOverride("The pull request is not open any more.", remedy="Reload the page.")
    return pull_request


def _require_of(request_id: UUID, override_id: UUID) -> None:
    if not Override.objects.filter(pk=override_id, subject_kind=SUBJECT_KIND, subject_id=request_id).exists():
        raise NotFound("This request has no such override.")
