"""
Fits on recorded answers what the evidence behind a choice is worth, for pools of any size.

Of each problem's answers pools are drawn at random, as small as people have them, with fewer examples or none, and some
with answers of a person. In half of them every model counts the same, as where nothing has been learned yet, in the
others by what other problems taught. What a place that nobody knows may be like is measured by leaving each source out
in turn: the others say what its choices are worth, its own truth says how far off they are.
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
from apps.generation.engine.replay.learning import taught_by
from apps.generation.engine.replay.questions import asked_about
from apps.generation.engine.replay.selectors import Observed, accuracy, decided, entries, is_example
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

    ``known`` learns on other problems of all sources, ``unknown`` on the other sources alone, and ``stranger`` too, but
    it is not told how good the models are.
    """

    source: str
    choices: int
    known: float
    known_small: float
    unknown: float
    unknown_small: float
    stranger: float
    stranger_small: float


def drawn(source: str, problems: Sequence[Observed], *, draws: int, seed: int) -> list[Drawn]:
    """Return up to *draws* pools of each scored problem whose choice can be rated, the same ones for the same seed."""
    random = Random(f"{seed} {source}")  # noqa: S311 - sampling, no secret
    scored = [seen for seen in problems if not seen.problem.excluded]
    parts = [fold_of(seen.problem.id, FOLDS) for seen in scored]
    found = []
    for fold in range(FOLDS):
        taught = taught_by([seen for seen, part in zip(scored, parts, strict=True) if part != fold])
        for seen in (seen for seen, part in zip(scored, parts, strict=True) if part == fold):
            pools = (_drawn(source, taught.trusting(seen), taught.expertise(seen), random) for _ in range(draws))
            found += [one for one in pools if one is not None]
    return found


def _drawn(source: str, seen: Observed, expertise: dict[str, float], random: Random) -> Drawn | None:
    count = len(seen.problem.samples)
    size = min(random.choice(SIZES), count)
    part = _with_some_examples(_part(seen, sorted(random.sample(range(count), size))), random)
    is_weighted = random.random() < 0.5
    part = asked_about(part, expertise if is_weighted else None, questions=random.choice(ANSWERS))
    known = entries(part, expertise)
    pool = known if is_weighted else [replace(one, prior=0.5, weight=1.0) for one in known]
    choice = decided(pool, part.inputs)
    if choice.sureness is None:
        return None
    return Drawn(source, seen.problem.id, size, choice.sureness, accuracy(part, choice.weights))


def _with_some_examples(seen: Observed, random: Random) -> Observed:
    """Return the problem as it is, or as somebody would write it who gives fewer examples."""
    examples = [at for at, item in enumerate(seen.inputs) if is_example(item)]
    if random.random() < 0.5:
        return seen
    left_out = set(random.sample(examples, random.randint(0, len(examples))))
    kept = [at for at in range(len(seen.inputs)) if at not in left_out]
    return replace(
        seen,
        inputs=tuple(seen.inputs[at] for at in kept),
        outcomes=tuple(tuple(own[at] for at in kept) for own in seen.outcomes),
        reference=None if seen.reference is None else tuple(seen.reference[at] for at in kept),
    )


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
    known = _said(pools, pools, lambda one: str(fold_of(one.problem, FOLDS)))
    unknown = _said(pools, pools, lambda one: one.source)
    stranger = _said(pools, [_untold(one) for one in pools], lambda one: one.source)
    found = []
    for source in sorted({one.source for one in pools}):
        own = [at for at, one in enumerate(pools) if one.source == source]
        small = [at for at in own if pools[at].size <= SMALL]
        off = [_off(pools, said, part) for said in (known, unknown, stranger) for part in (own, small)]
        found.append(Error(source, len(own), *off))
    return found


def _untold(one: Drawn) -> Drawn:
    """Return the pool as it is where nothing is known of its models."""
    return replace(one, sureness=replace(one.sureness, trust=0.0))


def _off(pools: Sequence[Drawn], said: Sequence[float], part: Sequence[int]) -> float:
    return calibration_error(reliability([said[at] for at in part], [pools[at].right for at in part]))


def _said(pools: Sequence[Drawn], asked: Sequence[Drawn], part_of: Callable[[Drawn], str]) -> list[float]:
    """Return the probability of each pool that is *asked* about, by what all parts of *pools* but its own teach."""
    taught: dict[str, tuple[float, dict[str, float]]] = {}
    for part in sorted({part_of(one) for one in pools}):
        taught[part] = _coefficients([one for one in pools if part_of(one) != part])
    return [probability(_logit(one.sureness, *taught[part_of(one)])) for one in asked]


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
    """Return *a* with *b* at 1, and *b*, of one source as the others see it who know nothing of its models."""
    taught = _coefficients([one for one in pools if one.source != source])
    own = [_untold(one) for one in pools if one.source == source]
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
    said = _said(pools, pools, lambda one: str(fold_of(one.problem, FOLDS)))
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for p, one in zip(said, pools, strict=True):
        found[one.size].append((p, one.right))
    return {
        size: (len(pairs), calibration_error(reliability([p for p, _ in pairs], [y for _, y in pairs])))
        for size, pairs in sorted(found.items())
    }
