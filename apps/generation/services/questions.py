"""
Ask a person what decides: on one input, candidates that pass the same examples do different things.

An answer is one more example of the specification. It enters the tests of every patch and the vote of the models, so
what reviewers see changes: verdicts that were cast are void, and whoever answered takes part and cannot approve.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import Conflict, NofxError, NotFound
from apps.generation.engine.consensus import InputOrigin
from apps.generation.engine.languages import Language, language_of
from apps.generation.engine.outcomes import (
    Expected,
    Outcome,
    expected_of,
    expected_stored,
    outcome_stored,
)
from apps.generation.engine.values import Unrepresentable
from apps.generation.models import Answer, Contribution, GenerationRun
from apps.generation.services.answers import answered_text
from apps.generation.services.canaries import canary_withdraw
from apps.generation.services.candidates import candidate_retest
from apps.generation.services.checking import scores_keep
from apps.generation.services.consensus import consensus_revise, examples_count
from apps.generation.services.evidence import ANY, MAX_ANSWERS, evidence_of
from apps.generation.services.measuring import gates_renew
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.review_subject import (
    SUBJECT_KIND,
    review_digest,
    review_digest_keep,
    review_policy,
    review_subject,
)
from apps.generation.services.reviews import review_lock
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import NotAllowed, approval_require_possible, audit_record
from apps.governance.types import Action

RETURNS, RAISES = "returns", "raises"
VOID_REASON = "An answer changed what the code must do."


class AnswerRefused(NofxError):
    """The answer is no value, names no exception, or is to a question that is not asked."""

    code = "question.answer_refused"
    status = 422


class AlreadyAnswered(Conflict):
    """Somebody answered this question, or as many as there may be were answered."""

    code = "question.answered"


def has_question(run: GenerationRun) -> bool:
    """Return whether a person could decide between candidates by an answer."""
    return evidence_of(run).question() is not None


def reply_key(outcome: Outcome) -> str:
    """Return the name under which a form sends one of the replies."""
    return sha256_hex(canonical_json(outcome_stored(outcome)))[:16]


@transaction.atomic
def question_answer(*, request_id: UUID, actor: User, position: int, reply: str, value: str = "") -> Answer:
    """
    Record what the code must do on the input at *position*, and choose again.

    *reply* is the key of what a candidate did, "returns" or "raises" with *value* as a literal of the language or the
    name of an exception, or "any" where the specification means nothing by this input.

    :raises NotInReview: the request is not in review.
    :raises NotAllowed: the actor may not write specifications for the repository.
    :raises Unsatisfiable: without the actor nobody could approve.
    :raises AlreadyAnswered: this input was answered, or as many as there may be were.
    :raises AnswerRefused: there is no such input, or the answer says nothing that code can do.
    """
    run = review_lock(request_id)
    _require_writer(run, actor)
    evidence = evidence_of(run)
    if len(evidence.answers) >= MAX_ANSWERS:
        raise AlreadyAnswered(
            f"{MAX_ANSWERS} questions were answered, which is as many as there are.",
            remedy="Write what is still open into the specification and submit it again.",
        )
    at = next((at for at, row in enumerate(evidence.rows) if row.position == position), None)
    if at is None or evidence.inputs[at].origin is InputOrigin.EXAMPLE:
        raise AlreadyAnswered("This question has been answered.", remedy="Reload the page for the next one.")
    seen = [outcomes[at] for outcomes in evidence.outcomes.values()]
    kind, expected = _read(reply, value, seen, language_of(run.target_path))
    answer = Answer.objects.create(
        run=run,
        input=evidence.rows[at],
        kind=kind,
        expected=None if expected is None else expected_stored(expected),
        answered_by=actor,
    )
    if not run.contributions.filter(user=actor).exists():
        Contribution.objects.create(run=run, user=actor, kind=Contribution.Kind.CO_AUTHOR)
    _choose_again(run, actor, "question.answer", answered_text(answer, run))
    return answer


@transaction.atomic
def answer_withdraw(*, request_id: UUID, answer_id: UUID, actor: User) -> None:
    """
    Take an answer back, and choose again without it.

    :raises NotInReview: the request is not in review.
    :raises NotAllowed: it is neither the actor's answer nor the actor's request.
    :raises NotFound: no such answer stands.
    """
    run = review_lock(request_id)
    answer = run.answers.filter(pk=answer_id, withdrawn_at=None).first()
    if answer is None:
        raise NotFound("There is no such answer, or it was withdrawn.")
    if actor.pk not in {answer.answered_by_id, run.requester_id}:
        raise NotAllowed("Only whoever answered, and whoever asked for the code, can withdraw an answer.")
    answer.withdrawn_at = now()
    answer.save(update_fields=["withdrawn_at"])
    _choose_again(run, actor, "question.withdraw", answered_text(answer, run))


def _require_writer(run: GenerationRun, actor: User) -> None:
    if not can(actor, Action.SPEC_WRITE, run.repository.scope) or actor.is_service:
        raise NotAllowed("Only people who may write specifications for this repository can answer.")
    barred = {**review_subject(run=run).barred, actor.pk: "specification co-author of this request"}
    approval_require_possible(
        policy=review_policy(run), scope=run.repository.scope, barred=barred, path=run.target_path
    )


def _read(reply: str, value: str, seen: Sequence[Outcome], language: Language) -> tuple[str, Expected | None]:
    if reply == ANY:
        return ANY, None
    if reply == RAISES:
        if not value.strip().isidentifier():
            raise AnswerRefused("That is no name of an exception.", remedy=f"Write for example {language.error}.")
        return RAISES, Expected(raises=value.strip())
    if reply == RETURNS:
        return RETURNS, _literal(value, language)
    outcome = next((one for one in seen if reply_key(one) == reply and one.is_comparable), None)
    if outcome is None:
        raise AnswerRefused("No candidate does that any more.", remedy="Reload the page and answer again.")
    expected = expected_of(outcome)
    return (RAISES if expected.raises else RETURNS), expected


def _literal(value: str, language: Language) -> Expected:
    try:
        expected = Expected(language.read(value))
        expected_stored(expected)
    except (ValueError, Unrepresentable) as error:
        raise AnswerRefused(
            f"That is no {language.label} value.",
            remedy=f"Write it as in code: 'text' in quotes, [1, 2], {language.value(None)}, 0.5.",
        ) from error
    return expected


def _choose_again(run: GenerationRun, actor: User, action: str, said: str) -> None:
    """Put the answers that stand into every patch and into the vote, and void what was cast on the old one."""
    before = run.review_digest
    evidence = evidence_of(run)
    workspace = workspace_open(run)
    for candidate in evidence.candidates:
        examples_count(candidate, evidence.outcomes[candidate.pk], evidence.inputs)
        candidate_retest(candidate, workspace)
        scores_keep(candidate, workspace)
    consensus_revise(
        run=run,
        voters=evidence.voters,
        candidates=evidence.candidates,
        inputs=evidence.inputs,
        weights=evidence.weights,
    )
    canary_withdraw(run)
    gates_renew(workspace=workspace, actor=actor)
    digest = review_digest(run=run)
    review_digest_keep(run, digest, VOID_REASON)
    audit_record(
        action=action,
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        before_digest=before,
        after_digest=digest,
        reason=said,
    )
