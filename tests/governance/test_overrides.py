"""Overrides: two people, a reason, an end, and exactly what they saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.governance.engine.overrides import (
    LONGEST,
    OverrideState,
    SignedOverride,
    end_refused,
    may_ask,
    may_confirm,
    override_state,
)
from apps.governance.engine.permissions import Role
from apps.governance.models import AuditEvent, Override, RoleAssignment
from apps.governance.selectors import checks_overridden, overrides_waiting_for
from apps.governance.services import (
    ContentChanged,
    NotAllowed,
    NotEligible,
    NotInteractive,
    OverrideClosed,
    OverrideInvalid,
    override_ask,
    override_confirm,
    override_withdraw,
)
from apps.governance.types import Subject
from tests.linked import linked

SEEN = "a" * 64
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
roles = st.frozensets(st.sampled_from(Role), max_size=4)
people = st.integers(1, 4)
moments = st.integers(-3, 3).map(lambda days: NOON + timedelta(days=days))
signed = st.builds(
    SignedOverride,
    asked_by=people,
    digest=st.sampled_from(["a", "b"]),
    ends_at=moments,
    confirmed_by=st.none() | people,
    is_withdrawn=st.booleans(),
)


@given(signed, st.sampled_from(["a", "b"]), moments)
def test_what_stands_was_signed_by_two_people_for_what_is_there_now_and_has_not_ended(override, digest, now):
    if override_state(override, digest=digest, now=now) is OverrideState.STANDS:
        assert override.confirmed_by not in {None, override.asked_by}
        assert (override.digest, override.is_withdrawn) == (digest, False)
        assert now < override.ends_at


@given(roles, people, st.dictionaries(people, st.just("requester")))
def test_nobody_signs_twice_and_nobody_signs_for_their_own(held, user, barred):
    assert not may_confirm(held, user, barred, asked_by=user)
    assert user not in barred or not (may_ask(held, user, barred) or may_confirm(held, user, barred, asked_by=0))


@given(roles, people)
def test_only_the_roles_of_the_matrix_sign_and_administrators_never(held, user):
    assert may_ask(held, user, {}) == (bool(held & {Role.QUALITY_LEAD, Role.ARCHITECT}) and not _is_voteless(held))
    assert may_confirm(held, user, {}, asked_by=0) == (Role.CHAIR in held and not _is_voteless(held))


def _is_voteless(held):
    return bool(held & {Role.ADMIN, Role.SERVICE})


def test_an_override_ends_within_ninety_days():
    assert end_refused(NOON + LONGEST, NOON) == ""
    assert end_refused(NOON, NOON) == "The end of an override lies in the future."
    assert end_refused(NOON + LONGEST + timedelta(seconds=1), NOON) == "An override ends within 90 days."


@pytest.fixture
def subject(db):
    return Subject("request", uuid4(), SEEN, {})


@pytest.fixture
def lead(person):
    return person("quinn", Role.QUALITY_LEAD)


@pytest.fixture
def chair(person):
    return person("chris", Role.CHAIR)


def ask(subject, scope, actor, **changes):
    given = {
        "check_name": "lint",
        "digest": SEEN,
        "reason": "The linter is wrong here.",
        "ends_at": datetime.now(UTC) + timedelta(days=3),
        "is_interactive": True,
        **changes,
    }
    return override_ask(subject=subject, scope=scope, actor=actor, **given)


def confirm(override, subject, actor, **changes):
    return override_confirm(
        override_id=override.pk, subject=subject, actor=actor, **({"is_interactive": True} | changes)
    )


def standing(subject):
    return set(checks_overridden(subject.kind, subject.id, digest=subject.digest))


def test_two_signatures_let_one_check_pass_and_are_audited(subject, scope, lead, chair):
    override = ask(subject, scope, lead)
    assert standing(subject) == set()
    assert list(overrides_waiting_for(chair, "request")) == [override]
    assert list(overrides_waiting_for(lead, "request")) == []
    confirm(override, subject, chair)
    assert standing(subject) == {"lint"}
    assert list(overrides_waiting_for(chair, "request")) == []
    events = AuditEvent.objects.filter(action__startswith="override.").order_by("sequence")
    assert [(one.action, one.actor_id, one.after_digest) for one in events] == [
        ("override.ask", str(lead.pk), SEEN),
        ("override.confirm", str(chair.pk), SEEN),
    ]
    assert events[0].reason == "The linter is wrong here."


def test_another_commit_or_another_result_is_not_overridden(subject, scope, lead, chair):
    override = ask(subject, scope, lead)
    changed = Subject(subject.kind, subject.id, "b" * 64, {})
    with pytest.raises(ContentChanged):
        confirm(override, changed, chair)
    with pytest.raises(ContentChanged):
        ask(changed, scope, lead)
    confirm(override, subject, chair)
    assert standing(changed) == set()


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.REVIEWER, Role.CHAIR, Role.COMMITTEE, Role.AUDITOR])
def test_other_roles_do_not_sign_first(subject, scope, person, role):
    with pytest.raises(NotAllowed) as refused:
        ask(subject, scope, person("somebody", role))
    assert refused.value.denial.action == "override.ask"


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.REVIEWER, Role.QUALITY_LEAD, Role.ARCHITECT, Role.AUDITOR])
def test_other_roles_do_not_sign_second(subject, scope, lead, person, role):
    with pytest.raises(NotAllowed):
        confirm(ask(subject, scope, lead), subject, person("somebody", role))


def test_one_person_with_both_roles_signs_once(subject, scope, person):
    both = person("both", Role.QUALITY_LEAD, Role.CHAIR)
    override = ask(subject, scope, both)
    with pytest.raises(NotEligible, match="another person"):
        confirm(override, subject, both)


def test_who_has_a_part_in_it_signs_neither(scope, lead, chair):
    subject = Subject("request", uuid4(), SEEN, {lead.pk: "requester of this request", chair.pk: "editor of it"})
    with pytest.raises(NotEligible, match="requester"):
        ask(subject, scope, lead)
    override = ask(Subject("request", subject.id, SEEN, {}), scope, lead)
    with pytest.raises(NotEligible, match="editor"):
        confirm(override, subject, chair)


def test_tokens_and_machines_sign_nothing(subject, scope, lead, chair, person):
    override = ask(subject, scope, lead)
    with pytest.raises(NotInteractive):
        ask(subject, scope, lead, is_interactive=False, check_name="types")
    with pytest.raises(NotInteractive):
        confirm(override, subject, chair, is_interactive=False)
    with pytest.raises(NotInteractive):
        confirm(override, subject, person("bot", Role.CHAIR, is_service=True))


@pytest.mark.parametrize("wrong", [{"reason": " "}, {"ends_at": NOON - timedelta(days=9999)}])
def test_a_reason_and_an_end_are_needed(subject, scope, lead, wrong):
    with pytest.raises(OverrideInvalid):
        ask(subject, scope, lead, **wrong)


def test_it_is_asked_for_and_confirmed_once(subject, scope, lead, chair):
    override = ask(subject, scope, lead)
    with pytest.raises(OverrideClosed):
        ask(subject, scope, lead)
    confirm(override, subject, chair)
    with pytest.raises(OverrideClosed):
        confirm(override, subject, chair)


@pytest.mark.parametrize("by", ["lead", "chair"])
def test_who_signed_and_a_chair_take_it_back(subject, scope, lead, chair, person, by):
    override = ask(subject, scope, lead)
    with pytest.raises(NotAllowed):
        override_withdraw(override_id=override.pk, actor=person("else", Role.QUALITY_LEAD), is_interactive=True)
    confirm(override, subject, chair)
    override_withdraw(override_id=override.pk, actor={"lead": lead, "chair": chair}[by], is_interactive=True)
    assert standing(subject) == set()
    with pytest.raises(OverrideClosed):
        override_withdraw(override_id=override.pk, actor=lead, is_interactive=True)
    assert ask(subject, scope, lead).pk != override.pk


def test_the_database_itself_asks_for_two_people(subject, scope, lead):
    override = ask(subject, scope, lead)
    RoleAssignment.objects.create(user=lead, scope=scope, role=Role.CHAIR.value)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        Override.objects.filter(pk=override.pk).update(confirmed_by=lead, confirmed_at=NOON)


def test_the_database_keeps_what_was_signed(subject, scope, lead, chair):
    override = confirm(ask(subject, scope, lead), subject, chair)
    for change in (
        {"reason": "another"},
        {"ends_at": NOON + timedelta(days=999)},
        {"confirmed_by": None, "confirmed_at": None},
    ):
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            Override.objects.filter(pk=override.pk).update(**change)
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        Override.objects.filter(pk=override.pk).delete()


def test_a_second_account_of_whoever_asked_does_not_confirm(subject, scope, lead, chair):
    override = ask(subject, scope, lead)
    linked(lead, chair)
    with pytest.raises(NotEligible, match="another person's"):
        confirm(override, subject, chair)
    with pytest.raises(IntegrityError, match="another active person"), transaction.atomic():
        Override.objects.filter(pk=override.pk).update(confirmed_by=chair, confirmed_at=datetime.now(UTC))
