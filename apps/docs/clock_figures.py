"""How long documentation has been in sync: for its pages, and for gates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.core.errors import NofxError
from apps.docs.engine.clock import Clock, Observed, Release, clock
from apps.docs.models import DocumentationArtifact, DocumentationObservation, DocumentationRelease
from apps.governance.measures import MeasureUnavailable, Reading, Source, Window
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, repositories_of_scopes


@dataclass(frozen=True)
class ServiceClock:
    """The clock of one repository at a time, and how many releases there were by then."""

    repository: Repository
    clock: Clock
    at: datetime
    releases: int

    @property
    def days(self) -> int | None:
        """Return for how many whole days it has been running, None while it stands."""
        return None if self.clock.since is None else (self.at - self.clock.since).days

    @property
    def sentence(self) -> str:
        """Return how it stands, in words: "in sync 23 d · release 2026.11 since start"."""
        if self.clock.since is None:
            return f"not in sync: {self.clock.restarted_because}"
        names = [release.name for release in self.clock.releases]
        if len(names) > 1:
            cycles = "1 full release cycle" if len(names) == 2 else f"{self.clock.cycles} full release cycles"
            return f"in sync {self.days} d · {cycles}, to {names[-1]}"
        return f"in sync {self.days} d · {f'release {names[0]}' if names else 'no release'} since start"


def clocks_of(repositories: Collection[Repository], at: datetime) -> dict[UUID, ServiceClock]:
    """Return the clocks of those of the repositories that were observed, by key; two queries."""
    observed: defaultdict[UUID, list[Observed]] = defaultdict(list)
    rows = DocumentationObservation.objects.filter(repository__in=repositories, begun_at__lte=at)
    for row in rows.select_related("revision").order_by("begun_at", "id"):
        observed[row.repository_id].append(Observed(row.begun_at, row.state, _where(row)))
    releases: defaultdict[UUID, list[Release]] = defaultdict(list)
    for made in DocumentationRelease.objects.filter(repository__in=repositories, tagged_at__lte=at):
        releases[made.repository_id].append(Release(made.name, made.tagged_at))
    return {
        one.pk: ServiceClock(one, clock(observed[one.pk], releases[one.pk], at), at, len(releases[one.pk]))
        for one in repositories
        if one.pk in observed
    }


def sync_read(scopes: Collection[int], window: Window) -> Reading:
    """
    Return through how many full release cycles the documentation has been in sync, the fewest of the repositories.

    ``n`` is how many release cycles there were, in sync or not.

    :raises MeasureUnavailable: a repository cannot be read, or its newest commit was not looked at.
    """
    repositories = repositories_of_scopes(scopes)
    if not repositories:
        return Reading(None, missing="No repository is among these scopes.")
    clocks = clocks_of(repositories, window.end)
    for repository in repositories:
        missing = _missing(repository, clocks.get(repository.pk))
        if missing:
            return Reading(None, missing=missing)
        _require_newest(repository)
    lowest = sorted(clocks.values(), key=lambda one: (one.clock.cycles, one.days or 0))
    return Reading(
        float(lowest[0].clock.cycles),
        n=min(one.releases for one in lowest) - 1,
        as_of=window.end,
        sources=tuple(_source(one) for one in lowest),
    )


def _missing(repository: Repository, found: ServiceClock | None) -> str:
    if found is None:
        return f"{repository.name} has no documentation page that was held against its commits."
    if found.releases < 2:
        return f"{repository.name} has fewer than two releases: no release cycle has passed."
    return ""


def _require_newest(repository: Repository) -> None:
    """
    :raises MeasureUnavailable: the newest page was not held against the newest commit, or that cannot be told.
    """
    try:
        head = head_sha(repository)
    except NofxError as error:
        raise MeasureUnavailable(f"{repository.name} cannot be read. {error}") from error
    newest = (
        DocumentationArtifact.objects.filter(source__revision__repository=repository)
        .order_by("-last_updated", "-id")
        .values("pk")[:1]
    )
    looked_at = DocumentationObservation.objects.filter(artifact__in=newest, revision__sha=head, repository=repository)
    if not looked_at.exists():
        raise MeasureUnavailable(
            f"The documentation of {repository.name} was not held against its newest commit, {head[:12]}. "
            "Bring the clock up to date on the docs page."
        )


def _where(row: Any) -> str:
    symbols = "1 symbol" if row.changes == 1 else f"{row.changes} symbols"
    return f"{symbols} at {row.revision.sha[:8]} ({row.revision.subject[:60]})"


def _source(one: ServiceClock) -> Source:
    because = one.clock.restarted_because
    last = f"; last restart: {because}" if because and one.clock.since else ""
    return Source(f"{one.repository.name}: {one.sentence}{last}", reverse("docs:index"))
