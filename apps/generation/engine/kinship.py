"""Which models make the same mistakes, learned from answers whose truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from apps.generation.engine.votes import Kinship

# Two models are taken to be as close as any two until this many mistakes of theirs say otherwise.
SHRINKAGE = 10.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model's answer to a task did, equal for answers that did the same, and whether it is right."""

    model: str
    behaviour: str
    is_right: bool


def kinship_learned(tasks: Iterable[Sequence[Answered]]) -> Kinship:
    """
    Return, for each two models, how often one does the same where the other is wrong, beyond what any two do.

    The excess is a share of what is left of 1, as in Cohen's kappa (1960), and never negative.
    """
    shared: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for answers in tasks:
        for one, other in combinations(answers, 2):
            if one.model == other.model:
                continue
            pair = (min(one.model, other.model), max(one.model, other.model))
            wrong[pair] += (not one.is_right) + (not other.is_right)
            shared[pair] += 2 * (one.behaviour == other.behaviour and not one.is_right and not other.is_right)
    usual = shared.total() / max(wrong.total(), 1)
    return Kinship(
        {pair: _excess((shared[pair] + SHRINKAGE * usual) / (wrong[pair] + SHRINKAGE), usual) for pair in wrong}
    )


def _excess(share: float, usual: float) -> float:
    return max(0.0, (share - usual) / (1 - usual)) if usual < 1 else 0.0
