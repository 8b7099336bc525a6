"""
How much evidence stands behind a behaviour: the agreement of others, and of the tests that models wrote.

Agreement is soft: on each input a behaviour is supported by everybody who does the same there, so that behaviours
which differ on one exotic input still help each other (MBR-exec, Shi et al., EMNLP 2022). So do those that return the
same value where one changes its arguments, which is a flaw beside what was asked for. Tests count by dual agreement
(CodeT, Chen et al., ICLR 2023): a test is worth the share of the vote that meets it.

Code is judged by what it is for. An input that most candidates refuse is likely to be none of it, so it has the say of
the share of the vote that returns a value there; and two that crash alike agree by half, since nobody may mean it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcome_meets, outcomes_agree
from apps.generation.engine.values import same

# Exceptions that say "this program is broken" rather than "this input is refused".
BROKEN = frozenset(
    {"NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError"}
    | {"NotImplementedError", "RecursionError", "MemoryError", "SystemExit", "Crash", "OutputLimit"}
    | {"Unrepresentable"}  # what the sandbox says of a value that has no plain form
)
# Exceptions that Python raises by itself far more often than anybody means them.
ACCIDENTAL = frozenset(
    {"IndexError", "KeyError", "AttributeError", "TypeError", "ZeroDivisionError", "OverflowError", "StopIteration"}
    | {"RuntimeError", "UnicodeDecodeError", "UnicodeEncodeError"}
)
# What agreeing on such an exception counts beside agreeing on a value.
ACCIDENT_SHARE = 0.5
# The say that an input keeps on which nothing returns a value.
LEAST_SAY = 0.05
# What tests weigh beside agreement where no example of a person says what is meant; with one they only break ties.
TESTS_EXPONENT = 2.0
# What returning the same value counts where one of two changes its arguments, or does so otherwise.
VALUE_SHARE = 0.9
# Below this a share is as good as none: no single disagreement may decide alone.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a cluster did on each input, and its part of the vote (>= 0)."""

    outcomes: Sequence[Outcome]
    vote: float


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """An input (by position) whose expected outcome a model wrote down; ``weight`` (> 0) is how far it is trusted."""

    index: int
    expected: Expected
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Support:
    """
    ``agreement`` (0..1) is the share of the vote that does the same, averaged over inputs by their say; ``tests``
    (0..1) the share of tests met, each worth the share of the vote that meets it; 1 where there is none.
    """

    agreement: float
    tests: float

    def strength(self, *, has_examples: bool) -> tuple[float, float]:
        """Return what behaviours are ranked by, the more the better."""
        if has_examples:
            return round(self.agreement, 9), round(self.tests, 9)
        return round(self.agreement * (self.tests + LEAST_SHARE) ** TESTS_EXPONENT, 9), 0.0


def supports(behaviours: Sequence[Behaviour], weights: Sequence[float], tests: Sequence[WrittenTest]) -> list[Support]:
    """
    Return the support of each behaviour by all of them together.

    ``weights`` has what each input weighs beforehand. Inputs on which nothing was run say nothing; timeouts, crashes
    and values that cannot be compared agree with nothing. Costs, on each input, one comparison of each behaviour with
    each outcome that differs from the others.
    """
    total = sum(one.vote for one in behaviours) or 1.0
    observed = [i for i in range(len(weights)) if any(_was_run(one.outcomes[i]) for one in behaviours)]
    weight = sum(weights[i] for i in observed) or 1.0
    agreeing = [0.0] * len(behaviours)
    for i in observed:
        say = weights[i] * _say(behaviours, i, total)
        for place, vote in enumerate(_votes_alike(behaviours, i)):
            agreeing[place] += say * vote
    worth = [test.weight * _share_that_meets(test, behaviours, total) for test in tests]
    return [
        Support(agreement=agreed / total / weight, tests=_tests_met(one, tests, worth))
        for one, agreed in zip(behaviours, agreeing, strict=True)
    ]


def is_usable(outcome: Outcome) -> bool:
    """Tell whether agreeing on this outcome says that a behaviour is meant."""
    return outcome.kind is OutcomeKind.VALUE or (outcome.kind is OutcomeKind.ERROR and outcome.error not in BROKEN)


def _was_run(outcome: Outcome) -> bool:
    return outcome.kind is not OutcomeKind.NOT_RUN


def _say(behaviours: Sequence[Behaviour], index: int, total: float) -> float:
    """Return how far an input is one that the code is for, from 0 to 1: the share of the vote that returns a value."""
    valued = sum(one.vote for one in behaviours if one.outcomes[index].kind is OutcomeKind.VALUE)
    return (valued / total + LEAST_SAY) / (1 + LEAST_SAY)


def _votes_alike(behaviours: Sequence[Behaviour], index: int) -> list[float]:
    """Return, for each behaviour, what the votes of those that do the same on one input count."""
    kinds: list[Outcome] = []
    votes: list[float] = []
    places = []
    for one in behaviours:
        own = one.outcomes[index]
        place = next((at for at, kind in enumerate(kinds) if outcomes_agree(kind, own)), len(kinds))
        if place == len(kinds):
            kinds.append(own)
            votes.append(0.0)
        votes[place] += one.vote
        places.append(place)
    counts = [_worth(kind) * _votes_for(kind, kinds, votes) for kind in kinds]
    return [counts[place] for place in places]


def _votes_for(own: Outcome, kinds: Sequence[Outcome], votes: Sequence[float]) -> float:
    """Return the votes of a kind of outcome, and of others that are the same but for the arguments their share."""
    return sum(
        vote if kind is own else VALUE_SHARE * vote
        for kind, vote in zip(kinds, votes, strict=True)
        if kind is own or _is_same_but_for_arguments(kind, own)
    )


def _is_same_but_for_arguments(left: Outcome, right: Outcome) -> bool:
    is_changing = left.mutated is not None or right.mutated is not None
    return is_changing and left.kind is right.kind is OutcomeKind.VALUE and same(left.value, right.value)


def _worth(outcome: Outcome) -> float:
    """Return what agreeing on an outcome counts, from 0 to 1."""
    if not is_usable(outcome):
        return 0.0
    return ACCIDENT_SHARE if outcome.error in ACCIDENTAL else 1.0


def _share_that_meets(test: WrittenTest, behaviours: Sequence[Behaviour], total: float) -> float:
    met = sum(one.vote for one in behaviours if outcome_meets(one.outcomes[test.index], test.expected))
    return met / total


def _tests_met(one: Behaviour, tests: Sequence[WrittenTest], worth: Sequence[float]) -> float:
    if not sum(worth):
        return 1.0
    met = sum(w for test, w in zip(tests, worth, strict=True) if outcome_meets(one.outcomes[test.index], test.expected))
    return met / sum(worth)
