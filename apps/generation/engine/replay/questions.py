"""Asks a person what the code must return on the input that tells most: the reference answers in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcomes_agree
from apps.generation.engine.replay.selectors import Choice, Observed, consensus, entries

FUZZ_PENALTY = 0.1  # of the weight: so much more must a fuzzed input divide


def with_questions(seen: Observed, expertise: Mapping[str, float] | None, *, questions: int) -> Choice:
    """
    Return the consensus after at most so many answers; each becomes an example, as a person's answer does.

    The question is the input on which the samples that are left, by their weight, are least of one mind (as TiCoder
    asks, Lahiri et al., 2022). A question needs a value for its answer, and one from a written test comes before a
    fuzzed one, which nobody may have had in mind. Nothing is asked once all agree.
    """
    asked = seen
    for _ in range(questions):
        index = _question(asked, entries(asked, expertise))
        if index is None or asked.reference is None:
            break
        asked = _answered(asked, index, asked.reference[index])
    return consensus(asked, expertise)


def _question(seen: Observed, pool: list[PoolEntry]) -> int | None:
    passed = [seen.passed(index) for index in range(len(pool))]
    left = [index for index, count in enumerate(passed) if count == max(passed)]
    if seen.reference is None:
        return None
    answerable = [index for index, answer in enumerate(seen.reference) if answer.kind is OutcomeKind.VALUE]
    found = [(_largest_share(seen, pool, left, index), index) for index in answerable]
    open_ = [(share + _doubt(seen.inputs[index]), index) for share, index in found if share < 1]
    return min(open_)[1] if open_ else None


def _doubt(item: PoolInput) -> float:
    return FUZZ_PENALTY if item.origin is InputOrigin.FUZZ else 0.0


def _largest_share(seen: Observed, pool: list[PoolEntry], left: list[int], index: int) -> float:
    """Return the largest part of the weight that does the same on an input."""
    kinds: list[tuple[Outcome, float]] = []
    for entry in left:
        outcome, weight = seen.outcomes[entry][index], pool[entry].weight
        place = next((at for at, (kind, _) in enumerate(kinds) if outcomes_agree(kind, outcome)), None)
        if place is None:
            kinds.append((outcome, weight))
        else:
            kinds[place] = (kinds[place][0], kinds[place][1] + weight)
    return max(weight for _, weight in kinds) / sum(weight for _, weight in kinds)


def _answered(seen: Observed, index: int, answer: Outcome) -> Observed:
    """Return the problem with the answer as one more example, which stands first as examples do."""
    raises = answer.error if answer.kind is OutcomeKind.ERROR else None
    example = PoolInput(seen.inputs[index].call, InputOrigin.EXAMPLE, Expected(answer.value, raises))
    return replace(
        seen,
        problem=replace(seen.problem, examples=(example, *seen.problem.examples)),
        inputs=(example, *seen.inputs),
        outcomes=tuple((outcomes[index], *outcomes) for outcomes in seen.outcomes),
        reference=None if seen.reference is None else (answer, *seen.reference),
    )
