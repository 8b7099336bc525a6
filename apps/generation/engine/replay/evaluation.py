"""Scores every way of choosing on recorded problems; what is learned is learned on other folds than it is used on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.core.intervals import Interval, wilson
from apps.generation.engine.replay import selectors
from apps.generation.engine.replay.learning import Taught, taught_by
from apps.generation.engine.replay.questions import with_questions
from apps.generation.engine.replay.selectors import Choice, Observed, Weights, accuracy
from apps.generation.engine.replay.statistics import (
    Bin,
    Calibrator,
    calibration_error,
    paired_bootstrap,
    reliability,
    threshold,
)

COMPARED = ("best_single", "examples_best", "unweighted", "codet")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the probabilities can be trusted; ``accepted_right`` is the precision above the learned threshold."""

    error: float
    coverage: float
    accepted_right: Interval
    bins: Sequence[Bin]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    ``accuracies`` (0..1) by selector, None for one that does not apply; ``gains`` of the consensus over others;
    ``choices`` by problem, the sample's number with its weight, of problems that are not scored too.
    """

    scored: int
    accuracies: Mapping[str, float | None]
    gains: Mapping[str, Interval | None]
    calibration: Calibration
    choices: Mapping[str, Sequence[tuple[int, float]]]


def fold_of(problem_id: str, folds: int) -> int:
    """Return the fold of a problem, which depends on its id alone."""
    return int(hashlib.sha256(problem_id.encode()).hexdigest(), 16) % folds


def evaluate(problems: Sequence[Observed], *, folds: int, seed: int, questions: int) -> Evaluation:
    """Choose on every problem with what the other folds taught, and score what can be scored."""
    fold_numbers = [fold_of(seen.problem.id, folds) for seen in problems]
    taught = [
        taught_by(
            [
                seen
                for seen, own in zip(problems, fold_numbers, strict=True)
                if own != fold and not seen.problem.excluded
            ]
        )
        for fold in range(folds)
    ]
    scored = [index for index, seen in enumerate(problems) if not seen.problem.excluded]
    choices = [_consensus(seen, taught[fold]) for seen, fold in zip(problems, fold_numbers, strict=True)]
    by_name = {
        name: [choose(problems[index], taught[fold_numbers[index]]) for index in scored]
        for name, choose in _selectors(questions).items()
    }
    weights: dict[str, list[Weights | None]] = {**by_name, "consensus": [choices[i].weights for i in scored]}
    points = {name: _points(found, [problems[i] for i in scored]) for name, found in weights.items()}
    ours = points["consensus"] or []
    return Evaluation(
        scored=len(scored),
        accuracies={name: _mean(found) for name, found in points.items()},
        gains={name: _gain(ours, points[name], seed) for name in COMPARED},
        calibration=_calibration(scored, fold_numbers, choices, ours, folds),
        choices={
            seen.problem.id: [(index, weight) for index, weight in enumerate(choice.weights) if weight]
            for seen, choice in zip(problems, choices, strict=True)
        },
    )


def _consensus(seen: Observed, taught: Taught) -> Choice:
    return selectors.consensus(taught.trusting(seen), taught.expertise(seen), taught.kinship)


def _asked(seen: Observed, taught: Taught, questions: int) -> Weights:
    expertise = taught.expertise(seen)
    return with_questions(taught.trusting(seen), expertise, questions=questions, kinship=taught.kinship).weights


def _selectors(questions: int) -> dict[str, Callable[[Observed, Taught], Weights | None]]:
    return {
        "mean": lambda seen, taught: selectors.mean(seen),
        "best_single": lambda seen, taught: (
            selectors.single(seen, taught.best) if len(seen.problem.models) > 1 else None
        ),
        "text_majority": lambda seen, taught: selectors.text_majority(seen),
        "examples_random": lambda seen, taught: selectors.examples_random(seen),
        "examples_best": lambda seen, taught: (
            selectors.examples_best(seen, taught.overall) if len(seen.problem.models) > 1 else None
        ),
        "codet": lambda seen, taught: selectors.codet(seen),
        "unweighted": lambda seen, taught: selectors.consensus(seen, None).weights,
        "oracle": lambda seen, taught: selectors.oracle(seen),
        "with_questions": lambda seen, taught: _asked(seen, taught, questions) if questions else None,
    }


def _points(found: Sequence[Weights | None], problems: Sequence[Observed]) -> list[float] | None:
    """Score each problem; where a selector says nothing it guesses, and one that never speaks has no score."""
    if all(weights is None for weights in found):
        return None
    return [
        accuracy(seen, selectors.mean(seen) if weights is None else weights)
        for weights, seen in zip(found, problems, strict=True)
    ]


def _mean(points: Sequence[float] | None) -> float | None:
    return None if not points else math.fsum(points) / len(points)


def _gain(ours: Sequence[float], theirs: Sequence[float] | None, seed: int) -> Interval | None:
    if not ours or theirs is None:
        return None
    return paired_bootstrap([mine - other for mine, other in zip(ours, theirs, strict=True)], seed=seed)


def _calibration(
    scored: Sequence[int], folds: Sequence[int], choices: Sequence[Choice], right: Sequence[float], count: int
) -> Calibration:
    """Learn probabilities and the threshold on the other folds of each problem; what cannot be rated is left out."""
    truths = dict(zip(scored, right, strict=True))
    rated = {index: found.figures for index in scored if (found := choices[index].sureness) is not None}
    said: dict[int, float] = {}
    taken: list[float] = []
    for fold in range(count):
        train = [index for index in rated if folds[index] != fold]
        known = [truths[index] for index in train]
        learned = Calibrator([rated[index] for index in train], known)
        limit = threshold([learned.probability(rated[index]) for index in train], known)
        for index in rated:
            if folds[index] == fold:
                said[index] = learned.probability(rated[index])
                taken += [truths[index]] if said[index] >= limit else []
    bins = reliability([said[index] for index in rated], [truths[index] for index in rated])
    coverage = len(taken) / len(scored) if scored else 0.0
    return Calibration(calibration_error(bins), coverage, wilson(math.fsum(taken), len(taken)), bins)
