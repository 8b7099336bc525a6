"""What was learned of models from people's decisions. The app that learns it lives above this one, and says it here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Evaluation:
    """The share of right answers of a model in one class of tasks, with its 95 % interval and how much it rests on."""

    task_class: str
    share: float
    low: float
    high: float
    answers: float
    as_of: datetime


# Called with the names that models are known by; returns what was learned of each.
EvaluationsOf = Callable[[Collection[str]], Mapping[str, tuple[Evaluation, ...]]]

_sources: list[EvaluationsOf] = []


def evaluations_register(source: EvaluationsOf) -> None:
    """Add a source of what was learned; an app calls it once, in ``ready``."""
    if source not in _sources:
        _sources.append(source)


def evaluations_of(model_ids: Collection[str]) -> dict[str, tuple[Evaluation, ...]]:
    """Return what was learned of each of *model_ids*, by class of tasks."""
    found: dict[str, tuple[Evaluation, ...]] = {}
    for source in _sources:
        for model_id, learned in source(model_ids).items():
            found[model_id] = found.get(model_id, ()) + learned
    return found
