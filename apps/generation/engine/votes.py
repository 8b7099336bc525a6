"""Votes that copies cannot stuff."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

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
