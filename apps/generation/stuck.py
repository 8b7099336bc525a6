"""Why a request does not go on, in one sentence where there is a pattern to it, with the way on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.core.clock import now
from apps.generation.engine.inputs import input_restored
from apps.generation.engine.languages import language_named
from apps.generation.engine.outcomes import expected_restored, outcome_meets, outcome_restored
from apps.generation.models import Candidate, GenerationRun, ObservedInput
from apps.generation.types import RequestStatus as Status
from apps.jobs.models import Job
from apps.jobs.selectors import jobs_ahead
from apps.providers.models import Provider
from apps.providers.types import TAKES_NO_MORE

TAKEN_UP_WITHIN = timedelta(minutes=2)
FEWEST = 2  # programs that fail alike, or models: one alone is no pattern
State = Candidate.State


@dataclass(frozen=True, slots=True)
class Stuck:
    """What keeps a request from going on, and what to do about it; a sentence each."""

    sentence: str
    way_on: str


def stuck_of(run: GenerationRun, candidates: Sequence[Candidate]) -> Stuck | None:
    """
    Return the pattern in what *run*, which has these candidates, stands still for; None where there is none.

    *candidates* are empty where what they did must not be told. At most one query.
    """
    status = run.request.status
    if status == Status.QUEUED:
        return _not_taken_up(run)
    newest = max((one.guided_by for one in candidates), default=0)
    asked = [one for one in candidates if one.guided_by == newest and one.provider is not None]
    if status == Status.FAILED:
        return _rate_limited(asked)
    if status == Status.IN_REVIEW:
        return _same_example(run, asked)
    return None


def _not_taken_up(run: GenerationRun) -> Stuck | None:
    job = run.job
    if job is None or job.state != Job.State.QUEUED or now() - job.created_at < TAKEN_UP_WITHIN or jobs_ahead(job):
        return None
    return Stuck(
        "Nothing is before it in the queue, and yet no worker takes it up.",
        "The page of the platform's status says whether workers run; once they do, it begins by itself.",
    )


def _rate_limited(asked: Sequence[Candidate]) -> Stuck | None:
    models = [one for one in asked if one.provider and one.provider.kind != Provider.Kind.BUILTIN]
    if not models or not all(one.state == State.UNAVAILABLE and TAKES_NO_MORE in one.reason for one in models):
        return None
    count = len({one.provider_id for one in models})
    every = "Every model that was asked" if count >= FEWEST else "The one model that was asked"
    return Stuck(
        f"{every} takes no more requests for now.",
        "Start the request again in some minutes; what it has is kept.",
    )


def _same_example(run: GenerationRun, asked: Sequence[Candidate]) -> Stuck | None:
    """Tell of the first example that every program fails: either it is wrong, or nothing says what it shows."""
    ran = [one for one in asked if one.state == State.EXECUTED]
    if len(ran) < FEWEST or any(not one.examples_total or one.examples_passed == one.examples_total for one in ran):
        return None
    rows = run.inputs.filter(origin=ObservedInput.Origin.EXAMPLE, expected__isnull=False).order_by("position")
    failed = next((row for row in rows if all(_fails(one, row) for one in ran)), None)
    if failed is None:
        return None
    call = input_restored(failed.call).text(run.entry, language_named(run.request.target_language).value)
    return Stuck(
        f"All {len(ran)} programs fail the same example: {call}",
        "Where the example is right, add guidance that says why; where it is wrong, change the specification.",
    )


def _fails(candidate: Candidate, row: ObservedInput) -> bool:
    if row.position >= len(candidate.outcomes):
        return False
    return not outcome_meets(outcome_restored(candidate.outcomes[row.position]), expected_restored(row.expected))
