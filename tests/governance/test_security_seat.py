"""Whoever holds the committee's security seat suspends, and nothing resumes over their "not yet"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import Absence, Ballot, Gate, RoleAssignment, Scope, Suspension, User
from apps.governance.selectors.committee import resuming_sitters, security_sitters
from apps.governance.selectors.suspensions import scopes_suspendable
from apps.governance.services import NotAllowed, generation_suspend, suspension_explain, suspension_vote
from apps.governance.services.gates import Sitting, gate_seat
from apps.governance.types import DecisionState, Role, Verdict
from tests.governance.committee import Committee

pytestmark = pytest.mark.django_db
MakePerson = Callable[..., User]


@pytest.fixture
def seated(committee: Committee) -> Gate:
    return committee.seat(committee.request())


def suspend(committee: Committee, actor: User, kind: str = "everything") -> Suspension:
    place = committee.pilot if kind == "repository" else committee.organisation
    return generation_suspend(kind=kind, scope=place, actor=actor, model="qwen" if kind == "model" else "")


def vote(suspension: Suspension, voter: User, verdict: Verdict = Verdict.APPROVE) -> DecisionState:
    suspension.refresh_from_db()
    return suspension_vote(
        suspension_id=suspension.pk,
        voter=voter,
        verdict=verdict,
        digest=suspension.content_digest,
        rationale="So it is.",
        is_interactive=True,
    ).state


def names(scope: Scope) -> list[str]:
    return [member.name for member in security_sitters(scope)]


@pytest.mark.parametrize("kind", ["everything", "model", "repository"])
def test_its_holder_suspends_anything_and_gives_the_reason(committee: Committee, seated: Gate, kind: str) -> None:
    holder = committee.people["security"]
    made = suspend(committee, holder, kind)
    assert made.suspended_by == holder
    assert suspension_explain(suspension_id=made.pk, reason="A leak.", actor=holder).reason == "A leak."


def test_nobody_else_of_the_committee_does_and_nobody_before_the_seat_is_filled(committee: Committee) -> None:
    for _ in range(2):
        for key, user in committee.people.items():
            if key not in {"chair", "security"}:
                with pytest.raises(NotAllowed, match="may not suspend"):
                    suspend(committee, user)
        if not Gate.objects.exists():
            with pytest.raises(NotAllowed):
                suspend(committee, committee.people["security"])
            committee.seat(committee.request())


def test_who_left_the_committee_holds_no_seat_of_it(committee: Committee, seated: Gate) -> None:
    holder = committee.people["security"]
    RoleAssignment.objects.filter(user=holder).update(role=Role.ENGINEER.value)
    with pytest.raises(NotAllowed):
        suspend(committee, holder)
    assert not scopes_suspendable(holder).exists()


def test_an_alternate_sits_there_while_the_holder_is_away(committee: Committee, person: MakePerson) -> None:
    stand_in = person("stand-in", Role.COMMITTEE, where=committee.organisation)
    committee.seat(committee.request(), alternates={"security": [stand_in]})
    assert names(committee.organisation) == ["security"]
    with pytest.raises(NotAllowed):
        suspend(committee, stand_in)
    today = now().date()
    Absence.objects.create(
        user=committee.people["security"], starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=2)
    )
    assert names(committee.organisation) == ["security", "stand-in"]
    assert suspend(committee, stand_in).suspended_by == stand_in


def test_the_newest_seating_says_who_it_is(committee: Committee, seated: Gate, after: User) -> None:
    seat_another(committee, committee.request(), after)


def test_another_organisation_is_none_of_theirs(committee: Committee, seated: Gate) -> None:
    elsewhere = Scope.objects.create(organisation=type(committee.organisation.organisation).objects.create(name="B"))
    holder = committee.people["security"]
    RoleAssignment.objects.create(user=holder, scope=elsewhere, role=Role.COMMITTEE.value)
    with pytest.raises(NotAllowed):
        generation_suspend(kind="everything", scope=elsewhere, actor=holder)
    assert {scope.organisation.name for scope in scopes_suspendable(holder)} == {"Acme"}


def test_nothing_resumes_over_their_not_yet_until_they_say_otherwise(committee: Committee, seated: Gate) -> None:
    made = suspend(committee, committee.chair)
    holder = committee.people["security"]
    assert vote(made, holder, Verdict.REQUEST_CHANGES) is DecisionState.REJECTED
    assert vote(made, committee.chair) is DecisionState.REJECTED
    assert vote(made, committee.people["legal"]) is DecisionState.REJECTED
    made.refresh_from_db()
    assert made.resumed_at is None
    assert vote(made, holder) is DecisionState.APPROVED
    made.refresh_from_db()
    assert made.resumed_at is not None


def seat_another(committee: Committee, gate: Gate, user: User) -> None:
    """Let the chair seat *user* for security, as they may at any gate that is no vote yet."""
    holders = {**{key: [one] for key, one in committee.people.items()}, "security": [user]}
    gate_seat(gate_id=gate.pk, sitting=Sitting(holders), actor=committee.chair, is_interactive=True)
    assert names(committee.organisation) == [user.username]


def resume_by_sql(suspension: Suspension) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_suspension SET resumed_at = now() WHERE id = %s", [suspension.pk])


@pytest.fixture
def vetoed(committee: Committee, seated: Gate) -> Suspension:
    made = suspend(committee, committee.chair)
    vote(made, committee.people["security"], Verdict.REQUEST_CHANGES)
    return made


@pytest.fixture
def after(person: MakePerson, organisation: Scope) -> User:
    return person("after", Role.COMMITTEE, where=organisation)


@pytest.mark.parametrize("is_same_gate", [True, False])
def test_seating_somebody_else_ends_no_veto(
    committee: Committee, seated: Gate, vetoed: Suspension, after: User, is_same_gate: bool
) -> None:
    seat_another(committee, seated if is_same_gate else committee.request(), after)
    assert vote(vetoed, committee.chair) is DecisionState.REJECTED
    assert vote(vetoed, after) is DecisionState.REJECTED
    with pytest.raises(DatabaseError, match="while a veto of the security seat stands"):
        resume_by_sql(vetoed)
    assert vote(vetoed, committee.people["security"], Verdict.REQUEST_CHANGES) is DecisionState.REJECTED
    assert vote(vetoed, committee.people["security"]) is DecisionState.APPROVED


@pytest.mark.parametrize("is_same_gate", [True, False])
def test_seating_somebody_else_before_the_first_veto_takes_it_from_nobody(
    committee: Committee, seated: Gate, after: User, is_same_gate: bool
) -> None:
    made = suspend(committee, committee.chair)
    seat_another(committee, seated if is_same_gate else committee.request(), after)
    assert {one.name for one in resuming_sitters(made)} == {"security", "after"}
    vote(made, committee.chair)
    assert vote(made, committee.people["security"], Verdict.REQUEST_CHANGES) is DecisionState.REJECTED
    assert Ballot.objects.filter(verdict="block").count() == 1
    assert vote(made, after) is DecisionState.REJECTED
    with pytest.raises(DatabaseError, match="while a veto of the security seat stands"):
        resume_by_sql(made)


def test_an_alternate_of_the_seat_as_it_was_stands_in_for_its_holder(
    committee: Committee, after: User, person: MakePerson
) -> None:
    stand_in = person("stand-in", Role.COMMITTEE, where=committee.organisation)
    gate = committee.seat(committee.request(), alternates={"security": [stand_in]})
    made = suspend(committee, committee.chair)
    seat_another(committee, gate, after)
    assert vote(made, stand_in, Verdict.REQUEST_CHANGES) is DecisionState.PENDING
    today = now().date()
    Absence.objects.create(
        user=committee.people["security"], starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=2)
    )
    assert vote(made, stand_in, Verdict.REQUEST_CHANGES) is DecisionState.REJECTED


def test_who_left_the_committee_has_no_veto_that_they_did_not_cast(
    committee: Committee, seated: Gate, after: User
) -> None:
    made = suspend(committee, committee.chair)
    RoleAssignment.objects.filter(user=committee.people["security"]).delete()
    assert resuming_sitters(made) == []
    seat_another(committee, committee.request(), after)
    assert [one.name for one in resuming_sitters(made)] == ["after"]


def test_no_statement_says_who_sat_there(committee: Committee, seated: Gate, after: User) -> None:
    place = Scope.objects.get(pk=committee.organisation.pk)
    made = Suspension.objects.create(
        kind="model",
        scope=place,
        model="qwen",
        suspended_by=committee.chair,
        content_digest="d",
        security={"holders": [after.pk], "alternates": []},
    )
    made.refresh_from_db()
    assert made.security == {"holders": [committee.people["security"].pk], "alternates": []}
    with pytest.raises(DatabaseError, match="never changed otherwise"), transaction.atomic():
        Suspension.objects.filter(pk=made.pk).update(security={})


def test_a_veto_outlives_the_role_of_whoever_cast_it_and_not_their_account(
    committee: Committee, seated: Gate, vetoed: Suspension, after: User
) -> None:
    holder = committee.people["security"]
    RoleAssignment.objects.filter(user=holder).delete()
    vote(vetoed, committee.chair)
    assert vote(vetoed, after) is DecisionState.REJECTED
    with pytest.raises(DatabaseError, match="while a veto"):
        resume_by_sql(vetoed)
    User.objects.filter(pk=holder.pk).update(is_active=False)
    assert vote(vetoed, committee.people["legal"]) is DecisionState.APPROVED


def test_whoever_holds_the_seat_after_a_closed_account_decides(
    committee: Committee, seated: Gate, vetoed: Suspension, after: User
) -> None:
    User.objects.filter(pk=committee.people["security"].pk).update(is_active=False)
    seat_another(committee, committee.request(), after)
    vote(vetoed, committee.chair)
    assert vote(vetoed, after, Verdict.REQUEST_CHANGES) is DecisionState.REJECTED
    assert vote(vetoed, committee.people["legal"]) is DecisionState.REJECTED


def test_a_reason_that_comes_after_voids_no_veto(committee: Committee, vetoed: Suspension) -> None:
    suspension_explain(suspension_id=vetoed.pk, reason="A leak.", actor=committee.chair)
    vote(vetoed, committee.chair)
    assert vote(vetoed, committee.people["legal"]) is DecisionState.REJECTED
    with pytest.raises(DatabaseError, match="while a veto"):
        resume_by_sql(vetoed)


def test_no_statement_takes_a_veto_away(committee: Committee, vetoed: Suspension) -> None:
    for voter in (committee.chair, committee.people["legal"]):
        vote(vetoed, voter)
    Ballot.objects.filter(verdict="block").update(voided_at=now(), void_reason="Let us go on.")
    with pytest.raises(DatabaseError, match="while a veto of the security seat stands"):
        resume_by_sql(vetoed)
    assert vote(vetoed, committee.people["legal"]) is DecisionState.REJECTED


def test_nobody_besides_the_seat_vetoes(committee: Committee, seated: Gate) -> None:
    made = suspend(committee, committee.chair)
    vote(made, committee.people["legal"], Verdict.BLOCK)
    assert Ballot.objects.get().verdict == Verdict.REQUEST_CHANGES.value
    with pytest.raises(DatabaseError, match="Only whoever sits on the security seat"), transaction.atomic():
        Ballot.objects.create(
            subject_kind="suspension",
            subject_id=made.pk,
            subject_digest=made.content_digest,
            scope=made.scope,
            voter=committee.people["quality"],
            verdict="block",
            rationale="I say so.",
        )


def test_the_page_names_whoever_vetoed_and_who_takes_it_back(
    client: Client, committee: Committee, seated: Gate, vetoed: Suspension, after: User
) -> None:
    seat_another(committee, committee.request(), after)
    client.force_login(committee.people["legal"])
    page = client.get(reverse("governance:ladder")).content.decode()
    assert "security vetoed: So it is." in page
    assert "A veto stands until whoever cast it says otherwise, or their account is closed." in page


def test_the_objection_of_another_member_stops_nothing(committee: Committee, seated: Gate) -> None:
    made = suspend(committee, committee.people["security"])
    vote(made, committee.people["legal"], Verdict.REQUEST_CHANGES)
    vote(made, committee.chair)
    assert vote(made, committee.people["security"]) is DecisionState.APPROVED


def test_the_page_offers_it_to_them_and_names_them_beside_the_vote(
    client: Client, committee: Committee, seated: Gate
) -> None:
    client.force_login(committee.people["legal"])
    assert "Suspend now" not in client.get(reverse("governance:ladder")).content.decode()
    client.force_login(committee.people["security"])
    assert "Suspend now" in client.get(reverse("governance:ladder")).content.decode()
    said = {"kind": "everything", "scope": committee.organisation.pk}
    assert client.post(reverse("governance:ladder-suspend"), said).status_code == 302
    page = client.get(reverse("governance:ladder")).content.decode()
    assert "security holds the security seat: nothing resumes over their “not yet”." in page
