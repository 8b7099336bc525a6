"""Flaky, broken and slow tests of a window, counted from the tallies; and the rate that gates read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.urls import reverse

from apps.core.clock import now
from apps.core.intervals import Interval, wilson
from apps.governance.measures import SOURCES_SHOWN, Reading, Source, Window
from apps.governance.models import User
from apps.quality.engine.flakes import SLOW_SECONDS, Kind, Record
from apps.quality.models import Quarantine, SuiteRun, SuiteTally, SuiteTest
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_of_scopes

PAIR = Q(failed__gt=0, passed__gt=0) | Q(passed__gt=1) | Q(failed__gt=1)
FLAKY = Q(passed__gt=0, failed__gt=0)
NOTICED = 100
RUNS_SHOWN = 20


@dataclass(frozen=True)
class Flakes:
    """The pairs of a window: how many, how many of them flaky, and when the newest was executed."""

    pairs: int
    flaky: int
    as_of: datetime | None

    @property
    def rate(self) -> Interval:
        return wilson(self.flaky, self.pairs)


@dataclass(frozen=True)
class NoticedTest:
    """A test with what is wrong with it, and the quarantine that it is in, if any."""

    test: SuiteTest
    record: Record
    quarantine: Quarantine | None

    @property
    def kind(self) -> Kind | None:
        return self.record.kind


def flakes_of(repositories: Collection[Repository], window: Window) -> Flakes:
    """Return the pairs of these repositories, each executed last in the window; one query."""
    found = _tallies(repositories, window).aggregate(
        pairs=Count("pk", filter=PAIR), flaky=Count("pk", filter=FLAKY), as_of=Max("last_at", filter=PAIR)
    )
    return Flakes(found["pairs"], found["flaky"], found["as_of"])


def flake_read(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of flaky pairs of the repositories of these scopes. Where one has no pair, all are without."""
    repositories = repositories_of_scopes(scopes)
    if not repositories:
        return Reading(None, missing="No repository is among these scopes.")
    counted = set(
        _tallies(repositories, window).filter(PAIR).values_list("repository", flat=True).order_by().distinct()
    )
    without = [repository.name for repository in repositories if repository.pk not in counted]
    if without:
        return Reading(
            None,
            missing=f"No test of {without[0]} was executed twice on one commit in one environment in the window. "
            "Run its tests again on its quality page, or have its builds send their runs.",
        )
    found = flakes_of(repositories, window)
    return Reading(
        found.rate.mean,
        n=found.pairs,
        low=found.rate.low,
        high=found.rate.high,
        as_of=found.as_of,
        sources=_sources(repositories, window),
    )


def tests_noticed(repository: Repository, window: Window) -> list[NoticedTest]:
    """
    Return the tests of the window that are flaky, broken or slow, at most 100, the flakiest and then the slowest first.

    Three queries. The caller may read the repository.
    """
    executed = Sum(F("passed") + F("failed"))
    rows = (
        _tallies([repository], window)
        .values("test_id")
        .annotate(
            pairs=Count("pk", filter=PAIR),
            flaky=Count("pk", filter=FLAKY),
            executed=executed,
            failures=Sum("failed"),
            time=Sum("seconds"),
        )
        .filter(Q(failures__gt=0) | Q(executed__gt=0, time__gte=F("executed") * SLOW_SECONDS))
        .order_by("-flaky", "-failures", "-time")[:NOTICED]
    )
    found = {row["test_id"]: row for row in rows}
    failing = _failing(found, window)
    quarantines = {one.test_id: one for one in quarantines_open(repository).filter(test__in=found)}
    tests = SuiteTest.objects.in_bulk(list(found))
    noticed = [
        NoticedTest(
            tests[key],
            Record(row["pairs"], row["flaky"], row["executed"], row["failures"], row["time"], key in failing),
            quarantines.get(key),
        )
        for key, row in found.items()
    ]
    return [one for one in noticed if one.kind is not None]


def quarantines_open(repository: Repository) -> QuerySet[Quarantine]:
    """Return the quarantines of a repository the caller may read that hold now, with their owners."""
    return Quarantine.objects.filter(
        test__repository=repository, lifted_at__isnull=True, ends_at__gt=now()
    ).select_related("owner", "test")


def runs_of(repository: Repository) -> QuerySet[SuiteRun]:
    """Return the runs of a repository's tests the caller may read, newest first, with their commits."""
    return (
        SuiteRun.objects.filter(revision__repository=repository)
        .select_related("revision", "uploaded_by")
        .order_by("-created_at", "id")
    )


def tallies_of(test: SuiteTest) -> QuerySet[SuiteTally]:
    """Return how a test of a repository the caller may read went, by commit and environment, newest first."""
    return SuiteTally.objects.filter(test=test).select_related("revision").order_by("-last_at", "id")


def people_of(repository: Repository) -> QuerySet[User]:
    """Return the active people with a role in a repository or its organisation, who can take a test into their care."""
    scope = repository.scope
    here = Q(role_assignments__scope=scope) | Q(
        role_assignments__scope__organisation=scope.organisation_id, role_assignments__scope__repository=""
    )
    return User.objects.filter(here, is_active=True, is_service=False).distinct().order_by("username")


def _tallies(repositories: Collection[Repository], window: Window) -> QuerySet[SuiteTally]:
    return SuiteTally.objects.filter(
        repository__in=[repository.pk for repository in repositories],
        last_at__gte=window.start,
        last_at__lt=window.end,
    )


def _failing(tests: Collection[int], window: Window) -> set[int]:
    """Return which of the tests passed not once where they were executed last."""
    newest = (
        SuiteTally.objects.filter(Q(passed__gt=0) | Q(failed__gt=0), test__in=tests, last_at__lt=window.end)
        .order_by("test", "-last_at", "-id")
        .distinct("test")
    )
    return {tally.test_id for tally in newest if not tally.passed}


def _sources(repositories: Collection[Repository], window: Window) -> tuple[Source, ...]:
    """Return what the rate rests on: runs that were left out, flaky pairs, and the newest of the others."""
    among = _tallies(repositories, window).filter(PAIR).select_related("test", "revision", "repository")
    flaky = list(among.filter(FLAKY).order_by("-last_at")[:SOURCES_SHOWN])
    clean = list(among.exclude(FLAKY).order_by("-last_at")[: SOURCES_SHOWN - len(flaky)])
    broken = SuiteRun.objects.filter(
        revision__repository__in=[repository.pk for repository in repositories],
        is_infrastructure=True,
        created_at__gte=window.start,
        created_at__lt=window.end,
    ).count()
    first = next(iter(repositories))
    left_out = [Source(f"{broken} runs broken by infrastructure are left out", _page(first))] if broken else []
    return (*left_out, *(_source(tally) for tally in (*flaky, *clean)))[:SOURCES_SHOWN]


def _source(tally: SuiteTally) -> Source:
    what = f"{tally.passed} passed, {tally.failed} failed"
    title = f"{tally.repository.name}: {tally.test.name} at {tally.revision.sha[:8]} in {tally.environment}: {what}"
    return Source(title, reverse("quality:test-detail", args=[tally.repository.name, tally.test_id]))


def _page(repository: Repository) -> str:
    return reverse("quality:flakes", args=[repository.name])
