"""
Which tests are flaky, and how sure one can be that few are.

A *pair* is one test on one commit in one environment that was executed at least twice; it is flaky when it both passed
and failed. The rate is the share of flaky pairs, with Wilson's interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.core.intervals import Interval, wilson

SLOW_SECONDS = 1.0
# A gate that asks for less than this share of flaky pairs is what the sentence about reruns is for.
CLAIM = 0.01
MOST_PAIRS = 10_000_000


class Kind(StrEnum):
    """What is wrong with a test: the first of these that holds."""

    FLAKY = "flaky"
    BROKEN = "broken"
    SLOW = "slow"


@dataclass(frozen=True)
class Record:
    """
    What a window holds of one test.

    ``executed`` and ``failed`` count executions, ``seconds`` is the time of all of them; ``is_failing`` says that it
    passed not once where it was executed last.
    """

    pairs: int
    flaky: int
    executed: int
    failed: int
    seconds: float
    is_failing: bool

    @property
    def mean_seconds(self) -> float:
        return self.seconds / self.executed if self.executed else 0.0

    @property
    def rate(self) -> Interval:
        return wilson(self.flaky, self.pairs)

    @property
    def kind(self) -> Kind | None:
        """Return what is wrong with it; None where nothing is."""
        if self.flaky:
            return Kind.FLAKY
        if self.is_failing:
            return Kind.BROKEN
        return Kind.SLOW if self.mean_seconds >= SLOW_SECONDS else None


def paths_named(name: str) -> list[str]:
    """
    Return the files that the name of a test may stand in, the likeliest first.

    Runners name a test by its file ("tests/test_a.py::test_b") or by its module, with a class behind it where there is
    one ("tests.test_a.TestB::test_c").
    """
    place = name.partition("::")[0]
    if place.endswith(".py"):
        return [place]
    parts = place.split(".")
    return ["/".join(parts[:end]) + ".py" for end in range(len(parts), 0, -1)] if all(parts) else []


def pairs_needed(flaky: int, pairs: int, *, claim: float = CLAIM) -> int | None:
    """
    Return how many more pairs, all of them clean, bring the upper bound of the rate below *claim*.

    0 when it is there already; None when no number below ten million does.
    """
    if wilson(flaky, pairs).high < claim:
        return 0
    low, high = pairs, MOST_PAIRS
    if wilson(flaky, high).high >= claim:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if wilson(flaky, middle).high < claim:
            high = middle
        else:
            low = middle
    return high - pairs


def reruns_sentence(flaky: int, pairs: int, *, claim: float = CLAIM) -> str:
    """Return what is still needed to claim that less than *claim* of the pairs are flaky."""
    more = pairs_needed(flaky, pairs, claim=claim)
    what = f"that fewer than {100 * claim:.0f} % are flaky"
    if more is None:
        return f"With {flaky:,} flaky pairs nobody can say {what}: mend these tests first."
    if more == 0:
        return f"It can be said at 95 % {what}."
    return (
        f"Another {more:,} clean pair{'' if more == 1 else 's'} of a test and a commit, each executed at least twice, "
        f"would be needed to say at 95 % {what}."
    )
