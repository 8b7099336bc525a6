"""What the labels of recorded problems teach about their models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from apps.generation.engine.expertise import Judged, Record, tallied
from apps.generation.engine.kinship import Answered, kinship_learned
from apps.generation.engine.outcomes import Outcome
from apps.generation.engine.replay.selectors import Observed
from apps.generation.engine.trusted_tests import authors_trusted, judged_tests, trusting
from apps.generation.engine.votes import Kinship


@dataclass(frozen=True)
class Taught:
    """
    What a replay knows about its models: their record, what is expected of one without any, and who errs alike.

    ``tests`` is how far the tests of an author are trusted.
    """

    record: Record
    prior: float
    models: frozenset[str]
    kinship: Kinship
    tests: Mapping[str, float]

    def trusting(self, seen: Observed) -> Observed:
        """Return a problem in which each written test weighs what its author is trusted."""
        return replace(seen, inputs=tuple(trusting(seen.inputs, self.tests)))

    def expertise(self, seen: Observed) -> dict[str, float]:
        """Return, for each model, the share of right answers that is expected in the family of a problem."""
        return {model: self.record.mean(model, seen.family, prior=self.prior) for model in sorted(self.models)}

    @cached_property
    def overall(self) -> dict[str, float]:
        """The share of right answers of each model over all families."""
        return {model: self.record.mean(model, "", prior=self.prior) for model in sorted(self.models)}

    @property
    def best(self) -> str:
        """The model that was right most often over all families; "" where none is known."""
        return max(self.overall, key=lambda model: (self.overall[model], model), default="")


def taught_by(problems: Sequence[Observed]) -> Taught:
    """Return what *problems* teach; a model without an answer is expected to be as good as the pool."""
    judged = [one for seen in problems for one in _judged(seen)]
    prior = (sum(one.right for one in judged) + 1) / (len(judged) + 2)
    return Taught(
        Record(tallied(judged)),
        prior,
        frozenset(one.model for one in judged),
        kinship_learned(map(_answered, problems)),
        _tests(problems),
    )


def _tests(problems: Sequence[Observed]) -> dict[str, float]:
    judged = [one for seen in problems for one in judged_tests(seen.inputs, _right(seen))]
    found = {author: tally for (author, _), tally in tallied(judged).items()}
    return {author: one.mean for author, one in authors_trusted(found, found).items()}


def _right(seen: Observed) -> list[Sequence[Outcome]]:
    return [one for sample, one in zip(seen.problem.samples, seen.outcomes, strict=True) if sample.is_right]


def _judged(seen: Observed) -> Iterator[Judged]:
    for sample in seen.problem.samples:
        if sample.is_right is not None:
            yield Judged(sample.model, seen.family, float(sample.is_right))


def _answered(seen: Observed) -> list[Answered]:
    return [
        Answered(sample.model, behaviour, sample.is_right)
        for sample, behaviour in zip(seen.problem.samples, seen.behaviours, strict=True)
        if sample.is_right is not None
    ]
