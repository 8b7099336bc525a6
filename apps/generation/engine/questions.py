"""
The one question whose answer decides most: what must the code do on this input?

The candidates that are left, by their weight, are least of one mind on it (TiCoder, Lahiri et al., 2022). Among inputs
that decide the same, the smallest is asked, for a person has to work it out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import Outcome, outcome_meets, outcomes_agree
from apps.generation.engine.votes import digest_votes

FUZZ_PENALTY = 0.1  # of the weight: nobody may have had a fuzzed input in mind, so it must divide so much more


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
    found = []
    for index, item in enumerate(inputs):
        if index in settled or item.origin is InputOrigin.EXAMPLE:
            continue
        replies = _replies(left, index)
        if len(replies) > 1 and any(reply.outcome.is_comparable for reply in replies):
            doubt = FUZZ_PENALTY if item.origin is InputOrigin.FUZZ else 0.0
            key = input_key(item.call)
            found.append((round(replies[0].share + doubt, 6), len(key), key, Question(index, replies)))
    return min(found, key=lambda one: one[:3])[3] if found else None


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
