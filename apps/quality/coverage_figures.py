"""Coverage as gates and metrics read it: the smallest of a window, never the last, and never one that is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile

from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NofxError
from apps.governance.measures import SOURCES_SHOWN, MeasureUnavailable, Reading, Source, Window
from apps.quality.models import CoverageReport
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history, repositories_of_scopes
from apps.repositories.types import CommitInfo, RepositoryEmpty

# Commits of a window that are looked at, the newest first.
COMMITS = 2_000
Share = Callable[[CoverageReport], float | None]


@dataclass(frozen=True)
class Standing:
    """What the reports say of one repository: the smallest share of the window, and the newest commit's report."""

    shares: tuple[tuple[float, CoverageReport], ...]
    as_of: datetime


def line_share(report: CoverageReport) -> float | None:
    """Return the share of lines that ran."""
    return float(report.line_percent) / 100


def branch_share(report: CoverageReport) -> float | None:
    """Return the share of branches that were taken; None of a report that counts none."""
    return None if report.branch_percent is None else float(report.branch_percent) / 100


def coverage_read(share: Share, what: str, scopes: Collection[int], window: Window) -> Reading:
    """
    Return the smallest share of *what* over the complete reports of the default branches in the window.

    :raises MeasureUnavailable: a repository cannot be read, or its newest commit has no complete report of *what*.
    """
    repositories = repositories_of_scopes(scopes)
    if not repositories:
        return Reading(None, missing="No repository is among these scopes.")
    standings: list[Standing] = []
    for repository in repositories:
        standing = _standing(repository, share, what, window)
        if isinstance(standing, str):
            return Reading(None, missing=standing)
        standings.append(standing)
    shares = [pair for standing in standings for pair in standing.shares]
    value, lowest = min(shares, key=lambda pair: pair[0])
    newest = sorted(shares, key=lambda pair: pair[1].created_at, reverse=True)
    rows = [(value, lowest), *(pair for pair in newest if pair[1] is not lowest)]
    return Reading(
        value,
        n=len({report.revision_id for _, report in shares}),
        as_of=min(standing.as_of for standing in standings),
        sources=tuple(_source(*row, what) for row in rows[:SOURCES_SHOWN]),
    )


def commits_of(repository: Repository, window: Window) -> list[CommitInfo]:
    """
    Return the commits of the default branch that stood in the window, newest first; none where it has no commit.

    A commit between two of the window is of the window, whatever date it states; the newest one always is.

    :raises MeasureUnavailable: the repository cannot be read.
    """
    try:
        commits: Sequence[CommitInfo] = history(repository, head_sha(repository), limit=COMMITS)
    except RepositoryEmpty:
        return []
    except NofxError as error:
        raise MeasureUnavailable(f"{repository.name} cannot be read. {error}") from error
    if window.end < now():
        commits = list(dropwhile(lambda commit: commit.committed_at >= window.end, commits))
    inside = [place for place, commit in enumerate(commits) if commit.committed_at >= window.start]
    return list(commits[: max(inside, default=0) + 1])


def _standing(repository: Repository, share: Share, what: str, window: Window) -> Standing | str:
    """Return how a repository stands, or why nothing can be told of it yet."""
    commits = commits_of(repository, window)
    if not commits:
        return f"{repository.name} has no commit on {repository.default_branch}."
    reports: defaultdict[str, list[tuple[float, CoverageReport]]] = defaultdict(list)
    for report in _complete(repository, commits):
        value = share(report)
        if value is not None:
            reports[report.revision.sha].append((value, report))
    if not reports:
        missing = f"No complete report of {what} of {repository.name} is there for a commit of the window."
        return f"{missing} {_left_out(repository, commits[0].sha)}".strip()
    newest = reports.get(commits[0].sha)
    if newest is None:
        raise MeasureUnavailable(
            f"The newest commit of {repository.name}, {commits[0].sha[:12]}, has no complete report of {what}. "
            f"{_left_out(repository, commits[0].sha)}Measure it, or have its build send one."
        )
    return Standing(
        tuple(min(found, key=lambda pair: pair[0]) for found in reports.values()),
        as_of=max(report.created_at for _, report in newest),
    )


def _left_out(repository: Repository, sha: str) -> str:
    """Return what an incomplete report of a commit leaves out, as a sentence; "" if there is none."""
    sent = CoverageReport.objects.filter(revision__repository=repository, revision__sha=sha, unreported__gt=0)
    report = sent.defer("files").order_by("-created_at", "-pk").first()
    if report is None:
        return ""
    first = f", {report.unreported_files[0]} among them" if report.unreported_files else ""
    return f"What was sent leaves out {report.unreported} of its files{first}. "


def _complete(repository: Repository, commits: Sequence[CommitInfo]) -> list[CoverageReport]:
    shas = [commit.sha for commit in commits]
    return list(
        CoverageReport.objects.filter(
            revision__repository=repository, revision__sha__in=shas, is_complete=True, unreported=0
        )
        .select_related("revision__repository")
        .defer("files")
    )


def _source(value: float, report: CoverageReport, what: str) -> Source:
    repository = report.revision.repository
    origin = report.get_source_display().lower()
    return Source(
        f"{repository.name} at {report.revision.sha[:8]}: {value:.1%} of {what}, {origin}",
        reverse("quality:coverage", args=[repository.name]),
    )
