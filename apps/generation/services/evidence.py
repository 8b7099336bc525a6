"""What the candidates of a request did, with what people answered: what the vote and its questions rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import input_restored
from apps.generation.engine.outcomes import Outcome, expected_restored, outcome_restored
from apps.generation.engine.questions import Question, best_question
from apps.generation.models import Answer, Candidate, GenerationRun, ObservedInput
from apps.generation.services.consensus import Voter, authors_among, voters_of
from apps.generation.services.review_subject import REVIEWABLE
from apps.generation.services.weights import Weights, weights_of

MAX_ANSWERS = 5
ANY = "any"


@dataclass(frozen=True)
class Evidence:
    """
    What a run's candidates did on the inputs that count now.

    ``rows`` are the inputs as stored; ``inputs`` are the same with the answers in them; ``outcomes`` (by candidate)
    has one outcome for each. An input that a person said does not matter is in none of them.
    """

    rows: Sequence[ObservedInput]
    inputs: Sequence[PoolInput]
    candidates: Sequence[Candidate]
    outcomes: Mapping[UUID, Sequence[Outcome]]
    voters: Sequence[Voter]
    answers: Sequence[Answer]
    weights: Weights

    def question(self) -> Question | None:
        """Return what to ask next; None when nothing would decide or enough was asked."""
        if len(self.answers) >= MAX_ANSWERS:
            return None
        return best_question([voter.entry for voter in self.voters], self.inputs)


def evidence_of(run: GenerationRun) -> Evidence:
    """Return what the candidates of *run* did; six queries."""
    answers = list(run.answers.filter(withdrawn_at=None).select_related("answered_by").order_by("answered_at", "id"))
    by_input = {answer.input_id: answer for answer in answers}
    rows = list(run.inputs.order_by("position"))
    usable = Candidate.objects.filter(request_id=run.pk, state__in=REVIEWABLE)
    candidates = [
        one
        for one in usable.select_related("implementation", "test", "documentation", "provider").order_by("ordinal")
        if len(one.outcomes) == len(rows)
    ]
    kept = [row for row in rows if row.pk not in by_input or by_input[row.pk].kind != ANY]
    outcomes = {one.pk: [outcome_restored(one.outcomes[row.position]) for row in kept] for one in candidates}
    inputs = [_pool_input(row, by_input.get(row.pk)) for row in kept]
    authors = authors_among(candidates)
    weights = weights_of(run, authors)
    return Evidence(kept, inputs, candidates, outcomes, voters_of(authors, outcomes, weights), answers, weights)


def _pool_input(row: ObservedInput, answer: Answer | None) -> PoolInput:
    call = input_restored(row.call)
    if answer is not None:
        return PoolInput(call, InputOrigin.EXAMPLE, expected_restored(answer.expected))
    expected = None if row.expected is None else expected_restored(row.expected)
    return PoolInput(call, InputOrigin(row.origin), expected, row.weight, row.author)
