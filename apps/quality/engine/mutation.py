"""The mutation score: the share of changed programs that the tests notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.quality.engine.mutants import Mutant


class Fate(StrEnum):
    """What became of a mutant. An invalid one could not be tried: pytest itself did not come to a result."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed_out"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Tried:
    """The fate of one mutant, and the first test that failed."""

    fate: Fate
    test: str = ""


@dataclass(frozen=True, slots=True)
class MutationScore:
    """
    How many mutants were noticed and how many not.

    A mutant whose tests do not end is noticed, by convention (DeMillo and others; Jia and Harman, "An Analysis and
    Survey of the Development of Mutation Testing", 2011). Invalid ones count for nothing. ``untried`` are those that
    there was no time for and those that were not drawn: with any, the score is of a sample.
    """

    killed: int
    survived: int
    timed_out: int
    invalid: int
    untried: int

    @property
    def counted(self) -> int:
        return self.killed + self.timed_out + self.survived


def mutation_score(tried: Sequence[Tried], places: int) -> MutationScore:
    """Return the score of the mutants that were *tried*, of *places* that there were."""
    fates = Counter(one.fate for one in tried)
    return MutationScore(
        killed=fates[Fate.KILLED],
        survived=fates[Fate.SURVIVED],
        timed_out=fates[Fate.TIMED_OUT],
        invalid=fates[Fate.INVALID],
        untried=max(0, places - len(tried)),
    )


def survivors(mutants: Sequence[Mutant], tried: Sequence[Tried], source: str) -> list[dict[str, object]]:
    """Return the mutants of *source* that no test noticed, as they are stored, in the order of the text."""
    return [
        {
            "line": one.line,
            "function": one.function,
            "operator": one.operator.value,
            "before": one.before,
            "after": one.after,
            "diff": one.diff(source),
        }
        for one in sorted(
            (mutant for mutant, fate in zip(mutants, tried, strict=False) if fate.fate is Fate.SURVIVED),
            key=lambda mutant: (mutant.line, mutant.before, mutant.after),
        )
    ]
