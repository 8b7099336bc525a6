"""Waivers, incidents, models, holds, absences and what ends soon: who is told, how often, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse

from apps.console.flows.absences import absences_tell
from apps.console.flows.notifications import RULES, entry_tell
from apps.console.flows.upcoming import UPCOMING_JOB, ends_tell
from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest
from apps.governance.audit_words import audit_words_of
from apps.governance.models import AuditEvent, CodeOwner, GateWaiver, Override, RoleAssignment, Scope, User
from apps.governance.services import (
    audit_record,
    erasure_ask,
    hold_place,
    hold_release,
    hold_release_ask,
    incident_close,
    incident_open,
    retention_ask,
    scope_create,
    token_issue,
    token_rotate,
)
from apps.governance.services.gates import waiver_ask, waiver_confirm, waiver_withdraw
from apps.governance.services.given_passwords import own_password_confirm
from apps.governance.services.profile import absence_declare, password_change
from apps.governance.types import Role
from apps.jobs.engine.notices import Kind, Wish
from apps.jobs.models import Job, Notification
from apps.jobs.services.notifications import notification_choices_save, subject_mute
from apps.providers.models import Provider
from apps.providers.services.approvals import card_digest, model_approve, model_withdraw
from tests.decided import APPROVING, rung_decided
from tests.generation.test_pipeline import CLAMP
from tests.governance.committee import Committee, Figures, committee_make, measures_replaced
from tests.linked import linked
from tests.shop import Role as RoleName
from tests.shop import code, engineer, home, owner, provider, repository, reviewer, scope, server, submit
from tests.told import told

__all__ = ["code", "engineer", "home", "owner", "provider", "repository", "reviewer", "scope", "server", "submit"]

pytestmark = pytest.mark.django_db
MakePerson = Callable[..., User]


@pytest.fixture
def organisation(scope: Scope) -> Scope:
    return scope_create(organisation="Acme", created_by=None)


@pytest.fixture
def person(scope: Scope, organisation: Scope) -> MakePerson:
    """Make an account; ``roles`` are held in the shop repository unless ``where`` says otherwise."""

    def make(name: str, *roles: str, is_owner: bool = False, where: Scope | None = None, **fields: object) -> User:
        user = User.objects.create_user(username=name, password="correct horse battery", **fields)
        RoleAssignment.objects.bulk_create(RoleAssignment(user=user, scope=where or scope, role=role) for role in roles)
        if is_owner:
            CodeOwner.objects.create(scope=scope, user=user)
        return user

    return make


@pytest.fixture
def chair(person: MakePerson, organisation: Scope) -> User:
    return person("chidi", Role.CHAIR, where=organisation)


@pytest.fixture
def admin(person: MakePerson, organisation: Scope) -> User:
    return person("adam", Role.ADMIN, where=organisation)


@pytest.fixture
def tell() -> Callable[[], None]:
    """Tell of what was written into the chain since the last time, as the readers of the chain do."""
    position = {"last": 0}

    def read() -> None:
        for event in AuditEvent.objects.filter(sequence__gt=position["last"]).order_by("sequence"):
            entry_tell(event)
            position["last"] = event.sequence

    return read


def in_days(days: float) -> datetime:
    return now() + timedelta(days=days)


class TestIncidents:
    def test_whoever_may_close_it_is_called_and_whoever_opened_it_hears_the_end(
        self, tell: Callable[[], None], person: MakePerson, scope: Scope, chair: User
    ) -> None:
        lead, erin = person("quinn", Role.QUALITY_LEAD), person("erin", Role.ENGINEER)
        incident = incident_open(scope=scope, title="Prices were halved", severity="high", actor=erin)
        tell()
        assert told(lead) == told(chair) == {"An incident is open: Prices were halved": "your_turn"}
        assert told(erin) == {}
        row = Notification.objects.get(recipient=lead)
        assert (row.text, resolve(row.url).view_name) == ("High severity in Acme/shop.", "governance:incident-list")
        incident_close(incident_id=incident.pk, resolution="A secret cause.", actor=lead)
        tell()
        assert told(chair) == {}
        assert told(erin) == {"The incident was closed: Prices were halved": "platform"}
        assert "secret" not in str(list(Notification.objects.values()))

    def test_whoever_asked_for_the_code_hears_of_an_incident_with_it(
        self,
        tell: Callable[[], None],
        submit: Callable[..., CodeGenerationRequest],
        scope: Scope,
        chair: User,
        engineer: User,
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        incident_open(scope=scope, title="Halved", severity="low", actor=chair, request_id=request.pk)
        tell()
        assert told(engineer) == {"An incident names “Clamp”: Halved": "request_moved"}


class TestWaivers:
    @pytest.fixture
    def committee(self, scope: Scope, organisation: Scope, monkeypatch: pytest.MonkeyPatch) -> Committee:
        figures = Figures()
        measures_replaced(figures, monkeypatch)
        wave = scope_create(organisation="Acme", repository="billing", created_by=None)
        return committee_make(organisation, scope, wave, figures)

    @pytest.fixture
    def waiver(self, committee: Committee, monkeypatch: pytest.MonkeyPatch) -> GateWaiver:
        monkeypatch.setattr("apps.governance.services.gates.waivers._require_waivable", lambda *_: None)
        gate = committee.request()
        wanted = {"gate_id": gate.pk, "key": "flakes", "reason": "A secret.", "ends_at": in_days(30)}
        return waiver_ask(**wanted, actor=committee.lead, is_interactive=True)

    def test_another_signer_is_called_and_everybody_it_concerns_hears_that_it_was_signed(
        self, tell: Callable[[], None], committee: Committee, waiver: GateWaiver
    ) -> None:
        tell()
        title = "Sign a waiver at the gate “Pilot to wave 2”"
        assert told(committee.chair)[title] == "your_turn"
        assert title not in told(committee.lead)
        assert title not in told(committee.people["legal"])
        row = Notification.objects.get(recipient=committee.chair, title=title)
        assert row.url == reverse("governance:gate-detail", args=[waiver.gate_id])
        assert row.text == f"Criterion “Flake rate”, until {waiver.ends_at:%Y-%m-%d}."
        waiver_confirm(waiver_id=waiver.pk, actor=committee.chair, is_interactive=True)
        tell()
        assert title not in told(committee.chair)
        assert told(committee.lead)["A waiver was signed at the gate “Pilot to wave 2”"] == "gate_changed"
        waiver_withdraw(waiver_id=waiver.pk, actor=committee.lead, is_interactive=True)
        tell()
        assert "A waiver was withdrawn at the gate “Pilot to wave 2”" in told(committee.chair)
        assert "secret" not in str(list(Notification.objects.values()))

    def test_its_end_is_told_once_while_the_gate_is_undecided(self, committee: Committee, waiver: GateWaiver) -> None:
        assert ends_tell(in_days(24)) == 0
        waiver_confirm(waiver_id=waiver.pk, actor=committee.chair, is_interactive=True)
        assert ends_tell(in_days(1)) == 0
        assert ends_tell(in_days(24)) == 2
        assert ends_tell(in_days(25)) == 0
        for user in (committee.chair, committee.lead):
            assert told(user)["A waiver ends soon at the gate “Pilot to wave 2”"] == "ends_soon"
        assert ends_tell(in_days(31)) == 0


class TestModels:
    def test_another_administrator_is_called_to_approve_and_who_registered_it_hears_what_became_of_it(
        self, tell: Callable[[], None], person: MakePerson, organisation: Scope, admin: User, engineer: User
    ) -> None:
        second = person("ben", Role.ADMIN, where=organisation)
        twin = person("adam-2", Role.ADMIN, where=organisation)
        linked(admin, twin)
        made = Provider.objects.create(
            name="qwen", kind="openai", model_id="q", base_url="https://example.org/v1", registered_by=admin
        )
        entry: dict[str, Any] = {"object_kind": "provider", "object_id": made.pk, "actor": admin}
        audit_record(action="provider.add", **entry)
        tell()
        assert told(second) == {"Approve the model qwen": "your_turn"}
        assert (told(admin), told(twin), told(engineer)) == ({}, {}, {})
        assert Notification.objects.get().url == reverse("providers:model-list")
        model_approve(provider_id=made.pk, digest=card_digest(made), actor=second, is_interactive=True)
        tell()
        assert told(second) == {}
        assert told(admin) == {"The model qwen was approved": "platform"}
        model_withdraw(provider_id=made.pk, actor=second, is_interactive=True)
        tell()
        assert told(admin) == {"The model qwen is not asked any more: its approval was taken back": "platform"}

    def test_what_comes_with_the_installation_waits_for_nobody(self, tell: Callable[[], None], admin: User) -> None:
        made = Provider.objects.create(name="built in", kind="builtin", model_id="b")
        audit_record(action="provider.add", object_kind="provider", object_id=made.pk, actor=None)
        tell()
        assert told(admin) == {}


class TestRecords:
    def test_a_hold_is_told_to_those_who_keep_records_and_its_end_to_those_who_asked(
        self, tell: Callable[[], None], admin: User, chair: User, scope: Scope, reviewer: User
    ) -> None:
        hold = hold_place(reason="A secret matter.", actor=admin, is_interactive=True, scope=scope)
        tell()
        assert told(chair) == {"A legal hold was placed": "platform"}
        assert told(reviewer) == {}
        hold_release_ask(hold_id=hold.pk, actor=admin, is_interactive=True)
        tell()
        assert told(chair) == {"Sign the release of a legal hold": "your_turn"}
        assert Notification.objects.get(recipient=chair).url == reverse("governance:retention")
        hold_release(hold_id=hold.pk, actor=chair, is_interactive=True)
        tell()
        assert told(chair) == {}
        assert told(admin) == {"A legal hold was released": "platform"}
        assert "secret" not in str(list(Notification.objects.values()))

    def test_retention_and_erasures_wait_for_their_second_signature(
        self, tell: Callable[[], None], admin: User, chair: User, reviewer: User
    ) -> None:
        retention_ask(data_class="webhook_deliveries", days=20, reason="Enough.", actor=admin, is_interactive=True)
        erasure = erasure_ask(person=reviewer, reason="They asked.", actor=admin, is_interactive=True)
        tell()
        assert told(chair) == {
            "Sign for how long records are kept": "your_turn",
            "Sign the erasure of a person": "your_turn",
        }
        urls = set(Notification.objects.filter(recipient=chair).values_list("url", flat=True))
        assert reverse("governance:erasure", args=[erasure.pk]) in urls


class TestAccounts:
    def test_a_person_and_the_chair_hear_that_somebody_else_was_let_into_their_account(
        self, tell: Callable[[], None], client: Client, reviewer: User, chair: User
    ) -> None:
        root = User.objects.create_superuser("root")
        client.force_login(root)
        new = {"password1": "a long phrase of mine", "password2": "a long phrase of mine"}
        assert client.post(reverse("admin:auth_user_password_change", args=[reviewer.pk]), new).status_code == 302
        tell()
        assert told(reviewer) == {"An administrator gave another password to your account": "platform"}
        assert told(chair) == {f"An administrator gave another password to {reviewer.username}": "platform"}
        assert told(root) == {}

    def test_what_one_did_to_the_own_account_is_no_news(self, tell: Callable[[], None], reviewer: User) -> None:
        audit_record(action="person.password", object_kind="user", object_id=reviewer.pk, actor=reviewer)
        tell()
        assert told(reviewer) == {}

    def test_all_who_may_object_hear_of_an_own_password_in_place_of_a_given_one_and_of_its_confirmation(
        self, tell: Callable[[], None], reviewer: User, chair: User
    ) -> None:
        gave, confirms = (User.objects.create_superuser(name) for name in ("gave", "confirms"))
        rows = User.objects.filter(pk=reviewer.pk)
        rows.update(is_password_given=True, password_given_by=gave)
        password_change(user=rows.get(), password="a long phrase of mine")
        tell()
        said = f"{reviewer.username} chose their own password"
        assert told(reviewer) == {}
        assert told(chair) == told(gave) == told(confirms) == {said: "platform"}
        own_password_confirm(user=rows.get(), actor=confirms)
        tell()
        confirmed = f"It was confirmed that {said}"
        assert confirmed in told(reviewer) and confirmed in told(gave)
        assert confirmed not in told(confirms)


class TestEnds:
    def test_a_token_is_told_to_its_owner_once_and_that_of_a_machine_to_administrators(
        self, client: Client, engineer: User, person: MakePerson
    ) -> None:
        root = User.objects.create_superuser("root")
        machine = person("ci", RoleName.SERVICE, is_service=True)
        given = {"name": "laptop", "scopes": ["specs:read"], "lifetime": timedelta(days=60)}
        mine, _ = token_issue(user=engineer, issued_by=engineer, **given)
        token_issue(user=machine, issued_by=root, **given)
        assert ends_tell(in_days(50)) == 0
        assert ends_tell(in_days(55)) == 2
        assert ends_tell(in_days(56)) == 0
        day = f"{mine.expires_at:%Y-%m-%d}"
        assert told(engineer) == {f"Your token “laptop” ends on {day}": "ends_soon"}
        assert told(root) == {f"The token “laptop” of ci ends on {day}": "ends_soon"}
        client.force_login(engineer)
        assert client.get(Notification.objects.get(recipient=engineer).url).status_code == 200

    def test_a_token_that_was_renewed_or_that_lasts_for_hours_is_no_news(self, engineer: User) -> None:
        given = {"user": engineer, "name": "laptop", "scopes": ["specs:read"], "issued_by": engineer}
        old, _ = token_issue(lifetime=timedelta(days=60), **given)
        token_issue(lifetime=timedelta(hours=6), **given)
        token_rotate(token_id=old.pk, overlap=timedelta(days=1), rotated_by=engineer)
        assert ends_tell(now()) == 0

    def test_an_override_is_told_to_its_signatories_while_the_request_is_open(
        self, submit: Callable[..., CodeGenerationRequest], scope: Scope, person: MakePerson, chair: User
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        lead = person("quinn", Role.QUALITY_LEAD)
        made = {"scope": scope, "check_name": "lint", "subject_digest": "0" * 64, "reason": "A secret."}
        Override.objects.create(
            subject_kind="request", subject_id=request.pk, ends_at=in_days(20), asked_by=lead, **made
        )
        Override.objects.update(confirmed_by=chair, confirmed_at=now())
        title = f"An override for “Clamp” ends on {in_days(20):%Y-%m-%d}"
        assert ends_tell(in_days(15)) == 2
        assert told(lead) == told(chair) == {title: "ends_soon"}
        assert Notification.objects.first().url == reverse("generation:request-detail", args=[request.pk])
        Notification.objects.all().delete()
        CodeGenerationRequest.objects.filter(pk=request.pk).update(status="rejected")
        assert ends_tell(in_days(15)) == 0

    def test_the_committee_hears_that_what_it_opened_ends(
        self, organisation: Scope, scope: Scope, chair: User, reviewer: User
    ) -> None:
        rung_decided(scopes=[scope], risk_max="low", expires_at=datetime.now(UTC) + timedelta(days=60))
        assert ends_tell(in_days(40)) == 0
        assert ends_tell(in_days(50)) == 1 + len(APPROVING)
        assert [title.partition(" ends on ")[0] for title in told(chair)] == ["The rung “Wave 2”"]
        assert told(reviewer) == {}

    def test_who_muted_it_or_wants_no_mail_is_left_in_peace(self, engineer: User, settings: Any) -> None:
        settings.NOFX_MAIL_FROM = "nofx@example.org"
        User.objects.filter(pk=engineer.pk).update(email="ada@example.org")
        given = {"user": engineer, "scopes": ["specs:read"], "issued_by": engineer, "lifetime": timedelta(days=60)}
        for name, state in (("one", "digest"), ("two", "none"), ("three", "due")):
            token_issue(name=name, **given)
            ends_tell(in_days(55))
            assert Notification.objects.get(title__contains=name).mail_state == state
            notification_choices_save(
                user=engineer, choices={Kind.ENDS_SOON: Wish.NEVER if name == "one" else Wish.NOW}
            )
        row = Notification.objects.get(title__contains="one")
        subject_mute(user=engineer, notification_id=row.pk)
        Notification.objects.filter(pk=row.pk).delete()
        assert ends_tell(in_days(55)) == 0


class TestAbsences:
    @pytest.fixture
    def architect(self, person: MakePerson) -> User:
        person("quinn", Role.QUALITY_LEAD, Role.REVIEWER)
        person("olu", Role.REVIEWER, is_owner=True)
        return person("arne", Role.ARCHITECT, Role.REVIEWER)

    def away(self, user: User, begins: int, ends: int) -> None:
        today = now().date()
        absence_declare(user=user, starts_on=today + timedelta(days=begins), ends_on=today + timedelta(days=ends))

    def test_who_can_name_others_hears_what_nobody_could_approve(
        self, architect: User, admin: User, chair: User, reviewer: User
    ) -> None:
        today = now().date()
        assert absences_tell(today) == 0
        self.away(architect, 3, 9)
        assert absences_tell(today) == 2
        title = "While people are away nobody could approve high risk in Acme/shop"
        assert told(admin) == told(chair) == {title: "your_turn"}
        assert (told(architect), told(reviewer)) == ({}, {})
        row = Notification.objects.get(recipient=admin)
        days = f"{today + timedelta(days=3)} to {today + timedelta(days=9)}"
        assert row.text == f"Missing: high risk in Acme/shop, {days}: an architect."
        assert resolve(row.url).view_name == "governance:policy-list"
        assert absences_tell(today) == 0

    def test_it_is_over_when_somebody_else_is_there_and_news_when_it_begins_again(
        self, architect: User, admin: User, person: MakePerson
    ) -> None:
        self.away(architect, 3, 9)
        absences_tell(now().date())
        second = person("arthur", Role.ARCHITECT, Role.REVIEWER)
        assert absences_tell(now().date()) == 0
        assert told(admin) == {}
        RoleAssignment.objects.filter(user=second).delete()
        assert absences_tell(now().date()) == 1

    def test_what_nobody_could_approve_anyhow_and_what_is_far_off_is_no_news(
        self, architect: User, admin: User, person: MakePerson
    ) -> None:
        self.away(architect, 40, 50)
        assert absences_tell(now().date()) == 0
        RoleAssignment.objects.filter(role=Role.QUALITY_LEAD.value).delete()
        self.away(architect, 0, 5)
        assert absences_tell(now().date()) == 0

    def test_two_who_are_away_at_once_leave_a_gap_that_neither_leaves_alone(
        self, architect: User, admin: User, person: MakePerson
    ) -> None:
        second = person("arthur", Role.ARCHITECT, Role.REVIEWER)
        self.away(architect, 1, 10)
        assert absences_tell(now().date()) == 0
        self.away(second, 8, 20)
        assert absences_tell(now().date()) == 1
        begins, ends = (now().date() + timedelta(days=days) for days in (8, 10))
        assert f"{begins} to {ends}: an architect" in Notification.objects.get(recipient=admin).text

    def test_declaring_one_has_it_looked_at_at_once(self, tell: Callable[[], None], architect: User) -> None:
        self.away(architect, 3, 9)
        tell()
        assert Job.objects.filter(kind=UPCOMING_JOB, subject_kind="platform").count() == 1


def test_every_rule_is_about_an_action_that_is_written() -> None:
    assert [action for action in RULES if audit_words_of(action) is None] == []


def test_each_kind_of_news_can_be_chosen_in_the_settings(client: Client, engineer: User) -> None:
    client.force_login(engineer)
    url = reverse("jobs:notification-settings")
    page = client.get(url).content.decode()
    assert "Something that you answer for ends soon" in page
    said = {kind.value: Wish.NEVER.value for kind in Kind}
    assert client.post(url, said).status_code == 302
    assert not Notification.objects.exists()
    assert engineer.notification_choices.filter(mail="never").count() == len(Kind)
