"""Let behaviour choose, and keep the whole of the vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.checks.types import plain_text
from apps.generation.engine.consensus import (
    NOTHING_COMPARED,
    Consensus,
    Distinguishing,
    InputOrigin,
    PoolEntry,
    PoolInput,
    decide_consensus,
)
from apps.generation.engine.expertise import vote_of
from apps.generation.engine.inputs import input_key, input_restored, input_stored
from apps.generation.engine.languages import PYTHON, Language, language_of
from apps.generation.engine.outcomes import (
    Outcome,
    OutcomeKind,
    expected_stored,
    outcome_meets,
    outcome_restored,
    outcome_stored,
    outcomes_agree,
)
from apps.generation.gateways.observing import Observation
from apps.generation.models import Answer, Candidate, CodeGenerationConsensus, GenerationRun, ObservedInput
from apps.generation.services.answers import answered_text
from apps.generation.services.calibration import CalibrationHere, calibration_here, sureness_stored
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import scores_keep
from apps.generation.services.reduction import input_reduced
from apps.generation.services.weights import Weights, author_of, weights_now

CENT = Decimal("0.01")
PRIOR_SHARE = 0.5
MAX_SHOWN = 400
# Positions at which the inputs of an earlier vote wait to be removed; nobody has so many.
OUT_OF_THE_WAY = 16_000


@transaction.atomic
def outcomes_keep(
    *,
    candidates: Sequence[Candidate],
    observations: Sequence[Observation],
    inputs: Sequence[PoolInput],
    workspace: Workspace,
) -> None:
    """Store what the candidates were run on and how each behaved. Safe to repeat."""
    _inputs_keep(workspace.run, inputs)
    for candidate, one in zip(candidates, observations, strict=True):
        candidate.outcomes = [outcome_stored(outcome) for outcome in one.outcomes]
        examples_count(candidate, one.outcomes, inputs)
        candidate.reason = plain_text(one.refused) or candidate.reason
        candidate.state = Candidate.State.EXECUTED
        candidate.save(update_fields=["outcomes", "examples_total", "examples_passed", "reason", "state"])
        scores_keep(candidate, workspace)


def _inputs_keep(run: GenerationRun, inputs: Sequence[PoolInput]) -> None:
    """Write *inputs* in the place of those that were there; what people answered about one stays with it."""
    answers = list(Answer.objects.filter(run=run).select_related("input"))
    run.inputs.update(position=F("position") + OUT_OF_THE_WAY)
    rows = ObservedInput.objects.bulk_create(
        ObservedInput(
            run=run,
            position=position,
            origin=one.origin.value,
            call=input_stored(one.call),
            expected=None if one.expected is None else expected_stored(one.expected),
            weight=one.weight,
            author=one.author,
        )
        for position, one in enumerate(inputs)
    )
    by_key = {input_key(one.call): row for one, row in zip(inputs, rows, strict=True)}
    for answer in answers:
        row, before = by_key[input_key(input_restored(answer.input.call))], answer.input
        # The answer makes it an example, for as long as it stands.
        row.origin, row.expected, row.weight = before.origin, before.expected, before.weight
        row.save(update_fields=["origin", "expected", "weight"])
        answer.input = row
        answer.save(update_fields=["input"])
    run.inputs.filter(position__gte=OUT_OF_THE_WAY).delete()


def _counting(run: GenerationRun, inputs: Sequence[PoolInput]) -> list[int]:
    """Return the positions of *inputs* but those of which somebody said that they do not matter."""
    stand = Answer.objects.filter(run=run, withdrawn_at=None, kind=Answer.Kind.ANY)
    left_open = {input_key(input_restored(call)) for call in stand.values_list("input__call", flat=True)}
    return [at for at, one in enumerate(inputs) if input_key(one.call) not in left_open]


@transaction.atomic
def consensus_decide(
    *,
    run: GenerationRun,
    candidates: Sequence[Candidate],
    observations: Sequence[Observation],
    inputs: Sequence[PoolInput],
    family: str,
    guidance: int = 0,
) -> CodeGenerationConsensus:
    """
    Choose among the candidates and write the consensus row, once for each version of *guidance*; a repeated job finds
    it written. An input of which a person said that it does not matter has no part in it.

    Each vote weighs what its model has proved in tasks of *family* so far; the weights are kept with the row.

    *candidates* are different programs; those that others wrote as well are weighed with it, since models that agree
    to the letter are evidence. Behaviour is compared where the specification can be run; else the prior quality
    chooses and the row says so. A score is written only where candidates could agree or differ.
    """
    existing = CodeGenerationConsensus.objects.filter(request=run.request).first()
    if existing and is_decided(existing, guidance):
        return existing
    kept = _counting(run, inputs)
    inputs = [inputs[at] for at in kept]
    outcomes = {c.pk: [one.outcomes[at] for at in kept] for c, one in zip(candidates, observations, strict=True)}
    authors = authors_among(candidates)
    weights = weights_now(authors, family=family)
    columns = _decided(run, voters_of(authors, outcomes, weights), candidates, inputs, weights)
    columns["voting_details"] |= {"guidance": guidance, "answers": answers_said(run)}
    consensus, _ = CodeGenerationConsensus.objects.update_or_create(request=run.request, defaults=columns)
    return consensus


def reduction_keep(
    *,
    run: GenerationRun,
    consensus: CodeGenerationConsensus,
    candidates: Sequence[Candidate],
    observations: Sequence[Observation],
    inputs: Sequence[PoolInput],
) -> None:
    """
    Show the input on which the leading behaviours differ as small as it goes; the vote stays as it is. Safe to repeat.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    details = consensus.voting_details or {}
    if "reduced" in details:
        return
    kept = _counting(run, inputs)
    ran = {
        str(candidate.pk): Observation(one.program, [one.outcomes[at] for at in kept], one.refused)
        for candidate, one in zip(candidates, observations, strict=True)
    }
    reduced = input_reduced(details, ran, [inputs[at] for at in kept], entry=run.entry)
    if reduced:
        consensus.voting_details = with_reduced(details, reduced, run.entry, language_of(run.target_path))
        consensus.save(update_fields=["voting_details"])


