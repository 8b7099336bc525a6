"""
The success metrics of the platform, read off what its apps recorded. Nothing is typed in.

Each function takes the ids of scopes and a window and returns a reading, which says what is missing where it has no
value.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from apps.console.models import MetricSample
from apps.core.intervals import middle, poisson, wilson
from apps.docs.models import DocumentationArtifact
from apps.docs.types import GENERATE_JOB
from apps.evolution.models import ArchitectureEvolutionPlan
from apps.generation.models import CodeGenerationConsensus, GenerationRun, Judgement, PullRequest
from apps.generation.types import RequestStatus
from apps.governance.measures import Reading, Window, measure_find
from apps.jobs.models import Job
from apps.knowledge.models import MinedPattern
from apps.quality.models import DebtAssessment, MeasuredCode, QualityImprovement
from apps.quality.selectors import defect_counts
from apps.repositories.models import Revision
from apps.repositories.selectors import (
    lineages_newest,
    lines_begun,
    origin_counts,
    repositories_in_scopes,
    rework,
)

HIGH = "high"
DAY_S = 86_400
MINUTE_S = 60
SURVIVAL_DAYS = 84
MERGED = RequestStatus.OBSERVED
GIVEN_UP = (RequestStatus.REJECTED, RequestStatus.FAILED)
DEFECTS_FRESH = timedelta(weeks=2)
NOT_FOLLOWED = "No default branch here was followed line by line; a new commit starts the job that does it."
NOTHING_MERGED = "Nothing generated was merged in these four weeks."


def code_automated(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of new lines that candidates wrote."""
    begun = lines_begun(repositories_in_scopes(scopes), start=window.start, end=window.end)
    total = sum(begun.values())
    if not total:
        return Reading(None, missing="No line began on a followed default branch in these four weeks.")
    return Reading(begun.get("ai", 0) / total, total, as_of=_followed_at(scopes, window))


