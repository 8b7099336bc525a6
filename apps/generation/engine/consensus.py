"""
Choose among candidates by what they do, never by a majority of texts.

The order of evidence: the person's examples; then behaviour on all inputs, where each cluster of candidates that
nobody could tell apart gets a weighted vote; then the prior. The parts come from MBR-exec (Shi et al., EMNLP 2022:
agreement of executed outputs), CodeT (Chen et al., ICLR 2023: agreement with generated tests) and AlphaCode (Li et
al., Science 2022: clusters of equal behaviour).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from apps.generation.engine.inputs import CallInput, input_key
from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcome_meets, outcomes_agree
from apps.generation.engine.shrinking import smallest_difference
from apps.generation.engine.support import Behaviour, Support, WrittenTest, is_usable, supports
from apps.generation.engine.sureness import Sureness, log_odds, log_odds_of
from apps.generation.engine.votes import NO_KINSHIP, Kinship, digest_votes

NOTHING_COMPARED = "No behaviour could be compared."
NOBODY_RUNS = "No candidate shows a usable behaviour on any input, so agreeing says nothing."
NO_RIVAL = "It is the only candidate, so there was nothing to agree with."

_NONE = Support(0.0, 1.0)


class InputOrigin(StrEnum):
    """Who wrote an input; a person's example outranks everything else."""

    EXAMPLE = "example"
    GENERATED_TEST = "generated_test"
    FUZZ = "fuzz"


class Standing(StrEnum):
    """What the candidates' agreement amounts to; only where behaviour was compared can it be rated."""

    NOBODY = "nobody"
    SINGLE = "single"
    NOT_COMPARED = "not_compared"
    FAILED = "failed"
    AGREED = "agreed"
    DIVIDED = "divided"

    @property
    def label(self) -> str:
        """The standing as people read it."""
        return {
            Standing.NOBODY: "no candidate",
            Standing.SINGLE: "one candidate",
            Standing.NOT_COMPARED: "no behaviour compared",
            Standing.FAILED: "no candidate works",
            Standing.AGREED: "all behave alike",
            Standing.DIVIDED: "behaviour differs",
        }[self]


@dataclass(frozen=True, slots=True)
class PoolInput:
    """
    An input that every candidate was run on.

    ``weight`` is how far an expectation that a model wrote is trusted, or what a fuzzed input has to say beside others;
    ``author`` is that model.
    """

    call: CallInput
    origin: InputOrigin
    expected: Expected | None = None
    weight: float = 1.0
    author: str = ""


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """
    A candidate in the pool.

    ``outcomes`` has one outcome for each input, in the same order. ``prior`` (0..1) is the quality expected before
    anything ran; ``weight`` (> 0) is how much its author's vote counts; ``trust`` (0..1) is the share of right answers
    that is expected of its author.
    """

    id: str
    model_id: str
    normalised_digest: str
    outcomes: tuple[Outcome, ...]
    prior: float = 0.5
    weight: float = 1.0
    trust: float = 0.5


@dataclass(frozen=True, slots=True)
class Cluster:
    """
    Candidates that nobody could tell apart on the inputs.

    Clusters are labelled "1", "2"... in the order of preference; ``share`` (0..1) is their part of the weighted vote.
    """

    label: str
    members: tuple[str, ...]
    share: float
    examples_passed: int
    examples_total: int


@dataclass(frozen=True, slots=True)
class ClusterOutput:
    """What one cluster did on the distinguishing input."""

    label: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Distinguishing:
    """The smallest observed input on which the two leading clusters differ, with what each cluster did."""

    input: PoolInput
    index: int
    outputs: tuple[ClusterOutput, ...]


