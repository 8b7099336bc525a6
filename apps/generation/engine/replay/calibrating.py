"""
Fits on recorded answers what the evidence behind a choice is worth, for pools of any size.

Of each problem's answers pools are drawn at random, as small as people have them, some with answers of a person; every
model counts the same in them, as where nothing has been learned yet. What a place that nobody knows may be like is
measured by leaving each source out in turn: the others say what its choices are worth, its own truth says how far off.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from apps.generation.engine.calibration import Public
from apps.generation.engine.logistic import fit, probability
from apps.generation.engine.replay.evaluation import fold_of
from apps.generation.engine.replay.questions import asked_about
from apps.generation.engine.replay.selectors import Observed, accuracy, consensus
from apps.generation.engine.replay.statistics import calibration_error, reliability
from apps.generation.engine.sureness import NAMES, Sureness

SIZES = (2, 2, 3, 3, 4, 5, 6, 8, 10, 13, 17)
ANSWERS = (0, 0, 0, 1, 2, 3)
SMALL = 6
FOLDS = 5
_WEAK = 0.01  # precision of a coefficient about which nothing is known
_LEAST_PLACE, _LEAST_SLOPE = 0.3, 0.1  # a handful of sources cannot show that places are all alike


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pool that was drawn from the answers to a problem of a source: what stood behind its choice, and its truth."""

    source: str
    problem: str
    size: int
    sureness: Sureness
    right: float


@dataclass(frozen=True, slots=True)
class Error:
    """
    How far probabilities were off (expected calibration error), by source: for pools of all sizes and small ones.

    ``known`` learns on other problems of all sources, ``unknown`` on the other sources alone.
    """

    source: str
    choices: int
    known: float
    known_small: float
    unknown: float
    unknown_small: float


def drawn(source: str, problems: Sequence[Observed], *, draws: int, seed: int) -> list[Drawn]:
    """Return up to *draws* pools of each scored problem whose choice can be rated, the same ones for the same seed."""
    random = Random(f"{seed} {source}")  # noqa: S311 - sampling, no secret
    found = []
    for seen in problems:
        if seen.problem.excluded:
            continue
        count = len(seen.problem.samples)
        for _ in range(draws):
            size = min(random.choice(SIZES), count)
            pool = _part(seen, sorted(random.sample(range(count), size)))
            choice = consensus(asked_about(pool, None, questions=random.choice(ANSWERS)), None)
            if choice.sureness is not None:
                right = accuracy(pool, choice.weights)
                found.append(Drawn(source, seen.problem.id, size, choice.sureness, right))
    return found


def _part(seen: Observed, chosen: Sequence[int]) -> Observed:
    samples = tuple(seen.problem.samples[index] for index in chosen)
    return replace(
        seen, problem=replace(seen.problem, samples=samples), outcomes=tuple(seen.outcomes[index] for index in chosen)
    )


def public_fitted(pools: Sequence[Drawn], *, fitted: str) -> Public:
    """Return what *pools* teach; each source counts the same. *fitted* is the day."""
    constant, slopes = _coefficients(pools)
    sources = tuple(sorted({one.source for one in pools}))
    places = [_place(pools, source) for source in sources] if len(sources) > 1 else []
    return Public(
        constant=round(constant, 3),
        slopes={name: round(value, 3) for name, value in slopes.items()},
        place_sd=round(max(_LEAST_PLACE, _root_mean_square([shift for shift, _ in places])), 3),
        slope_sd=round(max(_LEAST_SLOPE, _root_mean_square([slope - 1 for _, slope in places])), 3),
        problems=len({(one.source, one.problem) for one in pools}),
        choices=len(pools),
        fitted=fitted,
        sources=sources,
    )


def errors(pools: Sequence[Drawn]) -> list[Error]:
    """Return the calibration error of what is fitted on other problems and on other sources."""
    known = _said(pools, lambda one: str(fold_of(one.problem, FOLDS)))
    unknown = _said(pools, lambda one: one.source)
    return [_error(source, pools, known, unknown) for source in sorted({one.source for one in pools})]


def _error(source: str, pools: Sequence[Drawn], known: Sequence[float], unknown: Sequence[float]) -> Error:
    def off(said: Sequence[float], most: int) -> float:
        own = [(p, one.right) for p, one in zip(said, pools, strict=True) if one.source == source and one.size <= most]
        return calibration_error(reliability([p for p, _ in own], [truth for _, truth in own]))

    count = sum(one.source == source for one in pools)
    everything = max(SIZES)
    return Error(
        source, count, off(known, everything), off(known, SMALL), off(unknown, everything), off(unknown, SMALL)
    )


def _said(pools: Sequence[Drawn], part_of: Callable[[Drawn], str]) -> list[float]:
    """Return each pool's probability by what all parts but its own teach."""
    taught: dict[str, tuple[float, dict[str, float]]] = {}
    for part in sorted({part_of(one) for one in pools}):
        taught[part] = _coefficients([one for one in pools if part_of(one) != part])
    return [probability(_logit(one.sureness, *taught[part_of(one)])) for one in pools]


def _coefficients(pools: Sequence[Drawn]) -> tuple[float, dict[str, float]]:
    counts = Counter(one.source for one in pools)
    found = fit(
        [(1.0, *one.sureness.figures) for one in pools],
        [one.right for one in pools],
        weights=[len(pools) / len(counts) / counts[one.source] for one in pools],
        means=[0.0] * (len(NAMES) + 1),
        precisions=[_WEAK] * (len(NAMES) + 1),
    ).mean
    return found[0], dict(zip(NAMES, found[1:], strict=True))


def _logit(sureness: Sureness, constant: float, slopes: dict[str, float]) -> float:
    return constant + math.fsum(slopes[name] * x for name, x in zip(NAMES, sureness.figures, strict=True))


def _place(pools: Sequence[Drawn], source: str) -> tuple[float, float]:
    """Return *a* with *b* at 1, and *b*, of one source as the others see it."""
    taught = _coefficients([one for one in pools if one.source != source])
    own = [one for one in pools if one.source == source]
    said = [_logit(one.sureness, *taught) for one in own]
    truths = [one.right for one in own]
    firm = 1e6  # so precise that it stays where it is
    shift = fit([(1.0, p) for p in said], truths, means=(0.0, 1.0), precisions=(_WEAK, firm)).mean[0]
    slope = fit([(1.0, p) for p in said], truths, means=(0.0, 1.0), precisions=(_WEAK, _WEAK)).mean[1]
    return shift, slope


def _root_mean_square(values: Sequence[float]) -> float:
    return math.sqrt(math.fsum(value**2 for value in values) / len(values)) if values else 0.0


def by_size(pools: Sequence[Drawn]) -> dict[int, tuple[int, float]]:
    """Return, by the size of the pool, how many were drawn and the calibration error on problems not learned from."""
    said = _said(pools, lambda one: str(fold_of(one.problem, FOLDS)))
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for p, one in zip(said, pools, strict=True):
        found[one.size].append((p, one.right))
    return {
        size: (len(pairs), calibration_error(reliability([p for p, _ in pairs], [y for _, y in pairs])))
        for size, pairs in sorted(found.items())
    }
