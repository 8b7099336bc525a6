"""Which changes of programs the tests of a window noticed, and the share that gates read."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, QuerySet
from django.urls import reverse

from apps.core.intervals import wilson
from apps.governance.measures import SOURCES_SHOWN, Reading, Source, Window
from apps.quality.models import MeasuredCode, MutationRun
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_of_scopes


def runs_in(repositories: Collection[Repository], window: Window) -> QuerySet[MutationRun]:
    """
    Return the runs of the window that count: the newest of each candidate, and of each file of a repository.

    The file of a later commit takes the place of an earlier one. Newest first, with their code and commit.
    """
    among = MutationRun.objects.filter(
        code__revision__repository__in=[repository.pk for repository in repositories],
        created_at__gte=window.start,
        created_at__lt=window.end,
    )
    newest = ("-created_at", "-id")
    candidates = among.filter(code__is_candidate=True).order_by("code", *newest).distinct("code")
    files = (
        among.filter(code__is_candidate=False)
        .order_by("code__revision__repository", "code__path", *newest)
        .distinct("code__revision__repository", "code__path")
    )
    counted = [*candidates.values_list("pk", flat=True), *files.values_list("pk", flat=True)]
    return (
        MutationRun.objects.filter(pk__in=counted)
        .select_related("code__revision__repository")
        .order_by("-created_at", "id")
    )


def runs_of(code: QuerySet[MeasuredCode]) -> QuerySet[MutationRun]:
    """Return the runs of *code*, which the caller may read, newest first, each with its path and commit."""
    return (
        MutationRun.objects.filter(code__in=code.values("pk"))
        .annotate(path=F("code__path"), sha=F("code__revision__sha"), is_candidate=F("code__is_candidate"))
        .order_by("-created_at", "id")
    )


def mutation_read(scopes: Collection[int], window: Window) -> Reading:
    """Return the share of changed programs that tests noticed in the repositories of these scopes."""
    repositories = repositories_of_scopes(scopes)
    if not repositories:
        return Reading(None, missing="No repository is among these scopes.")
    runs = [run for run in runs_in(repositories, window) if run.counted]
    noticed, counted = sum(run.noticed for run in runs), sum(run.counted for run in runs)
    if not counted:
        return Reading(
            None,
            missing="No program was changed to try its tests in the window. It is done for each candidate that comes "
            "up for approval with tests, and for a file on the repository's quality page.",
        )
    share = wilson(noticed, counted)
    return Reading(
        share.mean,
        n=counted,
        low=share.low,
        high=share.high,
        as_of=runs[0].created_at,
        sources=tuple(_source(run) for run in runs[:SOURCES_SHOWN]),
    )


def _source(run: MutationRun) -> Source:
    revision = run.code.revision
    name = revision.repository.name if revision else ""
    what = "a candidate for " if run.code.is_candidate else ""
    title = f"{name}: {what}{run.code.path}: {run.noticed} of {run.counted} noticed"
    return Source(title, reverse("quality:mutation-detail", args=[name, run.pk]))