@dataclass(frozen=True, slots=True)
class Consensus:
    """
    The choice and why.

    ``selected`` is None only for an empty pool. ``sureness`` is what its probability of being right is estimated from,
    None where nobody could agree: with fewer than two candidates, no behaviour to compare, or none that works on any
    input; ``standing`` says which.
    ``selectors`` maps the name of each selector to its choice: "consensus", "unweighted", "baseline", "text_majority".
    ``tied`` are the labels of the clusters that only their ids put in order before all others.
    """

    selected: str | None
    sureness: Sureness | None
    standing: Standing
    clusters: tuple[Cluster, ...]
    distinguishing: Distinguishing | None
    unweighted_selected: str | None
    baseline_selected: str | None
    reasons: tuple[str, ...]
    selectors: Mapping[str, str | None] = field(default_factory=dict)
    tied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """A cluster while it is being ranked."""

    members: tuple[PoolEntry, ...]
    passed: int
    vote: float
    support: Support
    prior: float

    @property
    def chosen(self) -> PoolEntry:
        return min(self.members, key=lambda e: (-e.prior, e.id))

    def rank(self, *, has_examples: bool) -> tuple[float, ...]:
        """Return what comes first by being smaller; only the id decides between equals."""
        return -self.passed, *(-part for part in self.support.strength(has_examples=has_examples)), -self.prior


def decide_consensus(
    candidates: Sequence[PoolEntry], inputs: Sequence[PoolInput], *, kinship: Kinship = NO_KINSHIP
) -> Consensus:
    """
    Choose one candidate; deterministic, and the same whatever the order of *candidates*.

    *kinship* says which models are known to make the same mistakes; it takes from their joint vote.

    No candidate that passes fewer of the person's examples than another is ever selected. Among those that pass the
    most, the cluster with the most support wins (see ``support.py``), then the higher prior, then the smaller id.
    Costs one comparison of outcomes for each pair of distinct behaviours and input.

    :raises ValueError: two candidates share an id, or one has not an outcome for each input.
    """
    pool = sorted(candidates, key=lambda entry: entry.id)
    if len({entry.id for entry in pool}) != len(pool):
        raise ValueError("Two candidates share an id.")
    if any(len(entry.outcomes) != len(inputs) for entry in pool):
        raise ValueError("Each candidate needs one outcome for each input.")
    if not pool:
        nobody = _selectors(None, None, None, None)
        return Consensus(None, None, Standing.NOBODY, (), None, None, None, ("There is no candidate.",), nobody)
    alone = Standing.SINGLE if len(pool) == 1 else None
    baseline = min(pool, key=lambda e: (-_examples_met(e.outcomes, inputs), -e.trust, -e.prior, e.id)).id
    majority = _text_majority(pool)
    if not any(outcome.is_comparable for entry in pool for outcome in entry.outcomes):
        selected = min(pool, key=lambda e: (-e.prior, e.id)).id
        selectors = _selectors(selected, selected, baseline, majority)
        standing = alone or Standing.NOT_COMPARED
        return Consensus(selected, None, standing, (), None, selected, baseline, (NOTHING_COMPARED,), selectors)
    groups = _ranked(pool, inputs, lambda entry: entry.weight, kinship)
    even = [replace(one, weight=1.0) if one.origin is InputOrigin.GENERATED_TEST else one for one in inputs]
    unweighted = _ranked(pool, even, lambda entry: 1.0, NO_KINSHIP)[0].chosen.id
    clusters = _clusters(groups, inputs)
    selected = groups[0].chosen.id
    standing = alone or (Standing.AGREED if len(groups) == 1 else Standing.DIVIDED)
    if not any(shows_behaviour(entry.outcomes, inputs) for entry in pool):
        standing = Standing.FAILED
    return Consensus(
        selected,
        _sureness(groups, pool, inputs) if standing in (Standing.AGREED, Standing.DIVIDED) else None,
        standing,
        clusters,
        _distinguishing(groups, inputs),
        unweighted,
        baseline,
        _reasons(groups, clusters, inputs),
        _selectors(selected, unweighted, baseline, majority),
        _tied(groups, clusters, has_examples=_examples(inputs) > 0),
    )


def _tied(groups: Sequence[_Group], clusters: Sequence[Cluster], *, has_examples: bool) -> tuple[str, ...]:
    ranks = [group.rank(has_examples=has_examples) for group in groups]
    return tuple(cluster.label for cluster, rank in zip(clusters, ranks, strict=True) if rank == ranks[0])


