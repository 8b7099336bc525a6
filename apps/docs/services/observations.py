"""Observes how pages stood to each commit, so that the clock of documentation has no gaps and cannot be set."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.db import transaction

from apps.checks.services import public_interface
from apps.checks.types import Documented
from apps.core.clock import now
from apps.docs.engine.clock import is_release
from apps.docs.engine.drift import citation_of, compare
from apps.docs.models import DocumentationArtifact, DocumentationObservation, DocumentationRelease
from apps.docs.services.code import python_at
from apps.docs.types import GENERATE_SUBJECT, OBSERVE_JOB
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history, tags
from apps.repositories.services import revision_record
from apps.repositories.types import CommitInfo

COMMITS = 1_000
# Observations that one call makes, oldest first; reading a commit takes about half a second.
MOST = 100


@dataclass(frozen=True)
class Event:
    """From ``at`` on, ``page`` stood beside ``commit``."""

    at: datetime
    page: DocumentationArtifact
    commit: CommitInfo


def observation_start(*, repository: Repository, requested_by: User | None) -> Job:
    """
    Ask for the pages of a repository to be held against the commits that nobody looked at yet.

    While that is under way, that job is returned. The caller has decided that ``requested_by`` may ask.

    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    revision = revision_record(repository=repository, sha=head_sha(repository))
    return job_enqueue(
        kind=OBSERVE_JOB, subject_kind=GENERATE_SUBJECT, subject_id=revision.pk, requested_by=requested_by
    )


def documentation_observe(*, repository: Repository) -> int:
    """
    Hold the pages of a repository against each commit of its default branch that they stood beside; return how many.

    Which page stood beside which commit, and from when on, follows from when both were made: it makes no difference
    when this is called. What was observed before is not looked at again, and at most 100 are at once, the oldest.
    Releases are recorded, too, as they are tagged when they are first seen.

    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    head = head_sha(repository)
    _record_releases(repository, head)
    pages = list(
        DocumentationArtifact.objects.filter(source__revision__repository=repository, last_updated__isnull=False)
        .select_related("source")
        .defer("generated_content")
        .order_by("last_updated", "id")
    )
    if not pages:
        return 0
    commits = history(repository, head, limit=COMMITS)[::-1]
    known = set(
        DocumentationObservation.objects.filter(repository=repository).values_list("artifact_id", "revision__sha")
    )
    new = [event for event in _events(pages, commits) if (event.page.pk, event.commit.sha) not in known][:MOST]
    interfaces: dict[str, tuple[Documented, ...]] = {}
    for event in new:
        sha = event.commit.sha
        if sha not in interfaces:
            interfaces[sha] = public_interface(python_at(repository, sha))
        _observe(repository, event, interfaces[sha])
    return len(new)


def _events(pages: Sequence[DocumentationArtifact], commits: Sequence[CommitInfo]) -> Iterator[Event]:
    """Yield each page with the newest commit of its time, and each commit with the newest page of its time."""
    # A commit does not come before the one that it is made on, whatever date it states.
    times = list(accumulate((commit.committed_at for commit in commits), max))
    written = [page.last_updated for page in pages]
    events = [
        Event(page.last_updated, page, commits[max(0, bisect_right(times, page.last_updated) - 1)]) for page in pages
    ]
    for at, commit in zip(times, commits, strict=True):
        place = bisect_right(written, at)
        if place:
            events.append(Event(at, pages[place - 1], commit))
    yield from sorted(events, key=lambda event: event.at)


@transaction.atomic
def _observe(repository: Repository, event: Event, interface: Sequence[Documented]) -> None:
    drift = compare([citation_of(stored) for stored in event.page.source.citations], interface)
    DocumentationObservation.objects.get_or_create(
        revision=revision_record(repository=repository, sha=event.commit.sha),
        artifact=event.page,
        defaults={
            "repository": repository,
            "state": drift.state,
            "changes": drift.count("stale") + drift.count("broken") + len(drift.missing),
            "begun_at": min(event.at, now()),  # A date in the future would put off what is stale today.
        },
    )


def _record_releases(repository: Repository, head: str) -> None:
    rows = [
        DocumentationRelease(repository=repository, name=tag.name, tagged_at=tag.tagged_at)
        for tag in tags(repository, head)
        if is_release(tag.name)
    ]
    DocumentationRelease.objects.bulk_create(rows, ignore_conflicts=True)
