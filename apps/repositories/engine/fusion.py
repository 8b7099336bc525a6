"""Several rankings as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

# The constant of the paper; it keeps the first places of one ranking from deciding alone.
SMOOTHING = 60

Key = TypeVar("Key", bound=Hashable)


def reciprocal_rank_fusion(*rankings: Sequence[Key], weights: Sequence[float] = ()) -> list[tuple[Key, float]]:
    """
    Return (key, score) pairs, best first: a key's score is the sum of weight / (60 + place) over the rankings it is in.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): only places count, so distances and ranks of
    different scales can be added. *weights* are 1 unless given, one for each ranking. A key counts once in each
    ranking. Ties keep the order in which keys were met.
    """
    scores: defaultdict[Key, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for place, key in enumerate(dict.fromkeys(ranking), start=1):
            scores[key] += weight / (SMOOTHING + place)
    return sorted(scores.items(), key=lambda pair: -pair[1])
