"""Learn from what people decide: which candidates were right, and so how far each model is trusted in which tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from apps.generation.engine.expertise import Expertise, Record
from apps.generation.engine.judging import Cause, Ruling, rulings
from apps.generation.engine.outcomes import outcome_meets
from apps.generation.engine.trusted_tests import is_written_test
from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    ExpertiseChange,
    GenerationRun,
    Judgement,
    ObservedInput,
)
from apps.generation.services.evidence import Evidence, evidence_of
from apps.generation.services.review_subject import selected_candidate
from apps.generation.services.weights import author_of, authors_priors, record_of, weights_of

LEARNING_LOCK = 4_117_203
OUTCOMES: Mapping[Cause, Any] = {
    Cause.TESTS_FAILED: ExpertiseChange.Verdict.TESTS_FAILED,
    Cause.REVERTED: ExpertiseChange.Verdict.REVERTED,
}


@transaction.atomic
def decision_learn(*, run: GenerationRun, is_approved: bool) -> list[ExpertiseChange]:
    """
    Record what the decision about *run* says of its candidates, and how that moves what is known of their models.

    Nothing is learned twice from one request.
    """
    _lock()
    if Judgement.objects.filter(run=run).exists():
        return []
    candidates = {
        str(one.pk): one
        for one in Candidate.objects.filter(request_id=run.pk).select_related("provider", "duplicate_of")
    }
    family = weights_of(run, list(candidates.values())).family
    evidence = evidence_of(run)
    known = [*_ruled(run, evidence, is_approved=is_approved), *_unparsable(candidates)]
    priors = authors_priors(candidates[one.id] for one in known)
    before = record_of(priors)
    Judgement.objects.bulk_create(_judgements(run, known, candidates, family))
    if is_approved:
        _tests_judge(run, evidence)
    verdict = ExpertiseChange.Verdict("approved" if is_approved else "rejected")
    return _changes(run, priors, family, verdict, before)


@transaction.atomic
def outcome_learn(*, run: GenerationRun, cause: Cause) -> list[ExpertiseChange]:
    """
    Record that what people approved turned out wrong, by *cause*, and how that moves what is known of its models.

    It takes the place of what the approval said of the chosen candidate and of those that behave alike. Once it is
    known to be wrong, nothing more is learned from it.
    """
    _lock()
    approved = [Judgement.Cause.APPROVED, Judgement.Cause.ALIKE]
    wrong = list(
        Judgement.objects.filter(run=run, cause__in=approved).select_related(
            "candidate__provider", "candidate__duplicate_of"
        )
    )
    if not wrong:
        return []
    priors = authors_priors(one.candidate for one in wrong)
    before = record_of(priors)
    Judgement.objects.filter(pk__in=[one.pk for one in wrong]).update(right=0.0, cause=cause.value)
    run.inputs.update(is_met=None)
    return _changes(run, priors, wrong[0].family, OUTCOMES[cause], before)


def _tests_judge(run: GenerationRun, evidence: Evidence) -> None:
    """Note of each test that a model wrote whether what was approved meets it."""
    outcomes = evidence.outcomes.get(selected_candidate(run=run).pk)
    if outcomes is None:
        return
    judged = []
    for row, item, outcome in zip(evidence.rows, evidence.inputs, outcomes, strict=True):
        if is_written_test(item) and item.expected is not None and item.author:
            row.is_met = outcome_meets(outcome, item.expected)
            judged.append(row)
    ObservedInput.objects.bulk_update(judged, ["is_met"])


def _lock() -> None:
    """What is learned is learned one after the other, so that each change begins where the last one ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LEARNING_LOCK])


def _ruled(run: GenerationRun, evidence: Evidence, *, is_approved: bool) -> list[Ruling]:
    chosen = selected_candidate(run=run)
    decided = {voter.entry.id for voter in evidence.voters if voter.program == chosen.pk}
    pool = [voter.entry for voter in evidence.voters]
    return rulings(pool, evidence.inputs, decided=decided, is_approved=is_approved)


def _unparsable(candidates: Mapping[str, Candidate]) -> list[Ruling]:
    return [
        Ruling(key, 0.0, Cause.UNPARSABLE, "")
        for key, one in sorted(candidates.items())
        if one.state == Candidate.State.UNPARSABLE
    ]


def _judgements(
    run: GenerationRun, known: Sequence[Ruling], candidates: Mapping[str, Candidate], family: str
) -> list[Judgement]:
    details: dict[str, Any] = CodeGenerationConsensus.objects.get(request_id=run.pk).voting_details or {}
    figures = (details.get("sureness") or {}).get("figures")
    return [
        Judgement(
            run=run,
            candidate=candidates[one.id],
            model_id=author_of(candidates[one.id]),
            family=family,
            right=one.right,
            cause=one.cause.value,
            behaviour=one.group,
            is_choice=one.id == details.get("selected"),
            figures=figures if one.id == details.get("selected") else None,
        )
        for one in known
    ]


def _changes(
    run: GenerationRun,
    priors: Mapping[str, float],
    family: str,
    verdict: ExpertiseChange.Verdict,
    before: Record,
) -> list[ExpertiseChange]:
    after = record_of(priors)
    return ExpertiseChange.objects.bulk_create(
        _change(
            run,
            verdict,
            author,
            family,
            before.expertise(author, family, prior=prior),
            after.expertise(author, family, prior=prior),
        )
        for author, prior in sorted(priors.items())
    )


def _change(
    run: GenerationRun, verdict: ExpertiseChange.Verdict, author: str, family: str, before: Expertise, after: Expertise
) -> ExpertiseChange:
    return ExpertiseChange(
        run=run,
        verdict=verdict,
        model_id=author,
        family=family,
        answers=after.answers,
        before_mean=before.mean,
        before_low=before.low,
        before_high=before.high,
        mean=after.mean,
        low=after.low,
        high=after.high,
    )
