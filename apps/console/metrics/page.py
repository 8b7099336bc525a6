"""What the metrics pages show: samples of a place, read at once, beside goals and baselines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncWeek

from apps.console.engine.goals import GoalState, Standing, compared, goal_state
from apps.console.metrics.baselines import baselines_newest
from apps.console.metrics.catalogue import group_of, metrics
from apps.console.metrics.metric import GROUPS, Metric
from apps.console.metrics.words import compared_words, number_words, with_unit
from apps.console.models import Baseline, MetricSample
from apps.core.errors import NotFound
from apps.governance.models import Scope, User
from apps.governance.selectors import readable_scopes
from apps.repositories.models import Lineage, Repository

PERIODS = {"4w": 4, "12w": 12, "26w": 26, "52w": 52}
DEFAULT_PERIOD = "12w"
# A place that was not measured for so long is stale: the job runs daily.
STALE_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Row:
    """A metric on the page: its newest sample, the last sample of each week, its baseline and where it stands."""

    metric: Metric
    history: Sequence[MetricSample]
    baseline: Baseline | None
    standing: Standing | None
    state: GoalState | None

    @property
    def sample(self) -> MetricSample | None:
        """The newest sample."""
        return self.history[-1] if self.history else None

    @property
    def value(self) -> str:
        """The newest value without its unit."""
        return number_words(self.metric, self.sample.value if self.sample else None)

    @property
    def unit(self) -> str:
        """The unit of the newest value."""
        return self.metric.measure.unit_of(self.value)

    @property
    def interval(self) -> tuple[str, str] | None:
        """The 95 % interval, written."""
        sample = self.sample
        if sample is None or sample.low is None or sample.high is None:
            return None
        return number_words(self.metric, sample.low), number_words(self.metric, sample.high)

    @property
    def beside(self) -> str:
        """How it compares with its baseline."""
        return compared_words(self.metric, self.standing)

    @property
    def past(self) -> str:
        """The baseline, written; "" where there is none."""
        return with_unit(self.metric, self.baseline.value) if self.baseline else ""

    @property
    def missing(self) -> list[str]:
        """What would have to be there, as sentences."""
        sentences = []
        if self.sample is None:
            sentences.append("It was not measured here in this period.")
        elif self.sample.missing:
            sentences.append(self.sample.missing)
        if self.metric.past and self.baseline is None:
            sentences.append(f"No baseline is imported: {self.metric.past}.")
        if self.metric.unrecorded:
            sentences.append(self.metric.unrecorded)
        return sentences


@dataclass(frozen=True)
class Group:
    """A heading of the page with its metrics."""

    title: str
    rows: Sequence[Row]


def places_of(user: User) -> list[Scope]:
    """Return the places whose metrics *user* may see: organisations that have code first, then repositories."""
    code = Repository.objects.filter(scope=OuterRef("pk"))
    below = Repository.objects.filter(scope__organisation=OuterRef("organisation"))
    return list(
        readable_scopes(user)
        .filter(Exists(code) | Q(Exists(below), repository=""))
        .select_related("organisation")
        .order_by("organisation__name", "repository")
    )


def place_chosen(places: Sequence[Scope], *, organisation: str, repository: str) -> Scope:
    """
    Return the place of that name; the first one where nobody asks.

    :raises NotFound: there is none of that name among *places*.
    """
    if not organisation and not repository:
        return places[0]
    for place in places:
        if place.repository == repository and organisation in {"", place.organisation.name}:
            return place
    raise NotFound("There are no metrics of this place that you can read.")


def groups_of(scope: Scope, *, weeks: int, origin: str, today: date) -> list[Group]:
    """Return every metric of a place, by heading; one query for the samples and one for the baselines."""
    history = _history(scope, weeks=weeks, origin=origin, today=today)
    baselines = {one.key: one for one in baselines_newest(scope)}
    rows = [_row(metric, history, baselines, origin, today) for metric in metrics()]
    return [Group(title, [row for row in rows if group_of(row.metric) == title]) for title in GROUPS]


def row_of(scope: Scope, *, key: str, weeks: int, origin: str, today: date) -> Row:
    """
    Return one metric of a place.

    :raises NotFound: no metric is called so.
    """
    found = rows_of(scope, keys=[key], weeks=weeks, origin=origin, today=today)
    if key not in found:
        raise NotFound("There is no such metric.")
    return found[key]


def rows_of(scope: Scope, *, keys: Collection[str], weeks: int, today: date, origin: str = "") -> dict[str, Row]:
    """Return those of the metrics called *keys* that there are; two queries."""
    history = _history(scope, weeks=weeks, origin=origin, today=today, keys=keys)
    baselines = {one.key: one for one in baselines_newest(scope).filter(key__in=keys)}
    return {metric.key: _row(metric, history, baselines, origin, today) for metric in metrics() if metric.key in keys}


def survival_of(scope: Scope) -> Lineage | None:
    """Return the newest lineage of a repository, for its survival curves; None for an organisation."""
    return (
        Lineage.objects.filter(revision__repository__scope=scope)
        .defer("files", "deliveries")
        .select_related("revision")
        .order_by("-position")
        .first()
    )


def samples_of(scope: Scope, *, weeks: int, today: date) -> QuerySet[MetricSample]:
    """Return every daily sample of a place in a period, by metric and day, for an export."""
    return MetricSample.objects.filter(scope=scope, day__gt=today - timedelta(weeks=weeks)).order_by(
        "key", "origin", "day"
    )


def _history(
    scope: Scope, *, weeks: int, origin: str, today: date, keys: Collection[str] = ()
) -> Mapping[tuple[str, str], list[MetricSample]]:
    """Return the last sample of each week, oldest first, by metric and origin."""
    wanted = MetricSample.objects.filter(
        scope=scope, day__gt=today - timedelta(weeks=weeks), origin__in={"", origin}
    ).annotate(week=TruncWeek("day"))
    if keys:
        wanted = wanted.filter(key__in=keys)
    found: dict[tuple[str, str], list[MetricSample]] = defaultdict(list)
    for sample in wanted.order_by("key", "origin", "week", "-day").distinct("key", "origin", "week"):
        found[sample.key, sample.origin].append(sample)
    return found


def _row(
    metric: Metric,
    history: Mapping[tuple[str, str], list[MetricSample]],
    baselines: Mapping[str, Baseline],
    origin: str,
    today: date,
) -> Row:
    own = history.get((metric.key, origin if origin in metric.origins else ""), [])
    baseline = baselines.get(metric.key)
    standing = _standing(metric, own[-1] if own else None, baseline)
    return Row(metric, own, baseline, standing, _state(metric, own, standing, today))


def _standing(metric: Metric, sample: MetricSample | None, baseline: Baseline | None) -> Standing | None:
    if metric.goal is None or sample is None or sample.value is None:
        return None
    value = Standing(sample.value, sample.low, sample.high)
    return compared(metric.goal, value, baseline.value if baseline else None)


def _state(metric: Metric, history: Sequence[MetricSample], standing: Standing | None, today: date) -> GoalState | None:
    if history and history[-1].is_error:
        return GoalState.ERROR
    if history and today - history[-1].day > STALE_AFTER:
        return GoalState.STALE
    if metric.goal is None:
        return None if history and history[-1].value is not None else GoalState.INSUFFICIENT_DATA
    return goal_state(metric.goal, standing, is_partial=bool(metric.unrecorded))


def sample_rows(samples: QuerySet[MetricSample]) -> list[dict[str, Any]]:
    """Return samples as they are exported."""
    return [
        {
            "metric": one.key,
            "definition_version": one.version,
            "origin": one.origin or "all",
            "day": one.day.isoformat(),
            "value": one.value,
            "n": one.n,
            "low": one.low,
            "high": one.high,
            "as_of": one.as_of.isoformat() if one.as_of else None,
            "missing": one.missing,
        }
        for one in samples.defer("sources")
    ]