def routine_automated(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of low-risk requests decided in the window whose candidate was merged."""
    ended = GenerationRun.objects.filter(
        repository__in=repositories_in_scopes(scopes),
        risk_tier=GenerationRun.RiskTier.LOW,
        request__status__in=(MERGED, *GIVEN_UP),
        state_changed_at__gte=window.start,
        state_changed_at__lt=window.end,
    )
    told = ended.aggregate(
        all=Count("pk"), done=Count("pk", filter=Q(request__status=MERGED)), newest=Max("state_changed_at")
    )
    if not told["all"]:
        return Reading(None, missing="No request of low risk was merged, rejected or failed in these four weeks.")
    interval = wilson(told["done"], told["all"])
    return Reading(interval.mean, told["all"], interval.low, interval.high, as_of=told["newest"])


def coverage(scopes: Collection[int], window: Window) -> Reading:
    """
    Return the smallest line coverage of the repositories in the window, by complete reports of the default branch.

    :raises MeasureUnavailable: a repository cannot be read, or its newest commit has no complete report.
    """
    return _measured("quality.coverage_line", scopes, window)


def docs_current(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of public symbols that a page describes which was in sync when it was last checked."""
    newest = (
        DocumentationArtifact.objects.filter(
            source__revision__repository__in=repositories_in_scopes(scopes), last_updated__lt=window.end
        )
        .order_by("source__revision__repository", "-last_updated", "id")
        .distinct("source__revision__repository")
        .select_related("source")
        .defer("generated_content")
    )
    pages = [page.source for page in newest]
    checked = [page for page in pages if page.validation and page.validated_at]
    symbols = [(page, symbol) for page in checked for symbol in page.citations]
    if not symbols:
        return Reading(None, missing="No page of the documentation here was checked against the code yet.")
    hits = sum(
        bool(symbol.get("is_documented")) and (page.validation or {}).get("state") == "in_sync"
        for page, symbol in symbols
    )
    oldest = min(page.validated_at for page in checked if page.validated_at)
    return Reading(hits / len(symbols), len(symbols), as_of=oldest)


def critical_issues(scopes: Collection[int], window: Window) -> Reading:
    """Return how many security findings of high severity stand in merged generated changes."""
    merged = _merged(scopes, window).order_by("-merged_at").values_list("gates", "merged_at")
    gates = [(one, at) for gates, at in merged for one in gates if one["gate"] == "security"]
    judged = [(one, at) for one, at in gates if one["status"] in {"passed", "failed"}]
    if not judged:
        return Reading(None, missing="No generated change whose security was checked was merged in these four weeks.")
    found = sum(finding.get("severity") == HIGH for one, _ in judged for finding in one["findings"])
    return Reading(found, len(judged), as_of=judged[0][1])


def velocity(scopes: Collection[int], window: Window) -> Reading:
    """Return merged changes a week."""
    merged = _merged(scopes, window).aggregate(count=Count("pk"), newest=Max("merged_at"))
    return _weekly(merged["count"], merged["newest"], window, NOTHING_MERGED)


def production_bugs(scopes: Collection[int], window: Window, origin: str = "") -> Reading:
    """Return the defects of production a week; of lines of an origin, where one is named."""
    counts = defect_counts(repositories_in_scopes(scopes), window, origin=origin)
    if counts.silent or counts.told_at is None:
        which = f" of {counts.silent[0]}" if counts.silent else ""
        return Reading(
            None, missing=f"No tracker told of defects{which} yet: send them to /api/quality/defects/upload."
        )
    if counts.told_at < window.end - DEFECTS_FRESH:
        return Reading(
            None, missing=f"The newest report of defects is from {counts.told_at:%-d %B}; send one each week."
        )
    weeks = (window.end - window.start) / timedelta(weeks=1)
    interval = poisson(counts.found)
    return Reading(counts.found / weeks, counts.found, interval.low / weeks, interval.high / weeks, counts.told_at)


def documentation_time(scopes: Collection[int], window: Window) -> Reading:
    """Return the minutes that a generated page took, from when it was asked for."""
    jobs = Job.objects.filter(
        kind=GENERATE_JOB,
        state=Job.State.SUCCEEDED,
        finished_at__gte=window.start,
        finished_at__lt=window.end,
        subject_id__in=Revision.objects.filter(repository__in=repositories_in_scopes(scopes)).values("pk"),
    ).values_list("created_at", "finished_at")
    minutes = [((end - start).total_seconds() / MINUTE_S, end) for start, end in jobs if end]
    return _median(minutes, "No page of documentation was written in these four weeks.")


def refactoring_speed(scopes: Collection[int], window: Window) -> Reading:
    """Return improvements of code applied a week."""
    applied = _improvements(scopes, window).aggregate(count=Count("pk"), newest=Max("applied_at"))
    return _weekly(applied["count"], applied["newest"], window, "No improvement was applied in these four weeks.")


def optimisation(scopes: Collection[int], window: Window) -> Reading:
    """Return by how much approved candidates are faster than the code that they replace, the middle one."""
    measured = CodeGenerationConsensus.objects.filter(
        human_approved=True,
        request__run__repository__in=repositories_in_scopes(scopes),
        request__run__stages__stage="review",
        request__run__stages__finished_at__gte=window.start,
        request__run__stages__finished_at__lt=window.end,
    ).values_list("selected_implementation__performance_metrics", "request__run__stages__finished_at")
    values = [(1 - float(metrics["ratio"]), at) for metrics, at in measured if (metrics or {}).get("ratio") is not None]
    return _median(values, "No approved candidate replaced code whose time was measured.")


def patterns_known(scopes: Collection[int], window: Window) -> Reading:
    """Return how many structures that recur the last minings found."""
    found = MinedPattern.objects.filter(
        repository__in=repositories_in_scopes(scopes), is_current=True, mined_at__lt=window.end
    ).aggregate(count=Count("pk"), newest=Max("mined_at"))
    if not found["count"]:
        return Reading(None, missing="No repository here was mined for patterns yet.")
    return Reading(found["count"], found["count"], as_of=found["newest"])


def patterns_new(scopes: Collection[int], window: Window) -> Reading:
    """Return by how many the structures found grew since the sample of the window's first day."""
    known = patterns_known(scopes, window)
    if known.value is None:
        return known
    samples = MetricSample.objects.filter(scope__in=scopes, key="console.patterns_known", value__isnull=False)
    then = samples.filter(day=window.start.date()).aggregate(total=Sum("value"))["total"]
    if then is None:
        first = samples.order_by("day").values_list("day", flat=True).first()
        since = f"since {first:%-d %B %Y}" if first else "from today on"
        return Reading(None, missing=f"Patterns are counted {since}; what is new is told four weeks later.")
    return Reading(known.value - then, known.n, as_of=known.as_of)


def lessons(scopes: Collection[int], window: Window) -> Reading:
    """Return how many requests taught something about candidates by what people decided, since the beginning."""
    found = Judgement.objects.filter(
        run__repository__in=repositories_in_scopes(scopes), judged_at__lt=window.end
    ).aggregate(count=Count("run", distinct=True), newest=Max("judged_at"))
    if not found["count"]:
        return Reading(None, missing="No decision of people taught anything about a candidate yet.")
    return Reading(found["count"], found["count"], as_of=found["newest"])


def evolution_rate(scopes: Collection[int], window: Window) -> Reading:
    """Return how many plans to improve an architecture were made."""
    found = ArchitectureEvolutionPlan.objects.filter(
        current_snapshot__source__revision__repository__in=repositories_in_scopes(scopes),
        created_at__gte=window.start,
        created_at__lt=window.end,
    ).aggregate(count=Count("pk"), newest=Max("created_at"))
    if not found["count"]:
        return Reading(None, missing="No plan to improve an architecture was made in these four weeks.")
    return Reading(found["count"], found["count"], as_of=found["newest"])


def time_to_market(scopes: Collection[int], window: Window) -> Reading:
    """Return the days from a submitted specification to its merge, the middle one."""
    rows = _merged(scopes, window).values_list("request__created_at", "merged_at")
    days = [((end - start).total_seconds() / DAY_S, end) for start, end in rows if start and end]
    return _median(days, NOTHING_MERGED)


def change_cost(scopes: Collection[int], window: Window) -> Reading:
    """Return what calls of models cost for an accepted change."""
    return _measured("generation.cost_per_accepted", scopes, window)


def change_failure(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of merges that were taken back."""
    return _measured("generation.revert_rate", scopes, window)


def debt_change(scopes: Collection[int], window: Window) -> Reading:
    """Return by which share technical debt changed since the window began, over repositories assessed before it."""
    places = repositories_in_scopes(scopes)
    now, then = _debt(places, window.end), _debt(places, window.start)
    both = sorted(set(now) & set(then))
    before = sum(then[place][0] for place in both)
    if not before:
        return Reading(None, missing="No repository here has an assessment of debt from before these four weeks.")
    after = sum(now[place][0] for place in both)
    return Reading(after / before - 1, len(both), as_of=min(now[place][1] for place in both))


def innovation_velocity(scopes: Collection[int], window: Window) -> Reading:
    """Return improvements applied and plans made a week."""
    applied = _improvements(scopes, window).aggregate(count=Count("pk"), newest=Max("applied_at"))
    plans = evolution_rate(scopes, window)
    count = applied["count"] + int(plans.value or 0)
    newest = max(filter(None, (applied["newest"], plans.as_of)), default=None)
    return _weekly(count, newest, window, "No improvement was applied and no plan made in these four weeks.")


def line_share(scopes: Collection[int], window: Window, origin: str) -> Reading:
    """Return the share of lines of an origin at the newest commits; of candidates where none is named."""
    counts = origin_counts(repositories_in_scopes(scopes), before=window.end)
    if not counts.lines:
        return Reading(None, missing=NOT_FOLLOWED)
    lines = {"": counts.ai, "ai": counts.ai, "human": counts.human, "mixed": counts.mixed}[origin]
    return Reading(lines / counts.lines, counts.lines, as_of=counts.as_of)


def line_rework(scopes: Collection[int], window: Window, origin: str) -> Reading:
    """Return the share of lines of an origin that were changed within 21 days; of all where none is named."""
    found = rework(repositories_in_scopes(scopes), start=window.start, end=window.end, origin=origin)
    if not found.lines:
        return Reading(None, missing="The 21 days of no such line ended in these four weeks.")
    interval = wilson(found.again, found.lines)
    return Reading(interval.mean, found.lines, interval.low, interval.high, as_of=found.as_of)


def line_survival(scopes: Collection[int], window: Window, origin: str) -> Reading:
    """Return the share of lines of an origin that live for twelve weeks, where it is smallest."""
    rows = lineages_newest(repositories_in_scopes(scopes), before=window.end)
    weeks = [
        (week[1], week, row.measured_at)
        for row in rows
        for week in row.survival.get(origin or "ai", {}).get("weeks", ())
        if week[0] == SURVIVAL_DAYS
    ]
    if not weeks:
        return Reading(None, missing=f"No such line was seen for {SURVIVAL_DAYS} days yet.")
    value, week, at = min(weeks, key=lambda one: one[0])
    return Reading(value, week[4], week[2], week[3], as_of=at)


def _merged(scopes: Collection[int], window: Window) -> QuerySet[PullRequest]:
    code = repositories_in_scopes(scopes)
    return PullRequest.objects.merged(repositories=code, start=window.start, end=window.end)


def _improvements(scopes: Collection[int], window: Window) -> QuerySet[QualityImprovement]:
    code = MeasuredCode.objects.filter(revision__repository__in=repositories_in_scopes(scopes))
    return QualityImprovement.objects.filter(
        original_code_id__in=code.values("pk"), applied_at__gte=window.start, applied_at__lt=window.end
    )


def _debt(places: QuerySet[Any], before: datetime) -> dict[Any, tuple[int, datetime]]:
    """Return the remediation minutes of the newest assessment before a time, by repository."""
    rows = (
        DebtAssessment.objects.filter(revision__repository__in=places, created_at__lt=before)
        .order_by("revision__repository", "-created_at")
        .distinct("revision__repository")
        .values_list("revision__repository", "remediation_minutes", "created_at")
    )
    return {place: (minutes, at) for place, minutes, at in rows}


def _followed_at(scopes: Collection[int], window: Window) -> datetime | None:
    return origin_counts(repositories_in_scopes(scopes), before=window.end).as_of


def _measured(key: str, scopes: Collection[int], window: Window) -> Reading:
    measure = measure_find(key)
    return measure.read(scopes, window) if measure else Reading(None, missing=f"Nothing here measures {key}.")


def _weekly(count: int, newest: datetime | None, window: Window, missing: str) -> Reading:
    if not count:
        return Reading(None, missing=missing)
    weeks = (window.end - window.start) / timedelta(weeks=1)
    interval = poisson(count)
    return Reading(count / weeks, count, interval.low / weeks, interval.high / weeks, as_of=newest)


def _median(values: list[tuple[float, datetime]], missing: str) -> Reading:
    if not values:
        return Reading(None, missing=missing)
    interval = middle([value for value, _ in values])
    return Reading(interval.mean, len(values), interval.low, interval.high, as_of=max(at for _, at in values))
