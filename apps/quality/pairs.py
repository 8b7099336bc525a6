"""
Tests executed twice on one commit in one environment, as they stood at the end of a window.

A tally goes on counting after it. Of those that did, the outcomes up to the end are counted anew, so that a window that
is over reads the same for ever: what a gate froze is not changed by running the tests again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import prefetch_related_objects

from apps.core.intervals import Interval, wilson
from apps.governance.measures import Window
from apps.quality.models import SuiteTally
from apps.repositories.models import Repository

# Tallies of the window, and those that counted on after it as they stood at its end.
STOOD = """
WITH known AS (
  SELECT id, repository_id, test_id, revision_id, environment, passed, failed, last_at FROM quality_suitetally
  WHERE repository_id = ANY(%(repositories)s) AND last_at >= %(start)s AND last_at < %(end)s
  UNION ALL
  SELECT tally.id, tally.repository_id, tally.test_id, tally.revision_id, tally.environment,
         count(*) FILTER (WHERE outcome.outcome = 'passed'), count(*) FILTER (WHERE outcome.outcome = 'failed'),
         max(run.created_at)
  FROM quality_suitetally tally
  JOIN quality_suiterun run ON run.revision_id = tally.revision_id AND run.environment = tally.environment
       AND run.created_at < %(end)s AND NOT run.is_infrastructure
  JOIN quality_suiteoutcome outcome ON outcome.run_id = run.id AND outcome.test_id = tally.test_id
  WHERE tally.repository_id = ANY(%(repositories)s) AND tally.last_at >= %(end)s
  GROUP BY tally.id HAVING max(run.created_at) >= %(start)s
), stood AS (
  SELECT *, passed > 0 AND failed > 0 AS is_flaky FROM known WHERE passed + failed > 1
)
"""
COUNTED = """
SELECT repository_id, count(*), count(*) FILTER (WHERE is_flaky), max(last_at) FROM stood
WHERE %(tests)s::bigint[] IS NULL OR test_id = ANY(%(tests)s) GROUP BY repository_id
"""
NEWEST = "SELECT * FROM stood ORDER BY is_flaky DESC, last_at DESC, id LIMIT %(limit)s"


@dataclass(frozen=True)
class Flakes:
    """The pairs of a window: how many, how many of them flaky, and when the newest was executed."""

    pairs: int
    flaky: int
    as_of: datetime | None

    @property
    def rate(self) -> Interval:
        return wilson(self.flaky, self.pairs)


def pairs_counted(
    repositories: Collection[Repository], window: Window, *, tests: Collection[int] | None = None
) -> dict[int, Flakes]:
    """Return by repository the pairs executed last in the window, of *tests* if given; none for one without."""
    with connection.cursor() as cursor:
        cursor.execute(
            STOOD + COUNTED, {**_among(repositories, window), "tests": None if tests is None else list(tests)}
        )
        return {repository: Flakes(*counted) for repository, *counted in cursor.fetchall()}


def pairs_newest(repositories: Collection[Repository], window: Window, *, limit: int) -> list[SuiteTally]:
    """Return pairs of the window with their tests, commits and repositories: the flaky ones first, newest first."""
    found = list(SuiteTally.objects.raw(STOOD + NEWEST, {**_among(repositories, window), "limit": limit}))
    prefetch_related_objects(found, "test", "revision", "repository")
    return found


def _among(repositories: Collection[Repository], window: Window) -> dict[str, object]:
    return {
        "repositories": [repository.pk for repository in repositories],
        "start": window.start,
        "end": window.end,
    }
