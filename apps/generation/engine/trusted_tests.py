"""
How far the tests that an author writes are trusted: the share of them that programs known to be right meet.

Authors of tests differ more than authors of programs, and a test that the right program fails misleads whoever counts
it (B4, Chen et al., ASE 2024). A test of an author of whom nothing is known is as good as a coin, until evidence says
otherwise; the posterior is a Beta distribution, as for programs (``expertise.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.expertise import Expertise, Judged, Record, Tally
from apps.generation.engine.outcomes import Outcome, outcome_meets

UNPROVED = 0.5
# All tests of an author are taken together: those of one request say how the author reads specifications.
ALL = ""


def is_written_test(item: PoolInput) -> bool:
    """Return whether somebody wrote down what is expected of the input, and it was no person."""
    return item.origin is InputOrigin.GENERATED_TEST and item.expected is not None


def judged_tests(inputs: Sequence[PoolInput], right: Sequence[Sequence[Outcome]]) -> list[Judged]:
    """
    Return what programs that are *right* say of the written tests among *inputs*, on which they were run.

    A test is right by the share of them that meets it. Nothing is said where no program is right.
    """
    if not right:
        return []
    return [
        Judged(item.author, ALL, sum(outcome_meets(one[at], item.expected) for one in right) / len(right))
        for at, item in enumerate(inputs)
        if is_written_test(item) and item.expected is not None
    ]


def authors_trusted(tallies: Mapping[str, Tally], authors: Iterable[str]) -> dict[str, Expertise]:
    """Return for each author how likely a test of theirs is right, by what was judged of all of them."""
    record = Record({(author, ALL): tally for author, tally in tallies.items()})
    return {author: record.expertise(author, ALL, prior=UNPROVED) for author in sorted(set(authors))}


def trusting(inputs: Iterable[PoolInput], trust: Mapping[str, float]) -> list[PoolInput]:
    """Return *inputs* with each written test weighing what its author is trusted."""
    return [
        replace(item, weight=trust.get(item.author, UNPROVED)) if is_written_test(item) else item for item in inputs
    ]
