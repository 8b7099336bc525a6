"""
Ways to choose among the samples of one problem, each as a weight for every sample; ties share.

The peers are what others do: a majority of texts, the examples with a guess, the examples with the best model so far,
and CodeT's dual execution agreement (Chen et al., ICLR 2023).
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, decide_consensus
from apps.generation.engine.expertise import vote_of
from apps.generation.engine.families import Family
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import Outcome, OutcomeKind, outcome_meets
from apps.generation.engine.replay.records import Problem
from apps.generation.engine.sureness import Sureness
from apps.generation.engine.votes import NO_KINSHIP, Kinship

Weights = tuple[float, ...]


@dataclass(frozen=True)
class Observed:
    """
    A problem with the inputs it was run on, and what samples did.

    Its examples come first, then its tests, then fuzzed inputs; an answered question makes an example of any of them.
    ``family`` is that of the task.
    """

    problem: Problem
    inputs: tuple[PoolInput, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]
    reference: tuple[Outcome, ...] | None = None
    family: str = Family.OTHER

    @cached_property
    def behaviours(self) -> tuple[str, ...]:
        """A digest of what each sample did; those that did the same to the last digit share it."""
        return tuple(hashlib.sha256(repr(one).encode()).hexdigest() for one in self.outcomes)

    @property
    def executions(self) -> int:
        """How many different executions of samples this rests on."""
        keys = [input_key(item.call) for item in self.inputs]
        by_code = {s.code: outcomes for s, outcomes in zip(self.problem.samples, self.outcomes, strict=True)}
        return sum(
            len({key for key, one in zip(keys, outcomes, strict=True) if one.kind is not OutcomeKind.NOT_RUN})
            for outcomes in by_code.values()
        )

    def passed(self, sample: int) -> int:
        """Return how many of the person's examples a sample passes."""
        return sum(self._meets(sample, index) for index, item in enumerate(self.inputs) if is_example(item))

    def judged_met(self, sample: int) -> tuple[bool, ...]:
        """Return which of the examples and written tests a sample meets."""
        judged = len(self.problem.examples) + len(self.problem.tests)
        return tuple(self._meets(sample, index) for index in range(judged))

    def _meets(self, sample: int, index: int) -> bool:
        expected = self.inputs[index].expected
        return expected is not None and outcome_meets(self.outcomes[sample][index], expected)


def is_example(item: PoolInput) -> bool:
    """Tell whether a person said what the code must do on the input."""
    return item.origin is InputOrigin.EXAMPLE


def share(chosen: Sequence[int], count: int) -> Weights:
    """Return equal weights for the chosen samples, which add up to 1."""
    return tuple(1 / len(chosen) if index in set(chosen) else 0.0 for index in range(count))


def mean(seen: Observed) -> Weights:
    """Every sample."""
    count = len(seen.problem.samples)
    return share(range(count), count)


def single(seen: Observed, model: str) -> Weights:
    """The samples of one model."""
    samples = seen.problem.samples
    own = [index for index, sample in enumerate(samples) if sample.model == model]
    return share(own, len(samples)) if own else mean(seen)


def text_majority(seen: Observed) -> Weights:
    """The most frequent program, by its normalised syntax tree."""
    digests = [sample.digest for sample in seen.problem.samples]
    counts = Counter(digests)
    most = max(counts.values())
    return share([index for index, digest in enumerate(digests) if counts[digest] == most], len(digests))


def examples_random(seen: Observed) -> Weights:
    """Any of those that pass the most examples."""
    return share(_passing(seen), len(seen.problem.samples))


def examples_best(seen: Observed, expertise: Mapping[str, float]) -> Weights:
    """Of those that pass the most examples, the model that was right most often."""
    samples = seen.problem.samples
    passing = _passing(seen)
    best = max(expertise.get(samples[index].model, 0.0) for index in passing)
    return share([i for i in passing if expertise.get(samples[i].model, 0.0) == best], len(samples))


def _passing(seen: Observed) -> list[int]:
    passed = [seen.passed(index) for index in range(len(seen.problem.samples))]
    return [index for index, count in enumerate(passed) if count == max(passed)]


def codet(seen: Observed) -> Weights | None:
    """
    Samples that meet the same tests form a set; the root of its size times the tests it meets decides.

    Examples count as tests here, for CodeT knows no difference. None where no test was written.
    """
    if not seen.problem.tests:
        return None
    sets: dict[tuple[bool, ...], list[int]] = defaultdict(list)
    for index in range(len(seen.problem.samples)):
        sets[seen.judged_met(index)].append(index)
    scores = {met: math.sqrt(len(members)) * sum(met) for met, members in sets.items()}
    most = max(scores.values())
    chosen = [index for met, members in sets.items() if scores[met] == most for index in members]
    return share(chosen, len(seen.problem.samples))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the consensus chose, and what stands behind it; None where nobody could agree."""

    weights: Weights
    sureness: Sureness | None


def consensus(seen: Observed, expertise: Mapping[str, float] | None, kinship: Kinship = NO_KINSHIP) -> Choice:
    """Decide as a request does; without ``expertise`` every model counts the same."""
    return decided(entries(seen, expertise), seen.inputs, kinship)


def decided(pool: Sequence[PoolEntry], inputs: Sequence[PoolInput], kinship: Kinship = NO_KINSHIP) -> Choice:
    """Choose among *pool*, the entries of all samples in their order; clusters that tie share."""
    found = decide_consensus(pool, inputs, kinship=kinship)
    tied = [cluster.members for cluster in found.clusters if cluster.label in found.tied]
    members = {name for names in tied for name in names} or {entry.id for entry in pool}
    chosen = [entry for entry in pool if entry.id in members]
    best = max(entry.prior for entry in chosen)
    return Choice(share([int(entry.id) for entry in chosen if entry.prior == best], len(pool)), found.sureness)


def entries(seen: Observed, expertise: Mapping[str, float] | None) -> list[PoolEntry]:
    """
    Return the samples as a request's candidates, their ids in the order of the samples.

    See :func:`vote_of` for what a vote weighs.
    """
    return [
        PoolEntry(
            id=f"{index:04}",
            model_id=sample.model,
            normalised_digest=sample.digest,
            outcomes=seen.outcomes[index],
            prior=trusted,
            weight=vote_of(trusted),
            trust=trusted,
        )
        for index, sample in enumerate(seen.problem.samples)
        for trusted in [0.5 if expertise is None else expertise.get(sample.model, 0.5)]
    ]


def oracle(seen: Observed) -> Weights:
    """Those that are right, if any is."""
    samples = seen.problem.samples
    right = [index for index, sample in enumerate(samples) if sample.is_right]
    return share(right, len(samples)) if right else mean(seen)


def accuracy(seen: Observed, weights: Weights) -> float:
    """Return the share of the weight that is right, among samples somebody executed the hidden tests on."""
    pairs = [(w, sample.is_right) for w, sample in zip(weights, seen.problem.samples, strict=True)]
    known = sum(w for w, is_right in pairs if is_right is not None)
    return sum(w for w, is_right in pairs if is_right) / known if known else 0.0