def is_decided(consensus: CodeGenerationConsensus, guidance: int) -> bool:
    """Return whether *consensus* chose something for this version of *guidance*."""
    details = consensus.voting_details or {}
    return consensus.selected_implementation_id is not None and details.get("guidance", 0) == guidance


@transaction.atomic
def consensus_revise(
    *,
    run: GenerationRun,
    voters: Sequence[Voter],
    candidates: Sequence[Candidate],
    inputs: Sequence[PoolInput],
    weights: Weights,
) -> None:
    """Choose again with the same weights and what people answered meanwhile; the vote keeps their words."""
    before = CodeGenerationConsensus.objects.get(request_id=run.pk).voting_details or {}
    columns = _decided(run, voters, candidates, inputs, weights, before.get("reduced"))
    columns["voting_details"] |= {"answers": answers_said(run), "guidance": run.guidance.count()}
    CodeGenerationConsensus.objects.filter(request_id=run.pk).update(**columns)


def answers_said(run: GenerationRun) -> list[dict[str, str]]:
    """Return the answers that stand, as words and by whom; one query."""
    stand = run.answers.filter(withdrawn_at=None).select_related("input").order_by("answered_at", "id")
    return [{"text": answered_text(one, run), "by": str(one.answered_by_id)} for one in stand]


class Voter(NamedTuple):
    """Whoever wrote a program, and the candidate that stands for it."""

    entry: PoolEntry
    program: UUID


