"""The figures that say how sure a choice may be; ``calibration.py`` makes a probability of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Sureness:
    """
    What stands behind a choice.

    ``rivals`` are the log odds of its vote against that of others which pass as many examples; ``passing`` those of
    all that pass as many; ``agreement`` (0..1) is the share of the vote that does the same, averaged over inputs;
    ``examples`` the logarithm of 1 and the examples passed; ``failed`` 1 where it fails an example, else 0; ``tests``
    (0..1) the share of written tests that it meets, by their worth; ``trust`` the log odds of the share of right
    answers that is expected of the best author behind it.
    """

    rivals: float
    passing: float
    agreement: float
    examples: float
    failed: float
    tests: float
    trust: float

    @property
    def figures(self) -> tuple[float, ...]:
        """The figures in the order of their declaration."""
        return tuple(asdict(self).values())

    def stored(self) -> dict[str, float]:
        """Return the figures as JSON data."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


NAMES = tuple(field.name for field in fields(Sureness))


def sureness_restored(stored: Mapping[str, Any]) -> Sureness:
    """
    Return what :meth:`Sureness.stored` wrote.

    :raises KeyError: a figure is missing.
    """
    return Sureness(**{name: float(stored[name]) for name in NAMES})


def log_odds(mine: float, total: float) -> float:
    """
    Return the log odds of *mine* among *total* votes (an average voter has one), half a vote added on either side.

    Two of two are less sure than twenty of twenty.
    """
    return math.log((mine + 0.5) / (max(total - mine, 0.0) + 0.5))


def log_odds_of(share: float) -> float:
    """Return the log odds of a share, which is taken to be no nearer to 0 or 1 than a hundredth."""
    bounded = min(0.99, max(0.01, share))
    return math.log(bounded / (1 - bounded))
