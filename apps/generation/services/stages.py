"""Where a run is: its status and its stages. Every write is conditional, so a repeated job is harmless."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import Conflict
from apps.generation.models import CodeGenerationRequest, GenerationRun, StageRecord
from apps.generation.services.moves import move_announce
from apps.generation.types import RequestStatus as Status

STAGES = (
    ("analysed", "Analysed"),
    ("queued", "Queued"),
    ("generating", "Generating"),
    ("checking", "Checking"),
    ("consensus", "Consensus"),
    ("review", "Review"),
    ("delivery", "Delivery"),
    ("observed", "Observed"),
)
ENDED = frozenset({Status.OBSERVED, Status.REJECTED, Status.FAILED, Status.CANCELLED})


class StateChanged(Conflict):
    """The request is in another state than this step needs."""

    code = "request.state_changed"


def stage_enter(*, run: GenerationRun, stage: str) -> None:
    """Record that *stage* began; a stage that began before keeps its first start."""
    StageRecord.objects.get_or_create(run=run, stage=stage, defaults={"started_at": now()})


def stage_leave(*, run: GenerationRun, stage: str, evidence_count: int = 0, note: str = "") -> None:
    """Record that *stage* is done, with how many pieces of evidence it left and a sentence about them."""
    StageRecord.objects.filter(run=run, stage=stage, finished_at__isnull=True).update(
        finished_at=now(), evidence_count=evidence_count, note=note[:400]
    )


@transaction.atomic
def stages_reopen(*, run: GenerationRun, stage: str) -> None:
    """Begin *stage* once more, which keeps its first start; those behind it have not begun."""
    later = [name for name, _ in STAGES]
    StageRecord.objects.filter(run=run, stage__in=later[later.index(stage) + 1 :]).delete()
    StageRecord.objects.filter(run=run, stage=stage).update(finished_at=None)


@transaction.atomic
def stages_begin_again(*, run: GenerationRun) -> None:
    """Put *run* into the queue once more: nothing behind its analysis has begun."""
    StageRecord.objects.filter(run=run).exclude(stage="analysed").delete()
    stage_enter(run=run, stage="queued")


def status_change(*, run: GenerationRun, allowed: Collection[Status], to: Status) -> None:
    """
    Move the request to *to* when it is in one of *allowed*; being there already is fine.

    :raises StateChanged: it is in another state, for example because somebody stopped it.
    """
    moving = CodeGenerationRequest.objects.filter(pk=run.pk, status__in=set(allowed) - {to}).update(status=to)
    if not moving and not CodeGenerationRequest.objects.filter(pk=run.pk, status=to).exists():
        current = CodeGenerationRequest.objects.values_list("status", flat=True).get(pk=run.pk)
        raise StateChanged(
            f"The request is {Status(current).label.lower()} now, so this step no longer applies.",
            remedy="Reload the page.",
        )
    GenerationRun.objects.filter(pk=run.pk).update(state_changed_at=now())
    if moving:
        move_announce(run.pk, to)
