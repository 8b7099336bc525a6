"""Asks a person what the code must return on the input that tells most: the reference answers in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from apps.generation.engine.consensus import InputOrigin
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import OutcomeKind, expected_of
from apps.generation.engine.questions import best_question
from apps.generation.engine.replay.selectors import Choice, Observed, consensus, entries
from apps.generation.engine.votes import NO_KINSHIP, Kinship


def with_questions(
    seen: Observed, expertise: Mapping[str, float] | None, *, questions: int, kinship: Kinship = NO_KINSHIP
) -> Choice:
    """Return the consensus after at most so many answers."""
    return consensus(asked_about(seen, expertise, questions=questions), expertise, kinship)


def asked_about(seen: Observed, expertise: Mapping[str, float] | None, *, questions: int) -> Observed:
    """
    Return the problem with at most so many answers; each becomes an example, as a person's answer does.

    A question needs a value for its answer. The same input is never asked about twice, and nothing once all agree.
    """
    asked = seen
    for _ in range(questions if seen.reference is not None else 0):
        question = best_question(entries(asked, expertise), asked.inputs, settled=_settled(asked))
        if question is None:
            break
        asked = _answered(asked, question.index)
    return asked


def _settled(seen: Observed) -> set[int]:
    """Return the positions of inputs that nobody has a value for, and of those that an example answers."""
    answers = seen.reference or ()
    known = {input_key(item.call) for item in seen.inputs if item.origin is InputOrigin.EXAMPLE}
    return {
        index
        for index, (item, answer) in enumerate(zip(seen.inputs, answers, strict=True))
        if answer.kind is not OutcomeKind.VALUE or input_key(item.call) in known
    }


def _answered(seen: Observed, index: int) -> Observed:
    """Return the problem with the reference's answer as an example."""
    answer = (seen.reference or ())[index]
    example = replace(seen.inputs[index], origin=InputOrigin.EXAMPLE, expected=expected_of(answer))
    return replace(seen, inputs=(*seen.inputs[:index], example, *seen.inputs[index + 1 :]))
