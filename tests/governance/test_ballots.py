"""Casting and voiding votes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, transaction

from apps.core.clock import now
from apps.governance.models import AuditEvent, Ballot
from apps.governance.selectors import decision_of
from apps.governance.services import (
    AlreadyVoted,
    ContentChanged,
    NotEligible,
    NotInteractive,
    RationaleMissing,
    Unsatisfiable,
    approval_require_possible,
    ballot_cast,
    ballots_void,
    code_owner_assign,
    denial_record,
)
from apps.governance.types import DEFAULT_POLICIES, DecisionState, Policy, Role, Seat, Subject, Verdict

SEEN = "a" * 64


@pytest.fixture
def subject():
    return Subject("consensus", uuid4(), SEEN, {})


@pytest.fixture
def reviewer(person):
    return person("ravi", Role.REVIEWER)


def cast(subject, scope, voter, verdict=Verdict.APPROVE, **changes):
    given = {"digest": SEEN, "is_interactive": True, **changes}
    return ballot_cast(subject=subject, scope=scope, voter=voter, verdict=verdict, **given)


def test_a_ballot_is_recorded_with_what_was_seen_and_audited(subject, scope, reviewer):
    ballot = cast(subject, scope, reviewer, detail={"readable": 4})
    assert (ballot.subject_digest, ballot.verdict, ballot.detail) == (SEEN, "approve", {"readable": 4})
    assert ballot.cast_at is not None
    event = AuditEvent.objects.get(action="ballot.cast")
    assert (event.actor_id, event.after_digest, event.outcome) == (str(reviewer.pk), SEEN, "done")


@pytest.mark.bar(2)
def test_a_token_never_votes(subject, scope, reviewer):
    with pytest.raises(NotInteractive):
        cast(subject, scope, reviewer, is_interactive=False)


@pytest.mark.bar(2)
def test_a_service_account_never_votes(subject, scope, person):
    with pytest.raises(NotInteractive):
        cast(subject, scope, person("bot", Role.REVIEWER, is_service=True))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REVIEWER])
def test_other_roles_do_not_approve(subject, scope, person, role):
    with pytest.raises(NotEligible):
        cast(subject, scope, person("someone", role))


def test_a_reviewer_of_another_repository_does_not_vote(subject, scope, other_scope, person):
    with pytest.raises(NotEligible):
        cast(subject, scope, person("olga", Role.REVIEWER, where=other_scope))


@pytest.mark.bar(2)
def test_the_requester_cannot_vote_even_as_a_reviewer(scope, reviewer):
    subject = Subject("consensus", uuid4(), SEEN, {reviewer.pk: "you asked for this code."})
    with pytest.raises(NotEligible, match="you asked for this code"):
        cast(subject, scope, reviewer)


def test_a_quality_lead_may_block_but_not_approve(subject, scope, person):
    lead = person("quinn", Role.QUALITY_LEAD)
    with pytest.raises(NotEligible):
        cast(subject, scope, lead)
    assert cast(subject, scope, lead, Verdict.BLOCK, rationale="Untested.").verdict == "block"


@pytest.mark.bar(4)
def test_a_vote_on_content_that_changed_is_refused(subject, scope, reviewer):
    with pytest.raises(ContentChanged):
        cast(subject, scope, reviewer, digest="b" * 64)
    assert not Ballot.objects.exists()


def test_a_second_vote_is_refused(subject, scope, reviewer):
    cast(subject, scope, reviewer)
    with pytest.raises(AlreadyVoted):
        cast(subject, scope, reviewer, Verdict.BLOCK, rationale="On second thoughts.")
    assert Ballot.objects.count() == AuditEvent.objects.filter(action="ballot.cast").count() == 1


@pytest.mark.parametrize("verdict", [Verdict.BLOCK, Verdict.REQUEST_CHANGES])
def test_a_refusal_needs_a_reason(subject, scope, reviewer, verdict):
    with pytest.raises(RationaleMissing):
        cast(subject, scope, reviewer, verdict, rationale="  ")


@pytest.mark.bar(4)
def test_a_change_voids_the_ballots_on_what_was_there_before(subject, scope, reviewer, person):
    cast(subject, scope, reviewer)
    voided = ballots_void(
        subject_kind=subject.kind, subject_id=subject.id, new_digest="b" * 64, reason="The patch changed."
    )
    assert voided == 1
    assert Ballot.objects.get().void_reason == "The patch changed."
    again = Subject(subject.kind, subject.id, "b" * 64, {})
    assert cast(again, scope, reviewer, digest="b" * 64).voided_at is None


def test_a_recusal_counts_on_any_content_takes_the_place_of_a_verdict_and_stays(subject, scope, reviewer):
    cast(subject, scope, reviewer)
    recusal = cast(subject, scope, reviewer, Verdict.RECUSE, digest="b" * 64)
    assert Ballot.objects.get(verdict="approve").void_reason == "Whoever gave it stepped aside afterwards."
    assert not ballots_void(subject_kind=subject.kind, subject_id=subject.id, new_digest="c" * 64, reason="Changed.")
    recusal.refresh_from_db()
    assert recusal.voided_at is None
    with pytest.raises(AlreadyVoted):
        cast(subject, scope, reviewer)


def test_voiding_without_a_change_does_nothing(subject, scope, reviewer):
    cast(subject, scope, reviewer)
    assert not ballots_void(subject_kind=subject.kind, subject_id=subject.id, new_digest=SEEN, reason="Nothing.")
    assert Ballot.objects.get().voided_at is None


def test_the_database_refuses_a_second_valid_ballot(subject, scope, reviewer):
    cast(subject, scope, reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ballot.objects.create(
            subject_kind=subject.kind,
            subject_id=subject.id,
            subject_digest=SEEN,
            scope=scope,
            voter=reviewer,
            verdict="approve",
        )


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "block", "rationale": "Forged."},
        {"subject_digest": "b" * 64},
        {"voter_id": 1},
        {"cast_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_the_application_cannot_rewrite_a_ballot(subject, scope, reviewer, change):
    cast(subject, scope, reviewer)
    with pytest.raises(Error), transaction.atomic():
        Ballot.objects.update(**change)


def test_the_application_cannot_remove_or_revive_a_ballot(subject, scope, reviewer):
    ballot = cast(subject, scope, reviewer)
    with pytest.raises(Error), transaction.atomic():
        Ballot.objects.all().delete()
    ballots_void(subject_kind=subject.kind, subject_id=subject.id, new_digest="b" * 64, reason="Changed.")
    with pytest.raises(Error), transaction.atomic():
        Ballot.objects.filter(pk=ballot.pk).update(voided_at=None, void_reason="")


@pytest.mark.bar(2)
def test_a_denied_vote_is_in_the_audit_chain(subject, scope, person):
    outsider = person("eve", Role.ENGINEER)
    with pytest.raises(NotEligible) as refusal:
        cast(subject, scope, outsider)
    event = denial_record(error=refusal.value, actor=outsider)
    assert event is not None
    assert (event.outcome, event.action, event.actor_id) == ("denied", "ballot.cast", str(outsider.pk))
    assert event.detail["code"] == "quorum.not_eligible"
    assert denial_record(error=refusal.value, actor=outsider) is None


def test_two_people_decide(subject, scope, person, reviewer, django_assert_num_queries):
    owner = person("olga", Role.REVIEWER)
    code_owner_assign(user=owner, scope=scope, pattern="src/*", granted_by=None)
    policy = DEFAULT_POLICIES["low"]
    cast(subject, scope, reviewer)
    cast(subject, scope, owner)
    with django_assert_num_queries(4):
        here = decision_of(subject, policy=policy, scope=scope, path="src/shop/cart.py")
    assert here.state is DecisionState.APPROVED
    assert decision_of(subject, policy=policy, scope=scope, path="docs/a.md").state is DecisionState.PENDING


@pytest.mark.bar(3)
def test_a_request_that_nobody_could_approve_is_refused_at_once(scope, person, reviewer):
    owner = person("olga", Role.REVIEWER)
    code_owner_assign(user=owner, scope=scope, granted_by=None)
    policy = DEFAULT_POLICIES["low"]
    approval_require_possible(policy=policy, scope=scope, barred={})
    with pytest.raises(Unsatisfiable, match="an owner"):
        approval_require_possible(policy=policy, scope=scope, barred={owner.pk: "asked"})
    with pytest.raises(Unsatisfiable, match="an architect and a quality lead"):
        approval_require_possible(policy=DEFAULT_POLICIES["high"], scope=scope, barred={})


@pytest.mark.bar(3)
def test_a_request_that_only_one_person_could_approve_is_refused_at_once(scope, reviewer):
    alone = Policy("one", (Seat("a reviewer"),))
    with pytest.raises(Unsatisfiable, match="Only one person could approve this"):
        approval_require_possible(policy=alone, scope=scope, barred={})


def test_an_approval_that_ended_makes_room_for_another_and_an_objection_does_not_end(subject, scope, reviewer, person):
    life, old = timedelta(days=1), now() - timedelta(days=2)
    blocking = person("bea", Role.REVIEWER)
    for voter, verdict in ((reviewer, "approve"), (blocking, "block")):
        Ballot.objects.create(
            subject_kind=subject.kind,
            subject_id=subject.id,
            subject_digest=SEEN,
            scope=scope,
            voter=voter,
            verdict=verdict,
            rationale="r",
            cast_at=old,
        )
    assert cast(subject, scope, reviewer, life=life).voided_at is None
    assert Ballot.objects.get(voter=reviewer, cast_at=old).void_reason == "It ended after 1 day."
    with pytest.raises(AlreadyVoted):
        cast(subject, scope, blocking, life=life)
