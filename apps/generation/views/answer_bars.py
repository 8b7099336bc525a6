"""How the answers of each model went, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.generation.models import Candidate

STEP, HEIGHT, LEAST = 8, 20, 1
LEAST_ANSWERS = 2
NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Bar:
    """An answer in a row of them, in units of the drawing; ``is_run`` tells a short bar from an answer never run."""

    x: int
    y: int
    height: int
    is_run: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model answered: a bar an answer, and the same in words."""

    model: str
    bars: tuple[Bar, ...]
    words: str
    examples: int

    @property
    def width(self) -> int:
        return STEP * len(self.bars)


def answers_by_model(candidates: Sequence[Candidate]) -> list[Answers]:
    """
    Return the answers of each model that gave two or more, in the order they were asked for; no query.

    An answer to the letter like an earlier one met what that one met. Nothing is returned where there are no examples.
    """
    by_id = {one.pk: one for one in candidates}
    by_provider: dict[object, list[Candidate]] = {}
    for one in sorted(candidates, key=lambda one: one.ordinal):
        if one.provider_id is not None and one.state not in (Candidate.State.ASKED, Candidate.State.UNAVAILABLE):
            by_provider.setdefault(one.provider_id, []).append(by_id.get(one.duplicate_of_id, one))
    rows = [_answers(own[0].model_id, own) for own in by_provider.values() if len(own) >= LEAST_ANSWERS]
    return [row for row in rows if row.examples]


def _answers(model: str, own: Sequence[Candidate]) -> Answers:
    examples = max(one.examples_total or 0 for one in own)
    words = ", ".join(NOT_RUN if one.examples_passed is None else str(one.examples_passed) for one in own)
    bars = tuple(_bar(at, one, examples) for at, one in enumerate(own))
    return Answers(model, bars, words, examples)


def _bar(at: int, one: Candidate, examples: int) -> Bar:
    passed = one.examples_passed or 0
    height = max(LEAST, HEIGHT * passed // examples) if examples else LEAST
    return Bar(STEP * at, HEIGHT - height, height, is_run=one.examples_passed is not None)