def _selectors(
    selected: str | None, unweighted: str | None, baseline: str | None, majority: str | None
) -> dict[str, str | None]:
    return {"consensus": selected, "unweighted": unweighted, "baseline": baseline, "text_majority": majority}


def _text_majority(pool: Sequence[PoolEntry]) -> str:
    by_digest: dict[str, list[PoolEntry]] = defaultdict(list)
    for entry in pool:
        by_digest[entry.normalised_digest].append(entry)
    largest = min(by_digest.values(), key=lambda es: (-len(es), -max(e.prior for e in es), min(e.id for e in es)))
    return min(largest, key=lambda e: (-e.prior, e.id)).id


def shows_behaviour(outcomes: Sequence[Outcome], inputs: Sequence[PoolInput]) -> bool:
    """Tell whether a candidate does on any input what somebody may mean, if only what an example asks for."""
    return any(is_usable(outcome) for outcome in outcomes) or _examples_met(outcomes, inputs) > 0


def _examples_met(outcomes: Sequence[Outcome], inputs: Sequence[PoolInput]) -> int:
    return sum(
        1
        for outcome, item in zip(outcomes, inputs, strict=True)
        if item.origin is InputOrigin.EXAMPLE and item.expected is not None and outcome_meets(outcome, item.expected)
    )


def cluster_by_behaviour(pool: Sequence[PoolEntry], inputs: Sequence[PoolInput]) -> list[tuple[PoolEntry, ...]]:
    """
    Group candidates whose outcomes agree on every input and that pass the same number of the person's examples.

    Agreement within a tolerance is not transitive, so groups are connected components: that makes them independent of
    the order of the pool. Groups and members come in the order of the smallest id.
    """
    exact: dict[tuple[int, str], list[PoolEntry]] = defaultdict(list)
    for entry in pool:
        exact[_examples_met(entry.outcomes, inputs), repr(entry.outcomes)].append(entry)
    components: list[list[tuple[int, list[PoolEntry]]]] = []
    for (passed, _), members in exact.items():
        joined = [c for c in components if any(p == passed and _same(o[0], members[0]) for p, o in c)]
        merged = [(passed, members), *(item for component in joined for item in component)]
        components = [c for c in components if c not in joined] + [merged]
    groups = [tuple(sorted((e for _, es in c for e in es), key=lambda e: e.id)) for c in components]
    return sorted(groups, key=lambda group: group[0].id)


def _same(left: PoolEntry, right: PoolEntry) -> bool:
    return all(outcomes_agree(a, b) for a, b in zip(left.outcomes, right.outcomes, strict=True))


def _ranked(
    pool: Sequence[PoolEntry], inputs: Sequence[PoolInput], weight_of: Callable[[PoolEntry], float], kinship: Kinship
) -> list[_Group]:
    """Return the clusters, the preferred one first."""
    members = cluster_by_behaviour(pool, inputs)
    groups = [
        _Group(
            group,
            _examples_met(group[0].outcomes, inputs),
            _vote(group, weight_of, kinship),
            _NONE,
            max(e.prior for e in group),
        )
        for group in members
    ]
    most = max(group.passed for group in groups)
    running = [group for group in groups if group.passed == most]
    others = [group for group in groups if group.passed < most]
    found = [*_supported(running, inputs), *_supported(others, inputs)]
    has_examples = _examples(inputs) > 0
    return sorted(found, key=lambda group: (group.rank(has_examples=has_examples), group.chosen.id))


def _supported(groups: Sequence[_Group], inputs: Sequence[PoolInput]) -> list[_Group]:
    """Return the clusters with the support that they give each other."""
    behaviours = [Behaviour(group.members[0].outcomes, group.vote) for group in groups]
    tests = [
        WrittenTest(index, item.expected, item.weight)
        for index, item in enumerate(inputs)
        if item.origin is InputOrigin.GENERATED_TEST and item.expected is not None
    ]
    found = supports(behaviours, _says(inputs), tests)
    return [replace(group, support=support) for group, support in zip(groups, found, strict=True)]


