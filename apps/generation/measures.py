"""
The figures of generation that gates, the ladder and the metrics pages rest on: read off rows, never typed in.

What is decided counts when its review ended, what is merged when it was merged, a line when its 21 days are over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast
from django.urls import reverse

from apps.checks.types import NOT_JUDGED
from apps.core.intervals import wilson
from apps.generation.models import CodeGenerationRequest, PullRequest, StageRecord
from apps.generation.review_measures import GROUP, REVIEW_MEASURES
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.measures import SOURCES_SHOWN, Measure, Reading, Shape, Source, Window, measure_register
from apps.governance.models import AuditEvent, Ballot
from apps.providers.models import ModelCall
from apps.repositories.selectors import lineages_newest, origin_counts, repositories_in_scopes, rework

OTHER_RULES = "Another policy applies now."
SURVIVAL_DAYS = 84
NOT_FOLLOWED = "No default branch here was followed line by line; a new commit starts the job that does it."


def approval_rate(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of decided requests that were approved."""
    found = _of_decided(_decided(scopes, window), Q(run__request__consensus__human_approved=True))
    return replace(found, sources=(*_withdrawn(scopes, window), *found.sources))


def first_pass_approval(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of decided requests that were approved with nothing changed while they were reviewed."""
    voided = Ballot.objects.filter(
        subject_kind=SUBJECT_KIND, subject_id=OuterRef("run_id"), voided_at__isnull=False
    ).exclude(void_reason=OTHER_RULES)
    chosen = AuditEvent.objects.filter(
        object_kind=SUBJECT_KIND, action="review.choose", object_id=Cast(OuterRef("run_id"), CharField())
    )
    hit = Q(run__request__consensus__human_approved=True, is_revised=False)
    return _of_decided(_decided(scopes, window).annotate(is_revised=Exists(voided) | Exists(chosen)), hit)


def lint_pass(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of pull requests whose first run passed lint."""
    return _of_gate("lint", scopes, window)


def type_pass(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of pull requests whose first run passed the type check."""
    return _of_gate("types", scopes, window)


def test_pass(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of pull requests whose first run passed the repository's tests."""
    return _of_gate("tests", scopes, window)


test_pass.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test


def revert_rate(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of merges that were taken back."""
    merged = _merged(scopes, window)
    total = merged.aggregate(all=Count("pk"), hits=Count("pk", filter=Q(reverted_at__isnull=False)))
    return _rate(total["hits"], total["all"], _merges(merged), "Nothing generated was merged in this period.")


def rework_rate(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of candidates' lines that were changed again within 21 days."""
    return origin_rework(scopes, window, "ai")


def origin_rework(scopes: Collection[int], window: Window, origin: str) -> Reading:
    """Return the share of lines of one origin ("" for all) that were changed again within 21 days."""
    repositories = repositories_in_scopes(scopes)
    found = rework(repositories, start=window.start, end=window.end, origin=origin)
    if not found.lines:
        return Reading(None, missing="No such line was merged early enough for its 21 days to end in this period.")
    interval = wilson(found.again, found.lines)
    return Reading(interval.mean, found.lines, interval.low, interval.high, as_of=found.as_of)


def ai_share(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of the newest commits' lines whose last change of meaning a candidate made."""
    counts = origin_counts(repositories_in_scopes(scopes), before=window.end)
    if not counts.lines:
        return Reading(None, missing=NOT_FOLLOWED)
    return Reading(counts.ai / counts.lines, counts.lines, as_of=counts.as_of)


def survival(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of candidates' lines that live for twelve weeks, in the repository where it is smallest."""
    rows = lineages_newest(repositories_in_scopes(scopes), before=window.end)
    found = [
        (week, row) for row in rows for week in row.survival.get("ai", {}).get("weeks", ()) if week[0] == SURVIVAL_DAYS
    ]
    if not found:
        return Reading(None, missing=f"No candidate's line was seen for {SURVIVAL_DAYS} days yet.")
    week, row = min(found, key=lambda pair: pair[0][1])
    return Reading(week[1], week[4], week[2], week[3], as_of=row.measured_at)


def cost_per_accepted(scopes: Collection[int], window: Window) -> Reading:
    """Return what calls of models cost, in US dollars, for each request that was approved."""
    approved = _decided(scopes, window).filter(run__request__consensus__human_approved=True).count()
    places = repositories_in_scopes(scopes).values("scope")
    calls = ModelCall.objects.filter(scope__in=places, created_at__gte=window.start, created_at__lt=window.end)
    made = calls.exclude(outcome__in=[ModelCall.Outcome.UNDER_WAY, ModelCall.Outcome.REFUSED])
    told = made.aggregate(all=Count("pk"), unknown=Count("pk", filter=Q(cost__isnull=True)), cost=Sum("cost"))
    if not approved:
        return Reading(None, missing="No request was approved in this period.")
    if told["unknown"]:
        return Reading(
            None,
            n=approved,
            missing=f"The cost of {told['unknown']} of {told['all']} calls is not known; give their models a price.",
        )
    newest = made.order_by("-created_at").values_list("created_at", flat=True).first()
    return Reading(float(told["cost"] or 0) / approved, approved, as_of=newest)


def _withdrawn(scopes: Collection[int], window: Window) -> list[Source]:
    """Return how many requests were withdrawn, to be told beside a rate of decided ones; [] where none was."""
    count = CodeGenerationRequest.objects.filter(
        status=Status.CANCELLED,
        run__repository__in=repositories_in_scopes(scopes),
        run__state_changed_at__gte=window.start,
        run__state_changed_at__lt=window.end,
    ).count()
    return (
        [Source(f"{count} withdrawn, in no rate", f"{reverse('generation:request-list')}?state={Status.CANCELLED}")]
        if count
        else []
    )


def _decided(scopes: Collection[int], window: Window) -> QuerySet[StageRecord]:
    return StageRecord.objects.filter(
        stage="review",
        finished_at__gte=window.start,
        finished_at__lt=window.end,
        run__repository__in=repositories_in_scopes(scopes),
        run__request__consensus__human_approved__isnull=False,
    )


def _of_decided(decided: QuerySet[StageRecord], hit: Q) -> Reading:
    total = decided.aggregate(all=Count("pk"), hits=Count("pk", filter=hit))
    rows = decided.order_by("-finished_at").values_list("run_id", "run__title", "finished_at")[:SOURCES_SHOWN]
    return _rate(total["hits"], total["all"], list(rows), "People decided about no request in this period.")


def _merged(scopes: Collection[int], window: Window) -> QuerySet[PullRequest]:
    code = repositories_in_scopes(scopes)
    return PullRequest.objects.merged(repositories=code, start=window.start, end=window.end)


def _merges(merged: QuerySet[PullRequest]) -> list[tuple[UUID, str, datetime]]:
    rows = merged.order_by("-merged_at").values_list("request_id", "request__run__title", "merged_at")
    return [(key, title, at) for key, title, at in rows[:SOURCES_SHOWN] if at is not None]


def _of_gate(gate: str, scopes: Collection[int], window: Window) -> Reading:
    """
    Count the gates of approved candidates' commits: they run once, as the pull request is opened.

    What became of the pull request plays no part: nothing that failed can be merged, so merges alone would all pass.
    """
    opened = PullRequest.objects.filter(
        opened_at__gte=window.start,
        opened_at__lt=window.end,
        request__run__repository__in=repositories_in_scopes(scopes),
    )
    judged = opened.filter(gates__contains=[{"gate": gate}])
    for status in NOT_JUDGED:
        judged = judged.exclude(gates__contains=[{"gate": gate, "status": status}])
    hit = Q(gates__contains=[{"gate": gate, "status": "passed"}])
    total = judged.aggregate(all=Count("pk"), hits=Count("pk", filter=hit))
    rows = judged.order_by("-opened_at").values_list("request_id", "request__run__title", "opened_at")[:SOURCES_SHOWN]
    missing = f"No pull request of generated code on which {gate} was judged was opened in this period."
    return _rate(total["hits"], total["all"], list(rows), missing)


def _rate(hits: int, total: int, rows: Sequence[tuple[UUID, str, datetime | None]], missing: str) -> Reading:
    if not total:
        return Reading(None, missing=missing)
    interval = wilson(hits, total)
    sources = tuple(Source(title, reverse("generation:request-detail", args=[key])) for key, title, _ in rows)
    return Reading(interval.mean, total, interval.low, interval.high, as_of=rows[0][2], sources=sources)


MEASURES = (
    Measure(
        "generation.approval_rate",
        "Human approval rate",
        "Requests whose chosen candidate people approved, of those that they decided: approved or rejected. Withdrawn "
        "requests are in neither.",
        Shape.RATE,
        "%",
        GROUP,
        approval_rate,
    ),
    Measure(
        "generation.first_pass_approval",
        "First-pass approval",
        "Decided requests that were approved although no other candidate was chosen and no verdict became void while "
        "they were reviewed, of all that were decided.",
        Shape.RATE,
        "%",
        GROUP,
        first_pass_approval,
    ),
    Measure(
        "generation.lint_pass",
        "Lint on the first run",
        "Pull requests of AI changes whose first run passed lint, of those opened in the period, merged or not. The "
        "first run is that of the approved candidate's commit; later ones do not count, an error is no pass, and "
        "changes on which lint is not judged are left out.",
        Shape.RATE,
        "%",
        GROUP,
        lint_pass,
    ),
    Measure(
        "generation.type_pass",
        "Types on the first run",
        "Pull requests of AI changes whose first run passed the type check, of those opened; as for lint.",
        Shape.RATE,
        "%",
        GROUP,
        type_pass,
    ),
    Measure(
        "generation.test_pass",
        "Tests on the first run",
        "Pull requests of AI changes whose first run passed the repository's tests, of those opened; as for lint.",
        Shape.RATE,
        "%",
        GROUP,
        test_pass,
    ),
    Measure(
        "generation.rework_rate",
        "Rework of generated lines",
        "Lines of merged candidates that were changed or removed within 21 days, of those whose 21 days ended in the "
        "period. Moves and new layout are no change.",
        Shape.RATE,
        "%",
        GROUP,
        rework_rate,
        is_better_higher=False,
    ),
    Measure(
        "generation.revert_rate",
        "Reverted merges",
        "Merges of generated changes that a commit of the default branch took back, of those merged in the period.",
        Shape.RATE,
        "%",
        GROUP,
        revert_rate,
        is_better_higher=False,
    ),
    Measure(
        "generation.ai_share",
        "Generated lines",
        "Lines at the newest commit whose last change of meaning a candidate made, of all lines that are not blank. A "
        "line that a person edited inside generated code is mixed and not in it. All lines are counted, so it has no "
        "interval.",
        Shape.RATE,
        "%",
        GROUP,
        ai_share,
    ),
    Measure(
        "generation.survival",
        "Generated lines that live for twelve weeks",
        "Kaplan-Meier estimate at 84 days over the lines of merged candidates: an end is a removal or a change of "
        "meaning, lines that still stand are censored. Of several repositories, the one where it is smallest.",
        Shape.MINIMUM,
        "%",
        GROUP,
        survival,
    ),
    Measure(
        "generation.cost_per_accepted",
        "Cost of an accepted change",
        "US dollars of all calls of models in the period, those for rejected candidates included, for each request "
        "approved in it. What machines cost is not recorded.",
        Shape.MEDIAN,
        "USD",
        GROUP,
        cost_per_accepted,
        is_better_higher=False,
    ),
    *REVIEW_MEASURES,
)


def measures_register() -> None:
    """Offer every measure of generation."""
    for measure in MEASURES:
        measure_register(measure)
