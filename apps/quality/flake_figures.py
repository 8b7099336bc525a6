"""Flaky, broken and slow tests of a window, counted from the tallies; and the rate that gates read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse

from apps.core.clock import now
from apps.governance.measures import SOURCES_SHOWN, Reading, Source, Window
from apps.governance.models import User
from apps.quality.engine.flakes import SLOW_SECONDS, Kind, Record, paths_named
from apps.quality.models import Quarantine, SuiteRun, SuiteTally, SuiteTest
from apps.quality.pairs import Flakes, pairs_counted, pairs_newest
from apps.repositories.models import Repository
from apps.repositories.selectors import paths_of_origin, repositories_of_scopes

PAIR = Q(failed__gt=0, passed__gt=0) | Q(passed__gt=1) | Q(failed__gt=1)
FLAKY = Q(passed__gt=0, failed__gt=0)
# A test that is flaky, broken or slow has a tally that is one of these.
NOTICEABLE = Q(failed__gt=0) | Q(seconds__gt=0, seconds__gte=F("passed") + F("failed"))
NOTICED = 100
RUNS_SHOWN = 20


@dataclass(frozen=True)
class NoticedTest:
    """A test with what is wrong with it, and the quarantine that it is in, if any."""

    test: SuiteTest
    record: Record
    quarantine: Quarantine | None

    @property
    def kind(self) -> Kind | None:
        return self.record.kind


def flakes_of(repositories: Collection[Repository], window: Window, *, tests: Collection[int] | None = None) -> Flakes:
    """Return the pairs of these repositories, each executed last in the window, of *tests* if given; one query."""
    return _together(pairs_counted(repositories, window, tests=tests).values())


def flake_read(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of flaky pairs of the repositories of these scopes. Where one has no pair, all are without."""
    repositories = repositories_of_scopes(scopes)
    if not repositories:
        return Reading(None, missing="No repository is among these scopes.")
    counted = pairs_counted(repositories, window)
    without = [repository.name for repository in repositories if repository.pk not in counted]
    if without:
        return Reading(
            None,
            missing=f"No test of {without[0]} was executed twice on one commit in one environment in the window. "
            "Run its tests again on its quality page, or have its builds send their runs.",
        )
    found = _together(counted.values())
    return Reading(
        found.rate.mean,
        n=found.pairs,
        low=found.rate.low,
        high=found.rate.high,
        as_of=found.as_of,
        sources=_sources(repositories, window),
    )


def tests_noticed(repository: Repository, window: Window, *, tests: Collection[int] | None = None) -> list[NoticedTest]:
    """
    Return the tests of the window that are flaky, broken or slow, at most 100, the flakiest and then the slowest first.

    Only of *tests*, where they are given. Five queries. The caller may read the repository.
    """
    executed = Sum(F("passed") + F("failed"))
    among = _tallies([repository], window)
    noticeable = set(among.filter(NOTICEABLE).values_list("test_id", flat=True).order_by().distinct())
    rows = (
        # By the tests alone, which are of one repository: the index of tallies by test is the one to use.
        SuiteTally.objects.filter(
            test__in=noticeable if tests is None else noticeable.intersection(tests),
            last_at__gte=window.start,
            last_at__lt=window.end,
        )
        .values("test_id")
        .annotate(
            pairs=Count("test_id", filter=PAIR),
            flaky=Count("test_id", filter=FLAKY),
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
    known = SuiteTest.objects.in_bulk(list(found))
    noticed = [
        NoticedTest(
            known[key],
            Record(row["pairs"], row["flaky"], row["executed"], row["failures"], row["time"], key in failing),
            quarantines.get(key),
        )
        for key, row in found.items()
    ]
    return [one for one in noticed if one.kind is not None]


def tests_of_origin(repository: Repository, origin: str) -> list[int]:
    """
    Return the tests that stand in a file most of whose lines are of *origin*: "ai" for generated, "human", "mixed".

    A test whose name leads to no file of the newest followed commit is in none. The caller may read the repository.
    """
    names = dict(SuiteTest.objects.filter(repository=repository).values_list("pk", "name"))
    places = {key: paths_named(name) for key, name in names.items()}
    origins = paths_of_origin(repository, {path for paths in places.values() for path in paths})
    return [
        key
        for key, paths in places.items()
        if next((origins[path] for path in paths if path in origins), None) == origin
    ]


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


def _together(counted: Collection[Flakes]) -> Flakes:
    return Flakes(
        sum(one.pairs for one in counted),
        sum(one.flaky for one in counted),
        max((one.as_of for one in counted if one.as_of), default=None),
    )


def _failing(tests: Collection[int], window: Window) -> set[int]:
    """Return which of the tests passed not once where they were executed last."""
    newest = (
        SuiteTally.objects.filter(
            Q(passed__gt=0) | Q(failed__gt=0), test__in=tests, last_at__gte=window.start, last_at__lt=window.end
        )
        .order_by("test", "-last_at", "-id")
        .distinct("test")
    )
    return {tally.test_id for tally in newest if not tally.passed}


def _sources(repositories: Collection[Repository], window: Window) -> tuple[Source, ...]:
    """Return what the rate rests on: runs that were left out, flaky pairs, and the newest of the others."""
    newest = pairs_newest(repositories, window, limit=SOURCES_SHOWN)
    broken = SuiteRun.objects.filter(
        revision__repository__in=[repository.pk for repository in repositories],
        is_infrastructure=True,
        created_at__gte=window.start,
        created_at__lt=window.end,
    ).count()
    first = next(iter(repositories))
    told = "1 run broken by infrastructure is" if broken == 1 else f"{broken} runs broken by infrastructure are"
    left_out = [Source(f"{told} left out", _page(first))] if broken else []
    return (*left_out, *(_source(tally) for tally in newest))[:SOURCES_SHOWN]


def _source(tally: SuiteTally) -> Source:
    what = f"{tally.passed} passed, {tally.failed} failed"
    title = f"{tally.repository.name}: {tally.test.name} at {tally.revision.sha[:8]} in {tally.environment}: {what}"
    return Source(title, reverse("quality:test-detail", args=[tally.repository.name, tally.test_id]))


def _page(repository: Repository) -> str:
    return reverse("quality:flakes", args=[repository.name])
