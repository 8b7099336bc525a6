"""What the lineage of default branches tells: shares, survival and rework, by origin. Reached through ``selectors``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet, Sum

from apps.governance.models import Scope
from apps.repositories.models import Lineage, LineBirth, LineEnd, LineSpans, Repository

REWORK = timedelta(days=21)


@dataclass(frozen=True)
class OriginCounts:
    """Lines that are not blank, by origin, of the newest followed commits; ``as_of`` is the oldest of their times."""

    ai: int
    human: int
    mixed: int
    repositories: int
    as_of: datetime | None

    @property
    def lines(self) -> int:
        """All of them."""
        return self.ai + self.human + self.mixed


@dataclass(frozen=True)
class Rework:
    """Of ``lines`` that began and were seen for 21 days, ``again`` were changed or removed within them."""

    lines: int
    again: int
    as_of: datetime | None


def repositories_in_scopes(scopes: Collection[int]) -> QuerySet[Repository]:
    """Return the repositories of *scopes*; the scope of an organisation stands for all of its repositories. Lazy."""
    whole = Scope.objects.filter(pk__in=scopes, repository="").values("organisation")
    return Repository.objects.filter(Q(scope__in=scopes) | Q(scope__organisation__in=whole))


def lineages_newest(repositories: QuerySet[Repository] | Sequence[UUID], *, before: datetime) -> QuerySet[Lineage]:
    """Return for each of *repositories* the newest lineage that was measured before *before*, without its files."""
    return (
        Lineage.objects.filter(revision__repository__in=repositories, measured_at__lt=before)
        .order_by("revision__repository", "-measured_at")
        .distinct("revision__repository")
        .select_related("revision__repository")
        .defer("files", "deliveries")
    )


def origin_counts(repositories: QuerySet[Repository] | Sequence[UUID], *, before: datetime) -> OriginCounts:
    """Return where the lines of *repositories* come from, as of their newest lineages before *before*; one query."""
    rows = list(lineages_newest(repositories, before=before))
    return OriginCounts(
        ai=sum(row.ai_lines for row in rows),
        human=sum(row.human_lines for row in rows),
        mixed=sum(row.mixed_lines for row in rows),
        repositories=len(rows),
        as_of=min((row.measured_at for row in rows), default=None),
    )


def lines_ended_at(repository: Repository, position: int) -> dict[str, int]:
    """Return how many lines a commit of the default branch changed or removed, by the origin they had; one query."""
    ended = LineEnd.objects.filter(birth__repository=repository, position=position, is_change=True)
    return dict(ended.values_list("birth__origin").annotate(total=Sum("lines")).order_by())


def paths_of_origin(repository: Repository, paths: Collection[str] | None = None) -> dict[str, str]:
    """
    Return the origin of most lines of each file of the newest followed commit; only of *paths*, where they are given.

    "mixed" where two origins have as many. Four queries; nothing where the branch was not followed.
    """
    lineage = (
        Lineage.objects.filter(revision__repository=repository)
        .order_by("-position", "-measured_at")
        .values_list("files", flat=True)
        .first()
    )
    wanted = {path: digest for path, digest in (lineage or {}).items() if paths is None or path in paths}
    spans = dict(
        LineSpans.objects.filter(repository=repository, digest__in=set(wanted.values())).values_list("digest", "spans")
    )
    numbers = {number for runs in spans.values() for _, number in runs}
    births = LineBirth.objects.filter(repository=repository, number__in=numbers)
    origins = dict(births.values_list("number", "origin"))
    return {path: _most(spans[digest], origins) for path, digest in wanted.items() if digest in spans}


def _most(runs: Sequence[Sequence[int]], origins: dict[int, str]) -> str:
    lines: Counter[str] = Counter()
    for count, number in runs:
        if number in origins:
            lines[origins[number]] += count
    most = max(lines.values(), default=0)
    leading = [origin for origin, count in lines.items() if count == most]
    return leading[0] if len(leading) == 1 else "mixed"


def lines_begun(
    repositories: QuerySet[Repository] | Sequence[UUID], *, start: datetime, end: datetime
) -> dict[str, int]:
    """Return how many lines began from *start* to *end*, by origin."""
    begun = LineBirth.objects.filter(repository__in=repositories, born_at__gte=start, born_at__lt=end)
    return dict(begun.values_list("origin").annotate(total=Sum("lines")).order_by())


def rework(
    repositories: QuerySet[Repository] | Sequence[UUID], *, start: datetime, end: datetime, origin: str = ""
) -> Rework:
    """Return the rework of lines whose 21 days ended from *start* to *end*; of all origins where none is named."""
    begun = LineBirth.objects.filter(repository__in=repositories, born_at__gte=start - REWORK, born_at__lt=end - REWORK)
    if origin:
        begun = begun.filter(origin=origin)
    again = LineEnd.objects.filter(birth__in=begun, is_change=True, ended_at__lte=F("birth__born_at") + REWORK)
    told: dict[str, Any] = begun.aggregate(lines=Sum("lines"), newest=Max("born_at"))
    return Rework(
        lines=told["lines"] or 0,
        again=again.aggregate(lines=Sum("lines"))["lines"] or 0,
        as_of=told["newest"] + REWORK if told["newest"] else None,
    )