def authors_among(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return *candidates* but those that a person put together, and the copies of their programs, with providers."""
    candidates = [one for one in candidates if one.grafted_by_id is None]
    copies = Candidate.objects.filter(duplicate_of__in=candidates)
    copies = copies.select_related("implementation", "provider", "repairs__provider")
    return [*candidates, *copies]


def voters_of(
    authors: Sequence[Candidate], outcomes: Mapping[UUID, Sequence[Outcome]], weights: Weights
) -> list[Voter]:
    """Return a voter for each candidate and for each copy of its program; *outcomes* are by program."""
    programs = [(author, author.duplicate_of_id or author.pk) for author in authors]
    return [Voter(_entry(author, outcomes[program], weights), program) for author, program in programs]


def _decided(
    run: GenerationRun,
    voters: Sequence[Voter],
    candidates: Sequence[Candidate],
    inputs: Sequence[PoolInput],
    weights: Weights,
    reduced: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Decide, label the candidates with their clusters, and return the columns of the consensus row."""
    decision = decide_consensus([voter.entry for voter in voters], inputs, kinship=weights.kinship)
    details = decision_details(
        decision,
        inputs,
        entry=run.entry,
        pool=len(candidates),
        calibration=calibration_here(),
        language=language_of(run.target_path),
    )
    if reduced:
        details = with_reduced(details, reduced, run.entry, language_of(run.target_path))
    for cluster in decision.clusters:
        Candidate.objects.filter(pk__in=cluster.members).update(cluster=cluster.label)
    selected = next((voter.program for voter in voters if voter.entry.id == decision.selected), None)
    chosen = next((candidate for candidate in candidates if candidate.pk == selected), None)
    return {
        "selected_implementation": chosen.implementation if chosen else None,
        "consensus_score": None if details["score"] is None else Decimal(str(details["score"])).quantize(CENT),
        "voting_details": {**details, "weights": weights.stored(), "seed": run.seed},
    }


def _entry(candidate: Candidate, outcomes: Sequence[Outcome], weights: Weights) -> PoolEntry:
    quality = candidate.implementation.quality_score if candidate.implementation else None
    trust = weights.trust(author_of(candidate))
    prior = PRIOR_SHARE * trust + (1 - PRIOR_SHARE) * float(quality or 0)
    return PoolEntry(
        id=str(candidate.pk),
        model_id=author_of(candidate),
        normalised_digest=candidate.normalised_digest,
        outcomes=tuple(outcomes),
        prior=prior,
        weight=vote_of(trust),
        trust=trust,
    )


def examples_count(candidate: Candidate, outcomes: Sequence[Outcome], inputs: Sequence[PoolInput]) -> None:
    """Set how many of the person's examples *candidate* passes."""
    candidate.examples_passed, candidate.examples_total = examples_passed(outcomes, inputs)


def examples_passed(outcomes: Sequence[Outcome], inputs: Sequence[PoolInput]) -> tuple[int, int]:
    """Return how many of the person's examples *outcomes* meet, and of how many."""
    judged = [(o, one) for o, one in zip(outcomes, inputs, strict=True) if one.origin is InputOrigin.EXAMPLE]
    return sum(_meets(outcome, one) for outcome, one in judged), len(judged)


def _meets(outcome: Outcome, one: PoolInput) -> bool:
    return one.expected is not None and outcome_meets(outcome, one.expected)


def decision_details(
    decision: Consensus,
    inputs: Sequence[PoolInput],
    *,
    entry: str,
    pool: int,
    calibration: CalibrationHere,
    language: Language = PYTHON,
) -> dict[str, Any]:
    """Return the whole of a vote as JSON data; values are put as *language* writes them."""
    sureness = sureness_stored(decision.sureness, calibration)
    return {
        "selected": decision.selected,
        "score": None if sureness is None else sureness["probability"],
        "sureness": sureness,
        "standing": decision.standing.value,
        "is_compared": NOTHING_COMPARED not in decision.reasons,
        "candidates": pool,
        "clusters": [
            {
                "label": cluster.label,
                "members": list(cluster.members),
                "share": cluster.share,
                "examples_passed": cluster.examples_passed,
                "examples_total": cluster.examples_total,
            }
            for cluster in decision.clusters
        ],
        "distinguishing": _distinguishing(decision.distinguishing, entry, language),
        "selectors": dict(decision.selectors),
        "reasons": list(decision.reasons),
        "inputs": {origin.value: sum(one.origin is origin for one in inputs) for origin in InputOrigin},
    }


def _distinguishing(found: Distinguishing | None, entry: str, language: Language) -> dict[str, Any] | None:
    if found is None:
        return None
    expected = found.input.expected
    return {
        "call": _short(found.input.call.text(entry, language.value)),
        "origin": found.input.origin.value,
        "expected": None if expected is None else _short(expected.raises or language.value(expected.value)),
        "outputs": [
            {"label": output.label, "text": outcome_text(output.outcome, language)} for output in found.outputs
        ],
    }


def with_reduced(details: dict[str, Any], reduced: Mapping[str, Any], entry: str, language: Language) -> dict[str, Any]:
    """Return *details* with what :func:`input_reduced` found in the place of the input that it was made from."""
    shown, kept = details["distinguishing"], {**details, "reduced": dict(reduced)}
    outcomes = {name: outcome_restored(one) for name, one in reduced["outcomes"].items()}
    did = [
        (cluster["label"], next((outcomes[one] for one in cluster["members"] if one in outcomes), None))
        for cluster in details["clusters"]
    ]
    leaders = [outcome for _, outcome in did[:2] if outcome is not None]
    if shown is None or shown["call"] != reduced["of"] or len(leaders) < 2 or outcomes_agree(*leaders):
        return kept
    outputs = [{"label": label, "text": outcome_text(one, language)} for label, one in did if one is not None]
    call = _short(input_restored(reduced["call"]).text(entry, language.value))
    return {**kept, "distinguishing": {**shown, "call": call, "reduced_from": shown["call"], "outputs": outputs}}


def outcome_text(outcome: Outcome, language: Language = PYTHON) -> str:
    """Return what a candidate did on one input, in words; values are put as *language* writes them."""
    words = {
        OutcomeKind.VALUE: f"returns {language.value(outcome.value)}",
        OutcomeKind.ERROR: f"{language.raises} {outcome.error}",
        OutcomeKind.TIMEOUT: "did not end in time",
        OutcomeKind.UNREPRESENTABLE: f"returns {outcome.error}, which cannot be compared",
        OutcomeKind.NOT_RUN: "was not run",
    }
    changed = "" if outcome.mutated is None else f", and changes its arguments to {language.value(outcome.mutated)}"
    return _short(words[outcome.kind] + changed)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
