"""Whether a request may go on: asked before it starts, at each stage that asks a model, and before it delivers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from apps.generation.models import GenerationRun, SpecificationReading
from apps.governance.models import Suspension, User
from apps.governance.selectors.ladder import leave_now, places_stopped
from apps.governance.services import GenerationRefused, denial_record, generation_require_allowed
from apps.governance.types import Leave
from apps.jobs.models import Job
from apps.jobs.services import jobs_stop
from apps.providers.models import Provider
from apps.providers.selectors import provider_unfit, providers_left_out, providers_refused

# The jobs of a request that ask models, run what they wrote for the first time, or hand it on.
KINDS = ("generation.run", "generation.deliver")
READING_JOB = "generation.reading"
READING_STOPPED = "Generation was suspended, so no model is asked."
ACTIVE = (Job.State.QUEUED, Job.State.RUNNING)


@dataclass(frozen=True)
class Permit:
    """The providers that may be asked, and those that are left out, each with why."""

    providers: list[Provider]
    left_out: list[tuple[Provider, str]]


def task_class_of(run: GenerationRun) -> str:
    """Return the class of tasks that *run* was submitted as."""
    return str(run.analysis.get("task_class", ""))


def run_require_allowed(run: GenerationRun, *, action: str) -> Leave:
    """
    Return the leave for *run* to go on; one query. A refusal is in the audit chain before it is raised.

    :raises GenerationRefused: it may not, with the reason and the way on.
    :raises RuntimeError: called inside a transaction, which could take the record with it.
    """
    try:
        return generation_require_allowed(
            scope=run.repository.scope,
            risk=run.risk_tier,
            task_class=task_class_of(run),
            action=action,
            object_kind="request",
            object_id=run.pk,
        )
    except GenerationRefused as error:
        denial_record(error=error, actor=None)
        raise


def run_permit(run: GenerationRun, providers: Collection[Provider], *, action: str) -> Permit:
    """
    Return which of *providers* may be asked for *run* now, as suspensions and the policy of its repository allow.

    :raises GenerationRefused: nothing may be generated for it.
    """
    leave = run_require_allowed(run, action=action)
    task_class = task_class_of(run)
    by_policy = providers_refused(run.repository.scope, providers)
    reasons = {
        one.pk: leave.model_refused(one.name) or by_policy.get(one.pk, "") or provider_unfit(one, task_class)
        for one in providers
    }
    return Permit(
        [provider for provider in providers if not reasons[provider.pk]],
        [(provider, reasons[provider.pk]) for provider in providers if reasons[provider.pk]] + providers_left_out(),
    )


def run_refusal(request_id: UUID) -> Leave | None:
    """Return why the request may not go on now; None when it may."""
    run = GenerationRun.objects.select_related("repository__scope").filter(pk=request_id).first()
    if run is None:
        return None
    leave = leave_now(run.repository.scope, risk=run.risk_tier, task_class=task_class_of(run))
    return None if leave.is_given else leave


def work_stop(suspension: Suspension, actor: User | None) -> int:
    """Tell the jobs to stop that *suspension* forbids, in its transaction; return how many."""
    if suspension.kind == Suspension.Kind.MODEL:
        return 0  # Whoever waits for its calls cuts them; what the other models do goes on.
    places = places_stopped(suspension)
    requests = GenerationRun.objects.filter(repository__scope__in=places).select_related("repository__scope")
    jobs = Job.objects.filter(
        kind__in=KINDS, subject_kind="request", state__in=ACTIVE, subject_id__in=requests.values("pk")
    )
    subjects = dict(jobs.values_list("pk", "subject_id"))
    runs = {run.pk: run for run in requests.filter(pk__in=set(subjects.values()))}
    refused = {pk: leave for pk, run in runs.items() if not (leave := _leave(run)).is_given}
    stopped = 0
    for job_id, request_id in subjects.items():
        if request_id in refused:
            leave = refused[request_id]
            stopped += jobs_stop(job_ids=[job_id], message=leave.reason, remedy=leave.remedy)
    readings = SpecificationReading.objects.filter(scope__in=places, job__state__in=ACTIVE, finished_at=None)
    stopped += jobs_stop(job_ids=[pk for pk in readings.values_list("job", flat=True) if pk], message=READING_STOPPED)
    return stopped


def models_refused(run: GenerationRun, providers: Collection[Provider]) -> dict[UUID, str]:
    """Return which of *providers* are not to be asked for *run* any more, by id, each with why."""
    leave = _leave(run)
    suspended = {one.pk: reason for one in providers if (reason := leave.model_refused(one.name))}
    return {**providers_refused(run.repository.scope, providers), **suspended}


def _leave(run: GenerationRun) -> Leave:
    return leave_now(run.repository.scope, risk=run.risk_tier, task_class=task_class_of(run))
