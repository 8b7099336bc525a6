"""The pattern library, and what repositories ask of code, as their pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.core.errors import NotFound
from apps.governance.models import User
from apps.jobs.selectors import JobStatus, job_status_latest
from apps.knowledge.engine.antipatterns import ANTIPATTERNS, AntiPattern
from apps.knowledge.engine.matching import match
from apps.knowledge.engine.pattern_model import THEMES, Pattern
from apps.knowledge.engine.search import Found, search
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import MinedPattern, RepositoryPolicy
from apps.knowledge.services import pattern_outcomes_sources
from apps.knowledge.types import MINE_JOB, PatternOutcome
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import repositories_readable, repository_ids
from apps.repositories.types import INDEX_JOB, REVISION_SUBJECT


@dataclass(frozen=True)
class Filters:
    """What a reader asked for; an unknown theme or kind counts as none."""

    query: str = ""
    theme: str = ""
    kind: str = ""


def patterns_find(filters: Filters) -> Found:
    """Return the patterns that fit, best first."""
    chosen = [
        one
        for one in patterns()
        if filters.theme in ("", one.theme) or filters.theme not in THEMES
        if filters.kind in ("", one.kind) or filters.kind not in ("function", "class")
    ]
    return search(chosen, filters.query)


def pattern_get(slug: str) -> Pattern | None:
    """Return the pattern with this part of a URL."""
    return next((one for one in patterns() if one.slug == slug), None)


def antipattern_get(slug: str) -> AntiPattern | None:
    """Return the anti-pattern with this part of a URL."""
    return next((one for one in ANTIPATTERNS if one.slug == slug), None)


def patterns_matching(*, text: str, entry: str | None, signature: str | None, count: int) -> list[Pattern]:
    """Return the *count* patterns that fit a task best; none that does not fit."""
    return [found.pattern for found in match(patterns(), text, entry, signature)[:count]]


def outcomes_of(user: User) -> Mapping[str, PatternOutcome]:
    """Return what became of each pattern, by its slug, in the decided requests that *user* may read; one query."""
    return {outcome.pattern: outcome for source in pattern_outcomes_sources() for outcome in source(user)}


def policy_current(repository: Repository) -> RepositoryPolicy | None:
    """Return the version of the policy of *repository* that counts, None where it never had one; one query."""
    return RepositoryPolicy.objects.filter(repository=repository).order_by("-version").first()


def policy_history(repository: Repository, *, limit: int) -> list[RepositoryPolicy]:
    """Return the newest *limit* versions of the policy of *repository*, newest first; one query."""
    versions = RepositoryPolicy.objects.filter(repository=repository).select_related("written_by")
    return list(versions.order_by("-version")[:limit])


def policies_readable(user: User) -> QuerySet[Repository]:
    """Return the repositories that *user* may read by name, with the version and time of their policy; one query."""
    newest = RepositoryPolicy.objects.filter(repository=OuterRef("pk")).order_by("-version")
    return repositories_readable(user=user).annotate(
        policy_version=Subquery(newest.values("version")[:1]),
        policy_written_at=Subquery(newest.values("written_at")[:1]),
        policy_content=Subquery(newest.values("content")[:1]),
    )


def mined_of(repository: Repository) -> QuerySet[MinedPattern]:
    """Return the structures that were mined from *repository*, most support first."""
    return MinedPattern.objects.filter(repository=repository).defer("examples").order_by("-support", "id")


def mined_get(*, user: User, mined_id: UUID) -> MinedPattern:
    """
    Return a mined structure.

    :raises NotFound: there is none with this key that *user* may read.
    """
    rows = MinedPattern.objects.select_related("repository__scope__organisation", "decided_by")
    found = rows.filter(pk=mined_id, repository__in=repository_ids(user)).first()
    if found is None:
        raise NotFound("There is no such structure that you can read.", remedy="It may not recur any more.")
    return found


def mining_latest(*, repository: Repository, user: User) -> JobStatus | None:
    """Return the newest mining of *repository* as a job status, None where there was none; one query."""
    revisions = Revision.objects.filter(repository=repository).values("pk")
    return job_status_latest(kind=MINE_JOB, subject_kind=REVISION_SUBJECT, subject_ids=revisions, user=user)


def indexing_latest(*, repository: Repository, user: User) -> JobStatus | None:
    """Return the newest indexing of *repository* as a job status, None where there was none; one query."""
    revisions = Revision.objects.filter(repository=repository).values("pk")
    return job_status_latest(kind=INDEX_JOB, subject_kind=REVISION_SUBJECT, subject_ids=revisions, user=user)
