"""Whoever holds the committee's security seat suspends, and nothing resumes over their "not yet"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import Absence, Gate, RoleAssignment, Scope, Suspension, User
from apps.governance.selectors.committee import security_sitters
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


def test_the_newest_seating_says_who_it_is(committee: Committee, seated: Gate, person: MakePerson) -> None:
    after = person("after", Role.COMMITTEE, where=committee.organisation)
    holders = {**{key: [user] for key, user in committee.people.items()}, "security": [after]}
    gate = committee.request()
    gate_seat(gate_id=gate.pk, sitting=Sitting(holders), actor=committee.chair, is_interactive=True)
    assert names(committee.organisation) == ["after"]


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
