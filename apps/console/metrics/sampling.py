"""A sample of every metric and place for each day, so that a page reads rows instead of counting them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.console.metrics.catalogue import metrics
from apps.console.metrics.metric import Metric
from apps.console.models import MetricSample
from apps.core.clock import now
from apps.generation.services.reverts import reverts_record
from apps.governance.measures import MeasureUnavailable, Reading, Window
from apps.governance.models import Scope, User
from apps.governance.services.readings import reading_take
from apps.jobs.models import Job
from apps.jobs.services import Due, job_enqueue
from apps.quality.services import defects_trace
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

SAMPLE_JOB = "console.metrics"
SAMPLE_SUBJECT = "metrics_day"
WINDOW = timedelta(weeks=4)
log = logging.getLogger(__name__)
WRITTEN = ("version", "value", "n", "low", "high", "as_of", "missing", "is_error", "sources", "taken_at")


def day_id(day: date) -> UUID:
    """Return the id under which the job of a day runs."""
    return uuid5(NAMESPACE_URL, f"nofx:metrics:{day.isoformat()}")


def samples_request(*, requested_by: User | None) -> Job:
    """Ask for the samples of today; while they are asked for already, that job is returned."""
    day = _samples_of(now().date())
    return job_enqueue(
        kind=SAMPLE_JOB,
        subject_kind=day.subject_kind,
        subject_id=day.subject_id,
        requested_by=requested_by,
        payload=day.payload,
    )


def samples_due(at: datetime) -> list[Due]:
    """Return the day of *at*, where there is anything to measure and it was not asked for; two queries where it was."""
    day = _samples_of(at.date())
    if not Repository.objects.exists() or Job.objects.filter(kind=SAMPLE_JOB, subject_id=day.subject_id).exists():
        return []
    return [day]


def _samples_of(day: date) -> Due:
    return Due(SAMPLE_SUBJECT, day_id(day), {"day": day.isoformat()})


def places_refresh() -> int:
    """
    Look at the newest commit of every default branch: follow its lines, and record what was taken back and fixed.

    Returns how many repositories could be opened. One that cannot be is logged and keeps what is known of it.
    """
    opened = 0
    for repository in Repository.objects.select_related("scope"):
        try:
            reverts_record(repository=repository)
            revision_record(repository=repository, sha=head_sha(repository))
            defects_trace(repository=repository)
        except (RepositoryUnavailable, RepositoryEmpty) as error:
            log.warning("The repository %s is not looked at: %s", repository.name, error)
        else:
            opened += 1
    return opened


def samples_take(*, day: date, announce: Callable[[int, int], None] = lambda _done, _of: None) -> int:
    """
    Measure everything everywhere over the four weeks before the end of *day*, and return how many samples there are.

    Safe to repeat: a day has one sample of a metric, place and origin, and the newest one stays. A source that cannot
    be read leaves a sample that says so.
    """
    places = list(sampled_scopes())
    taken = 0
    for number, scope in enumerate(places):
        announce(number, len(places))
        samples = [_sample(metric, scope, origin, day) for metric in metrics() for origin in metric.origins]
        with transaction.atomic():
            MetricSample.objects.bulk_create(
                samples,
                update_conflicts=True,
                unique_fields=["scope", "key", "origin", "day"],
                update_fields=list(WRITTEN),
            )
        taken += len(samples)
    return taken


def sampled_scopes() -> list[Scope]:
    """Return the scopes of repositories, and of organisations that have one."""
    code = Repository.objects.filter(scope=OuterRef("pk"))
    below = Repository.objects.filter(scope__organisation=OuterRef("organisation"))
    return list(Scope.objects.filter(Exists(code) | Q(Exists(below), repository="")).order_by("pk"))


def _sample(metric: Metric, scope: Scope, origin: str, day: date) -> MetricSample:
    at = now()
    end = min(datetime.combine(day + timedelta(days=1), time(), UTC), at)
    is_error = False
    try:
        reading = reading_take(lambda: metric.read([scope.pk], Window(end - WINDOW, end), origin))
    except MeasureUnavailable as error:
        reading, is_error = Reading(None, missing=str(error)), True
    return MetricSample(
        key=metric.key,
        scope=scope,
        origin=origin,
        day=day,
        version=metric.measure.version,
        value=reading.value,
        n=reading.n,
        low=reading.low,
        high=reading.high,
        as_of=reading.as_of,
        missing=reading.missing,
        is_error=is_error,
        sources=[{"title": one.title, "url": one.url} for one in reading.sources],
        taken_at=at,
    )
