"""Take a request up again that stopped on the way; what it has is kept."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.core.errors import PermissionRefused
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.moves import move_announce
from apps.generation.services.reviews import DELIVERY_JOB
from apps.generation.services.stages import StateChanged
from apps.generation.services.submission import RUN_JOB
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.providers.models import Provider
from apps.providers.selectors import providers_enabled

State = Candidate.State


class WayOn(StrEnum):
    """What gets a request further that ended without a merge."""

    START_AGAIN = "start_again"
    CHANGE_SPECIFICATION = "change_specification"
    PROVIDER_SETTINGS = "provider_settings"


def way_on(run: GenerationRun, candidates: Collection[Candidate]) -> WayOn:
    """
    Return what would help *run*, which ended or whose delivery failed, and has these candidates.

    Starting again asks only those once more who gave no answer; the built-in providers would say the same again.
    """
    if run.request.status == Status.APPROVED:
        return WayOn.START_AGAIN
    if run.request.status != Status.FAILED:
        return WayOn.CHANGE_SPECIFICATION
    if not candidates:
        return WayOn.START_AGAIN if providers_enabled() else WayOn.PROVIDER_SETTINGS
    settled = all(one.state in {State.UNPARSABLE, State.DUPLICATE} or _would_say_the_same(one) for one in candidates)
    return WayOn.CHANGE_SPECIFICATION if settled else WayOn.START_AGAIN


def _would_say_the_same(candidate: Candidate) -> bool:
    is_builtin = candidate.provider is not None and candidate.provider.kind == Provider.Kind.BUILTIN
    return candidate.state == State.UNAVAILABLE and is_builtin


@transaction.atomic
def request_retry(*, request_id: UUID, actor: User) -> Job:
    """
    Start a failed generation, or a failed delivery, again. Candidates that never answered are asked once more.

    :raises PermissionRefused: the actor may not write specifications for the repository.
    :raises StateChanged: the request neither failed nor waits for a delivery that failed.
    """
    request = CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("repository__scope").get(pk=request_id)
    if not can(actor, Action.SPEC_WRITE, run.repository.scope):
        raise PermissionRefused("You may not start this request again.", remedy="Ask the person who submitted it.")
    if request.status == Status.FAILED:
        newest = Candidate.objects.filter(request=request).aggregate(newest=Max("guided_by"))["newest"] or 0
        Candidate.objects.filter(
            request=request, state=Candidate.State.UNAVAILABLE, guided_by=newest, grafted_by=None
        ).update(state=Candidate.State.ASKED, reason="")
        CodeGenerationRequest.objects.filter(pk=request_id).update(status=Status.QUEUED)
        move_announce(request_id, Status.QUEUED)
        kind = RUN_JOB
    elif request.status == Status.APPROVED and run.failure:
        kind = DELIVERY_JOB
    else:
        raise StateChanged("Only what failed can be started again.", remedy="Reload the page.")
    job = job_enqueue(kind=kind, subject_kind="request", subject_id=request_id, requested_by=actor)
    run.failure, run.remedy, run.job = "", "", job
    run.save(update_fields=["failure", "remedy", "job"])
    return job
