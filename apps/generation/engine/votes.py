"""Votes that copies cannot stuff, nor models that err alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

COPY_BONUS = 0.7


def digest_votes(entries: Iterable[tuple[str, float]]) -> float:
    """
    Return the vote of a cluster from (normalised digest, weight) of its members.

    Each distinct program votes once, with the weight of its weightiest author. Copies add less and less: n of them vote
    1 + 0.7 ln n times: the same program written twice is evidence, a hundred clones are hardly more than ten.
    """
    weights: dict[str, list[float]] = defaultdict(list)
    for digest, weight in entries:
        weights[digest].append(weight)
    return math.fsum(max(found) * (1 + COPY_BONUS * math.log(len(found))) for found in weights.values())


def entropy(shares: Iterable[float]) -> float:
    """Return how far a vote is spread, in bits (Shannon, 1948): 0 where one has all of it, 1 where two have half."""
    return math.fsum(-one * math.log2(one) for one in shares if one > 0)


@dataclass(frozen=True, slots=True)
class Kinship:
    """
    How far two models make the same mistakes, from 0 (as any two do) to 1, by their names in alphabetical order.

    Those whose mistakes are the same are not two witnesses.
    """

    degrees: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def discounted(self, members: Sequence[tuple[str, float]]) -> list[float]:
        """
        Return the weights of (model, weight) that agree, each divided by 1 and its kinship to the others.

        It is how related sequences are weighed in biology: n that err as one together weigh as one does. Samples of
        one model are no kin here, as the votes of copies are bounded already.
        """
        models = [model for model, _ in members]
        return [
            weight / (1 + math.fsum(self._degree(model, other) for other in models if other != model))
            for model, weight in members
        ]

    def _degree(self, one: str, other: str) -> float:
        return self.degrees.get((min(one, other), max(one, other)), 0.0)


NO_KINSHIP = Kinship()
