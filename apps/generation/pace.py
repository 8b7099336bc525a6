"""How long a request will take, as far as that is known: what is before it in the queue, and how long others took."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import quantiles

from django.db.models import OuterRef, Subquery

from apps.generation.models import GenerationRun, StageRecord
from apps.jobs.models import Job
from apps.jobs.selectors import jobs_ahead
from apps.repositories.models import Repository

LOOKED_AT = 50
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """The time from the queue to the review, in seconds: the 10th and the 90th percentile of *count* requests."""

    low: float
    high: float
    count: int


def pace_of(repository: Repository) -> Pace | None:
    """Return how long the newest 50 requests of *repository* took to their review; None where fewer than three did."""
    queued = StageRecord.objects.filter(run=OuterRef("run"), stage="queued").values("started_at")[:1]
    reviews = StageRecord.objects.filter(run__repository=repository, stage="review").annotate(
        queued_at=Subquery(queued)
    )
    rows = reviews.order_by("-started_at").values_list("queued_at", "started_at")[:LOOKED_AT]
    taken = [(ended - began).total_seconds() for began, ended in rows if began is not None]
    if len(taken) < FEWEST:
        return None
    tenths = quantiles(taken, n=10, method="inclusive")
    return Pace(tenths[0], tenths[-1], len(taken))


def queue_words(run: GenerationRun) -> str:
    """Return what is before *run* in the queue, as a sentence; "" where it does not wait. At most one query."""
    job = run.job
    if job is None or job.state != Job.State.QUEUED:
        return ""
    ahead = jobs_ahead(job)
    if not ahead:
        return "Next in the queue."
    parts = [f"{count} {word if count == 1 else plural}" for (word, plural), count in _by_words(ahead).items()]
    return f"{sum(ahead.values())} ahead of you: {', '.join(parts)}."


WORDS = {
    "generation.run": ("request", "requests"),
    "generation.deliver": ("delivery", "deliveries"),
    "generation.gates": ("measurement", "measurements"),
}
OTHER = ("other job", "other jobs")


def _by_words(ahead: dict[str, int]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for kind, count in sorted(ahead.items()):
        words = WORDS.get(kind, OTHER)
        found[words] = found.get(words, 0) + count
    return dict(sorted(found.items(), key=lambda item: item[0] == OTHER))
