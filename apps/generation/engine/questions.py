"""
The one question whose answer decides most: what must the code do on this input?

The candidates that are left, by their weight, are least of one mind on it (TiCoder, Lahiri et al., 2022). An answer
that nobody had in mind decides by accident, so inputs of the kinds that somebody wrote come first, and one counts the
less, the fewer candidates return a value there and the more is new about it. Among inputs that decide the same, the
smallest is asked, for a person has to work it out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.domain import Domain
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import Outcome, OutcomeKind, outcome_meets, outcomes_agree
from apps.generation.engine.votes import digest_votes

FUZZED = 0.7  # what a fuzzed input counts beside one that a model thought of
NEWS = 0.6  # the same for each thing that is new about an input


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing that candidates do on an input: which of them, and their part (0..1) of the weight."""

    outcome: Outcome
    members: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Question:
    """An input, by its position, and what the candidates that are left do on it, the weightiest first."""

    index: int
    replies: tuple[Reply, ...]


def best_question(
    pool: Sequence[PoolEntry], inputs: Sequence[PoolInput], *, settled: Collection[int] = ()
) -> Question | None:
    """
    Return the question to ask next, None once all that pass the most examples are of one mind.

    *settled* are the positions that nobody is to be asked about again. An input on which nothing comparable happened is
    no question. The result does not depend on the order of *pool*.
    """
    left = _left(pool, inputs)
    domain = Domain(item.call for item in inputs if item.origin is not InputOrigin.FUZZ)
    found = []
    for index, item in enumerate(inputs):
        if index in settled or item.origin is InputOrigin.EXAMPLE:
            continue
        replies = _replies(left, index)
        if len(replies) > 1 and any(reply.outcome.is_comparable for reply in replies):
            key, news = input_key(item.call), domain.news(item.call)
            decides = (1 - replies[0].share) * _relevance(item, replies, news)
            found.append((news > 0, -round(decides, 6), len(key), key, Question(index, replies)))
    return min(found, key=lambda one: one[:4])[4] if found else None


def _relevance(item: PoolInput, replies: Sequence[Reply], news: int) -> float:
    """Return how far somebody may have had an input in mind, from 0 to 1."""
    valued = sum(reply.share for reply in replies if reply.outcome.kind is OutcomeKind.VALUE)
    fuzzed = FUZZED if item.origin is InputOrigin.FUZZ else 1.0
    return valued * fuzzed * NEWS**news


def _left(pool: Sequence[PoolEntry], inputs: Sequence[PoolInput]) -> list[PoolEntry]:
    """Return the candidates that pass as many of the person's examples as any, in the order of their ids."""

    def passed(entry: PoolEntry) -> int:
        return sum(
            item.origin is InputOrigin.EXAMPLE and item.expected is not None and outcome_meets(outcome, item.expected)
            for outcome, item in zip(entry.outcomes, inputs, strict=True)
        )

    counts = {entry.id: passed(entry) for entry in pool}
    most = max(counts.values(), default=0)
    return sorted((entry for entry in pool if counts[entry.id] == most), key=lambda entry: entry.id)


def _replies(pool: Sequence[PoolEntry], index: int) -> tuple[Reply, ...]:
    kinds: list[tuple[Outcome, list[PoolEntry]]] = []
    for entry in pool:
        outcome = entry.outcomes[index]
        members = next((members for kind, members in kinds if outcomes_agree(kind, outcome)), None)
        if members is None:
            kinds.append((outcome, [entry]))
        else:
            members.append(entry)
    votes = [digest_votes([(one.normalised_digest, one.weight) for one in members]) for _, members in kinds]
    total = sum(votes) or 1.0
    replies = [
        Reply(outcome, tuple(one.id for one in members), vote / total)
        for (outcome, members), vote in zip(kinds, votes, strict=True)
    ]
    return tuple(sorted(replies, key=lambda reply: (-reply.share, reply.members)))
