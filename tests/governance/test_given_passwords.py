"""A password that somebody else knows opens nothing but the choice of another one, and casts no ballot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.errors import PasswordGiven
from apps.governance.models import AuditEvent, Ballot, Scope, User
from apps.governance.services import ballot_cast, token_sign_in
from apps.governance.types import Role, Subject, Verdict
from tests.people import PASSWORD, MakePerson, signed_in

pytestmark = pytest.mark.django_db

GIVEN, OWN = "plum under seven ladders", "quiet harbour of nine clocks"
PAGE = "/profile/password"


@pytest.fixture
def admin(person: MakePerson) -> User:
    return person("root", is_superuser=True, is_staff=True)


@pytest.fixture
def voter(person: MakePerson, admin: User) -> User:
    user = person("vera", Role.REVIEWER)
    answer = signed_in(admin).post(
        f"/admin/governance/user/{user.pk}/password/",
        {"password1": GIVEN, "password2": GIVEN, "usable_password": "true", "set-password": "1"},
    )
    assert answer.status_code == 302, answer.content
    user.refresh_from_db()
    return user


def browser_of(username: str, password: str) -> Client:
    browser = Client()
    assert browser.post(reverse("login"), {"login": username, "password": password}).status_code == 302
    return browser


def cast(voter: User, scope: Scope) -> Ballot:
    subject = Subject("request", uuid4(), "d" * 64, {}, {})
    return ballot_cast(
        subject=subject, scope=scope, voter=voter, verdict=Verdict.APPROVE, digest="d" * 64, is_interactive=True
    )


def choose(browser: Client, password: str) -> Any:
    return browser.post(PAGE, {"new_password": password, "again": password})


@pytest.mark.parametrize("path", ["/", "/requests", "/governance", "/profile", "/profile/tokens"])
def test_after_a_reset_every_page_leads_to_choosing_a_password(voter: User, path: str) -> None:
    browser = browser_of("vera", GIVEN)
    assert browser.get(path)["Location"] == PAGE
    page = browser.get(PAGE).content.decode()
    assert "Choose your own password" in page and "An administrator gave you the password" in page


def test_an_account_that_an_administrator_makes_begins_there_too(admin: User) -> None:
    said = {"username": "nora", "usable_password": "true", "password1": GIVEN, "password2": GIVEN}
    assert signed_in(admin).post("/admin/governance/user/add/", said).status_code == 302
    browser = browser_of("nora", GIVEN)
    assert browser.get("/")["Location"] == PAGE
    assert "the password that you were given" in choose(browser, GIVEN).content.decode()
    assert choose(browser, OWN).status_code == 302
    assert browser.get("/profile").status_code == 200
    assert browser_of("nora", OWN).get("/profile").status_code == 200


def test_an_account_for_a_single_sign_on_has_nothing_to_choose(admin: User) -> None:
    said = {"username": "olga", "usable_password": "false"}
    assert signed_in(admin).post("/admin/governance/user/add/", said).status_code == 302
    assert not User.objects.get(username="olga").is_password_given


def test_no_ballot_is_taken_before_and_the_refusal_says_the_way_on(voter: User, scope: Scope) -> None:
    with pytest.raises(PasswordGiven, match="could vote with it") as caught:
        cast(voter, scope)
    assert "Choose your own in your profile" in caught.value.remedy
    assert caught.value.denial is not None and caught.value.denial.action == "ballot.cast"
    assert "a day later, or once an administrator confirms it" in caught.value.remedy


@pytest.fixture
def own(voter: User) -> User:
    choose(browser_of("vera", GIVEN), OWN)
    voter.refresh_from_db()
    return voter


def confirm(actor: User, user: User) -> int:
    said = {"action": "confirm_own_passwords", "_selected_action": [str(user.pk)]}
    return signed_in(actor).post(reverse("admin:governance_user_changelist"), said).status_code


def test_who_chose_their_own_votes_a_day_later(own: User, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PasswordGiven, match="could have chosen it") as caught:
        cast(own, scope)
    assert own.votes_from is not None and f"{own.votes_from:%Y-%m-%d %H:%M} UTC" in caught.value.remedy
    assert timedelta(hours=23, minutes=50) < own.votes_from - now() <= timedelta(hours=24)
    monkeypatch.setattr("apps.governance.services.given_passwords.now", lambda: now() + timedelta(hours=25))
    with pytest.raises(DatabaseError, match="no ballot for a day"), transaction.atomic():
        cast(own, scope)


def test_or_once_another_administrator_confirmed_it(own: User, admin: User, person: MakePerson, scope: Scope) -> None:
    other = person("ruth", is_superuser=True, is_staff=True)
    assert confirm(admin, own) == 403
    assert confirm(other, own) == 302
    own.refresh_from_db()
    assert cast(own, scope).verdict == "approve"
    event = AuditEvent.objects.get(action="own_password.confirm", outcome="done")
    assert (event.actor_id, event.object_id) == (str(other.pk), str(own.pk))
    assert AuditEvent.objects.get(action="own_password.confirm", outcome="denied").actor_id == str(admin.pk)


def test_no_statement_shortens_the_wait_or_confirms_for_who_gave_it(own: User, admin: User, person: MakePerson) -> None:
    stranger = person("sven", Role.CHAIR)
    rows = User.objects.filter(pk=own.pk)
    rows.update(votes_from=None, password_given_by=None)
    kept = rows.get()
    assert (kept.votes_from, kept.password_given_by) == (own.votes_from, admin)
    for confirmer in (admin, stranger, own):
        with pytest.raises(DatabaseError, match="Another administrator"), transaction.atomic():
            rows.update(votes_confirmed_by=confirmer)


def test_a_password_nobody_knows_the_giver_of_is_confirmed_by_nobody(
    own: User, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=own.pk).update(is_password_given=True, password="unknown", password_given_by=None)
    User.objects.filter(pk=own.pk).update(is_password_given=False, password="own")
    assert confirm(person("ruth", is_superuser=True, is_staff=True), own) == 403


def test_the_api_is_closed_to_it(voter: User) -> None:
    answer = browser_of("vera", GIVEN).get("/api/v1/scopes")
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in.password_given")
    said = {"username": "vera", "password": GIVEN, "name": "laptop", "scopes": ["requests:read"], "lifetime": None}
    with pytest.raises(PasswordGiven, match="gave you this password"):
        token_sign_in(**said)


def test_an_administrator_changes_their_own_password_in_the_profile(admin: User) -> None:
    assert signed_in(admin).get(f"/admin/governance/user/{admin.pk}/password/")["Location"] == PAGE
    choose(signed_in(admin), OWN)
    admin.refresh_from_db()
    assert admin.check_password(OWN) and not admin.is_password_given


def test_an_administrator_who_was_given_a_password_and_needs_an_app_does_one_after_the_other(
    voter: User, settings: Any
) -> None:
    settings.NOFX_REQUIRE_TOTP = "all"
    browser = browser_of("vera", GIVEN)
    assert browser.get("/")["Location"] == PAGE
    assert browser.get(PAGE).status_code == 200
    choose(browser, OWN)
    assert browser.get("/")["Location"] == reverse("governance:second-factor")


def test_the_chain_has_who_gave_it_and_who_chose(voter: User, admin: User) -> None:
    choose(browser_of("vera", GIVEN), OWN)
    events = AuditEvent.objects.filter(action="person.password", object_id=str(voter.pk)).order_by("sequence")
    assert [one.actor_id for one in events] == [str(admin.pk), str(voter.pk)]


def test_no_statement_makes_it_the_persons_own_or_votes_with_it(voter: User, scope: Scope) -> None:
    with pytest.raises(DatabaseError, match="own only once it is another one"), transaction.atomic():
        User.objects.filter(pk=voter.pk).update(is_password_given=False)
    with pytest.raises(DatabaseError, match="chosen their own"), transaction.atomic():
        Ballot.objects.create(
            subject_kind="request",
            subject_id=uuid4(),
            subject_digest="d" * 64,
            scope=scope,
            voter=voter,
            verdict="approve",
        )


def test_somebodys_own_password_changes_nothing(person: MakePerson) -> None:
    person("anna")
    assert browser_of("anna", PASSWORD).get("/profile").status_code == 200
