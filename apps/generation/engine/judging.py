"""
What a decision of people says of each candidate.

People decide about one candidate, and know more than they say: what behaves as the approved one does is right as well,
and what fails their examples is wrong. What passes the examples and differs somewhere else is often right all the same,
for the input may be none that the code is for; on public problems about two of three were (``DIFFERS``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, cluster_by_behaviour
from apps.generation.engine.outcomes import outcome_meets

# Of candidates that pass as many examples as a right one and differ from it elsewhere, 742 of 1144 were right.
DIFFERS = 0.65


class Cause(StrEnum):
    """Why a candidate counts as right or wrong."""

    APPROVED = "approved"
    ALIKE = "alike"
    DIFFERS = "differs"
    REJECTED = "rejected"
    FAILS = "fails"
    UNPARSABLE = "unparsable"
    TESTS_FAILED = "tests_failed"
    REVERTED = "reverted"

    @property
    def label(self) -> str:
        """The cause in words."""
        return {
            Cause.APPROVED: "approved",
            Cause.ALIKE: "behaves as the approved one",
            Cause.DIFFERS: "differs from the approved one",
            Cause.REJECTED: "rejected",
            Cause.FAILS: "fails an example",
            Cause.UNPARSABLE: "cannot be parsed",
            Cause.TESTS_FAILED: "fails the repository's tests",
            Cause.REVERTED: "merged and taken back",
        }[self]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is known of a candidate: ``right`` (0..1) is how likely it is right; equal ``group`` did the same."""

    id: str
    right: float
    cause: Cause
    group: str


def rulings(
    pool: Sequence[PoolEntry], inputs: Sequence[PoolInput], *, decided: Collection[str], is_approved: bool
) -> list[Ruling]:
    """
    Return what is known of *pool* once people approved or rejected the program that *decided* wrote, by id.

    A rejection says nothing of other candidates, but that those are wrong which fail an example.
    """
    groups = _groups(pool, inputs)
    passed = {entry.id: _passed(entry, inputs) for entry in pool}
    needed = max((passed[entry.id] for entry in pool if entry.id in decided), default=0)
    if not is_approved:
        needed = sum(item.origin is InputOrigin.EXAMPLE and item.expected is not None for item in inputs)
    alike = {groups[entry.id] for entry in pool if entry.id in decided} - {""}
    found = []
    for entry in sorted(pool, key=lambda one: one.id):
        group = groups[entry.id]
        if entry.id in decided:
            found.append(Ruling(entry.id, float(is_approved), Cause.APPROVED if is_approved else Cause.REJECTED, group))
        elif passed[entry.id] < needed:
            found.append(Ruling(entry.id, 0.0, Cause.FAILS, group))
        elif is_approved and group in alike:
            found.append(Ruling(entry.id, 1.0, Cause.ALIKE, group))
        elif is_approved and group:
            found.append(Ruling(entry.id, DIFFERS, Cause.DIFFERS, group))
    return found


def _groups(pool: Sequence[PoolEntry], inputs: Sequence[PoolInput]) -> dict[str, str]:
    """Return the number of each candidate's group of equal behaviour; "" for one whose behaviour nobody could see."""
    clusters = cluster_by_behaviour(pool, inputs)
    return {
        entry.id: str(number) if any(outcome.is_comparable for outcome in entry.outcomes) else ""
        for number, cluster in enumerate(clusters, 1)
        for entry in cluster
    }


def _passed(entry: PoolEntry, inputs: Sequence[PoolInput]) -> int:
    return sum(
        item.origin is InputOrigin.EXAMPLE and item.expected is not None and outcome_meets(outcome, item.expected)
        for outcome, item in zip(entry.outcomes, inputs, strict=True)
    )
