"""Whose account was closed while their page was open is refused with a sentence, and the refusal is in the chain."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.types import Role
from tests.people import PASSWORD, MakePerson, signed_in

pytestmark = pytest.mark.django_db

VOTES = {
    "generation:verdict": ("ballot.cast", "request"),
    "governance:gate-ballot": ("gate.vote", "gate"),
    "governance:suspension-vote": ("suspension.vote", "suspension"),
}


def closed(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.fixture
def member(person: MakePerson) -> User:
    return person("member", Role.COMMITTEE)


def told(browser: Client, path: str, **headers: str) -> str:
    answer = browser.post(path, {"verdict": "approve"}, headers=headers)
    return f"{answer.status_code} {answer.content.decode()} {answer.headers.get('HX-Trigger', '')}"


@pytest.mark.parametrize("view", VOTES)
def test_a_ballot_of_a_closed_account_is_refused_and_recorded(member: User, view: str) -> None:
    browser, subject = signed_in(member), uuid4()
    closed(member)
    answer = told(browser, reverse(view, args=[subject]))
    assert answer.startswith("403") and "Your account was closed, so nothing of this was taken." in answer
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.object_kind) == VOTES[view]
    assert (event.object_id, event.outcome, event.actor_id) == (str(subject), "denied", str(member.pk))
    assert event.session_digest and not Ballot.objects.exists()


def test_whatever_else_it_sends_is_recorded_by_its_address(member: User) -> None:
    browser = signed_in(member)
    closed(member)
    path = reverse("governance:policy-publish", args=[uuid4()])
    assert "Your account was closed" in told(browser, path, **{"HX-Request": "true"})
    answer = browser.post("/api/governance/suspensions", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "account.closed")
    events = AuditEvent.objects.filter(action="address.use", outcome="denied", actor_id=str(member.pk))
    assert {one.detail["path"] for one in events} == {path, "/api/governance/suspensions"}


def test_reading_leads_to_the_sign_in_page_and_is_no_refusal(member: User) -> None:
    browser = signed_in(member)
    closed(member)
    assert browser.get("/governance").status_code == 302
    assert not AuditEvent.objects.filter(outcome="denied").exists()


@pytest.mark.parametrize("path", ["/governance/gates/new", "/api/governance/suspensions"])
def test_a_page_of_somebody_elses_records_nothing_in_their_name(member: User, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    closed(member)
    assert browser.post(path, {}, content_type="application/json").status_code in {401, 403}
    assert not AuditEvent.objects.filter(outcome="denied", actor_id=str(member.pk)).exists()


def test_a_session_from_before_another_password_is_nobodys(member: User) -> None:
    browser = signed_in(member)
    member.set_password(PASSWORD + " again")
    member.save()
    closed(member)
    assert browser.post(reverse("generation:verdict", args=[uuid4()])).status_code == 302
    assert not AuditEvent.objects.filter(outcome="denied").exists()
