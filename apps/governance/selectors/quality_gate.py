"""The quality gate of a repository as its card shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from apps.governance.engine.figures import figure_told, told
from apps.governance.engine.gates import SIGNS
from apps.governance.measures import Shape
from apps.governance.models import Scope
from apps.governance.services.quality_gates import (
    QualityCondition,
    QualityGate,
    quality_conditions,
    quality_gate_last,
)

KEPT_S = 60


@dataclass(frozen=True)
class ConditionRow:
    """One condition, with words for every figure."""

    title: str
    definition: str
    threshold: str
    value: str
    n: int
    interval: str
    window: str
    as_of: datetime | None
    state: str
    sentence: str


@dataclass(frozen=True)
class QualityGateCard:
    """The conditions as they stand, the state of all of them, and when they were read."""

    rows: Sequence[ConditionRow]
    state: str
    read_at: datetime


def quality_gate_card(scope: Scope, moment: datetime) -> QualityGateCard:
    """Return the card of the repository *scope*; reads each measure of its gate, which takes seconds."""
    found = quality_conditions(scope, moment)
    gate = QualityGate({one.criterion.key: one.judged.state for one in found})
    return QualityGateCard([_row(one) for one in found], gate.state.value, moment)


def quality_gate_card_kept(scope: Scope, moment: datetime) -> QualityGateCard:
    """
    Return the card of *scope* as it was read within the last minute; one query then, else the measures are read.

    A condition that was noted in another state since has it read anew. The card says when it was read.
    """
    last = quality_gate_last(scope)
    key = f"quality-gate:{scope.pk}:{last.sequence if last else 0}"
    kept: QualityGateCard | None = cache.get(key)
    if kept is None:
        kept = quality_gate_card(scope, moment)
        cache.set(key, kept, KEPT_S)
    return kept


def _row(one: QualityCondition) -> ConditionRow:
    criterion, measure, reading = one.criterion, one.measure, one.reading
    return ConditionRow(
        title=criterion.title,
        definition=measure.definition if measure else "",
        threshold=f"{SIGNS[criterion.comparison]} {figure_told(criterion.threshold, measure)}",
        value=told(reading.value, measure) if reading and measure else "–",
        n=reading.n if reading else 0,
        interval=_interval(one),
        window=f"{criterion.window_days} d",
        as_of=reading.as_of if reading else None,
        state=one.judged.state.value,
        sentence=one.judged.sentence,
    )


def _interval(one: QualityCondition) -> str:
    low, high = one.judged.low, one.judged.high
    if low is None or high is None or one.measure is None or one.measure.shape is not Shape.RATE:
        return "–"
    return f"{told(low, one.measure).removesuffix(' %')}–{told(high, one.measure)}"