def _says(inputs: Sequence[PoolInput]) -> list[float]:
    """Give each different input one say, a fuzzed one its own, however many tests expect something of it."""
    seen: set[str] = set()
    says = []
    for item in inputs:
        key = input_key(item.call)
        own = item.weight if item.origin is InputOrigin.FUZZ else 1.0
        says.append(0.0 if key in seen else own)
        seen.add(key)
    return says


def _vote(group: Sequence[PoolEntry], weight_of: Callable[[PoolEntry], float], kinship: Kinship) -> float:
    """Programs that were never run have no behaviour in common, so they have no vote."""
    if all(outcome.kind is OutcomeKind.NOT_RUN for outcome in group[0].outcomes):
        return 0.0
    weights = kinship.discounted([(entry.model_id, weight_of(entry)) for entry in group])
    return digest_votes([(entry.normalised_digest, weight) for entry, weight in zip(group, weights, strict=True)])


def _examples(inputs: Sequence[PoolInput]) -> int:
    return sum(1 for item in inputs if item.origin is InputOrigin.EXAMPLE and item.expected is not None)


def _clusters(groups: Sequence[_Group], inputs: Sequence[PoolInput]) -> tuple[Cluster, ...]:
    total = sum(group.vote for group in groups) or 1.0
    return tuple(
        Cluster(str(n), tuple(e.id for e in group.members), group.vote / total, group.passed, _examples(inputs))
        for n, group in enumerate(groups, 1)
    )


def _sureness(groups: Sequence[_Group], pool: Sequence[PoolEntry], inputs: Sequence[PoolInput]) -> Sureness:
    """Return what stands behind the first group; an average candidate has one vote."""
    winner = groups[0]
    unit = math.fsum(entry.weight for entry in pool) / len(pool)
    everybody = math.fsum(group.vote for group in groups) / unit
    passing = math.fsum(group.vote for group in groups if group.passed == winner.passed) / unit
    return Sureness(
        rivals=log_odds(winner.vote / unit, passing),
        passing=log_odds(passing, everybody),
        agreement=winner.support.agreement,
        examples=math.log1p(winner.passed),
        failed=float(winner.passed < _examples(inputs)),
        tests=winner.support.tests,
        trust=log_odds_of(max(entry.trust for entry in winner.members)),
    )


def _distinguishing(groups: Sequence[_Group], inputs: Sequence[PoolInput]) -> Distinguishing | None:
    if len(groups) < 2:
        return None
    first, second = (group.members[0].outcomes for group in groups[:2])
    index = smallest_difference([one.call for one in inputs], first, second)
    if index is None:
        return None
    outputs = tuple(ClusterOutput(str(n), g.members[0].outcomes[index]) for n, g in enumerate(groups, 1))
    return Distinguishing(inputs[index], index, outputs)


def _reasons(groups: Sequence[_Group], clusters: Sequence[Cluster], inputs: Sequence[PoolInput]) -> tuple[str, ...]:
    winner, cluster = groups[0], clusters[0]
    reasons = []
    if not any(shows_behaviour(group.members[0].outcomes, inputs) for group in groups):
        return (NOBODY_RUNS,)
    if cluster.examples_total:
        reasons.append(f"It passes {cluster.examples_passed} of {cluster.examples_total} examples.")
        worse = sum(len(group.members) for group in groups if group.passed < winner.passed)
        if worse:
            noun = "candidate passes" if worse == 1 else "candidates pass"
            reasons.append(f"{worse} {noun} fewer, whatever their number.")
    else:
        reasons.append("There are no examples to judge by.")
    count = len(winner.members)
    if count == 1 and len(groups) == 1:
        reasons.append(NO_RIVAL)
    else:
        who = "One candidate behaves" if count == 1 else f"{count} candidates behave"
        reasons.append(f"{who} like this on all {len(inputs)} inputs, with {cluster.share:.0%} of the weighted vote.")
    others = sum(group.passed == winner.passed for group in groups) - 1
    if others and cluster.examples_total:
        subject = "1 other behaviour passes" if others == 1 else f"{others} other behaviours pass"
        reasons.append(f"{subject} as many examples.")
    if not shows_behaviour(winner.members[0].outcomes, inputs):
        reasons.append("Even the best candidate shows no usable behaviour.")
    return tuple(reasons)
