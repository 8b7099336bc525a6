"""What a gate refuses, and that each refusal says why, changes nothing, and is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.errors import AlreadyVoted, GateBlocked, GateClosed
from apps.governance.models import (
    AuditEvent,
    Ballot,
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
    Rung,
    User,
)
from apps.governance.services.gates import (
    evidence_read,
    gate_close,
    gate_open,
    gate_withdraw,
)
from tests.decided import rung_decided
from tests.governance.committee import GOOD, acme_committee
from tests.governance.test_gate_definitions import PATH, definition_words
from tests.linked import linked

EVERY_SEAT = ("chair", "engineering", "security", "quality", "legal", "independent")


def client_of(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


def ballot_by(user, gate, **changes):
    given = {"digest": gate.digest, "choice": "approve", "rationale": "Fine.", **changes}
    return client_of(user).post(reverse("governance:gate-ballot", args=[gate.pk]), given)


def change(gate, **fields):
    Gate.objects.filter(pk=gate.pk).update(**fields)


# --- Ballots ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "before", "sent", "status", "words"),
    [
        ("legal", lambda gate, them: them.vote(gate, "legal"), {}, 409, "You have voted on this already"),
        ("legal", lambda gate, _: change(gate, closes_at=now() - timedelta(seconds=1)), {}, 409, "time of this vote"),
        ("legal", lambda *_: None, {"digest": "0" * 64}, 409, "changed while you were reading"),
        ("legal", lambda gate, _: change(gate, evidence_changed="Changed: lint."), {}, 409, "Changed: lint."),
        ("lead", lambda *_: None, {}, 403, "You have no seat on this gate"),
        ("requester", lambda *_: None, {}, 403, "You have no seat on this gate"),
        (
            "legal",
            lambda gate, them: gate_withdraw(gate_id=gate.pk, reason="Later.", actor=them.chair, is_interactive=True),
            {},
            409,
            "withdrawn",
        ),
    ],
    ids=["twice", "late", "stale", "evidence changed", "no seat", "requester", "withdrawn"],
)
def test_a_bad_ballot_is_refused_with_its_reason_and_recorded(committee, who, before, sent, status, words):
    gate = committee.opened()
    before(gate, committee)
    there = Ballot.objects.count()
    user = {**committee.people, "lead": committee.lead, "requester": committee.requester}[who]
    answer = ballot_by(user, gate, **sent)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert Ballot.objects.count() == there
    refused = AuditEvent.objects.get(outcome="denied", object_kind="gate")
    assert (refused.actor_id, refused.object_id) == (str(user.pk), str(gate.pk))


def test_a_ballot_of_an_account_that_was_closed_meanwhile_is_refused_and_recorded(committee):
    gate, member = committee.opened(), committee.people["legal"]
    client = client_of(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    given = {"digest": gate.digest, "choice": "approve", "rationale": "Fine."}
    answer = client.post(reverse("governance:gate-ballot", args=[gate.pk]), given)
    assert answer.status_code == 403 and "Your account was closed" in answer.content.decode()
    assert not Ballot.objects.exists()
    refused = AuditEvent.objects.get(outcome="denied")
    assert (refused.action, refused.actor_id, refused.object_id) == ("gate.vote", str(member.pk), str(gate.pk))


def test_a_ballot_without_the_token_of_its_page_is_refused_and_recorded(committee):
    gate = committee.opened()
    client = client_of(committee.chair, enforce_csrf_checks=True)
    path = reverse("governance:gate-ballot", args=[gate.pk])
    given = {"digest": gate.digest, "choice": "approve", "rationale": "Fine."}
    assert client.post(path, given).status_code == 403
    assert not Ballot.objects.exists()
    refused = AuditEvent.objects.get(outcome="denied")
    assert (refused.actor_id, refused.object_id) == (str(committee.chair.pk), path)


def test_accounts_that_are_one_persons_cast_one_ballot(committee):
    gate = committee.opened()
    linked(committee.people["legal"], committee.people["independent"])
    committee.vote(gate, "legal")
    with pytest.raises(AlreadyVoted):
        committee.vote(gate, "independent")


# --- At the same instant ---------------------------------------------------------------------------------------------


@pytest.fixture
def committed(transactional_db, monkeypatch):
    """A committee that other threads see."""
    return acme_committee(monkeypatch)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do *actions* in a thread each, together, and return what came of them: a value, or what was raised."""
    start = threading.Barrier(len(actions), timeout=20)
    found: list[object] = [None] * len(actions)

    def work(at: int, action: Callable[[], object]) -> None:
        try:
            start.wait()
            found[at] = action()
        except (AlreadyVoted, GateClosed) as refusal:
            found[at] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=one) for one in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_two_tabs_at_the_same_instant_cast_one_ballot(committed):
    gate = committed.opened()
    found = at_once(*(lambda: committed.vote(gate.__class__.objects.get(pk=gate.pk), "legal") for _ in range(2)))
    assert sorted(type(one).__name__ for one in found) == ["AlreadyVoted", "Ballot"]
    assert Ballot.objects.count() == 1


def test_two_closes_at_the_same_instant_decide_once_and_grant_once(committed):
    gate = committed.opened()
    for seat in EVERY_SEAT:
        committed.vote(gate, seat)
    found = at_once(
        *(lambda: gate_close(gate_id=gate.pk, actor=committed.chair, is_interactive=True) for _ in range(2))
    )
    assert sorted(type(one).__name__ for one in found) == ["GateClosed", "GateDecision"]
    assert Rung.objects.count() == 1


# --- An administrator who edits rows ---------------------------------------------------------------------------------

MODELS = (
    Ballot,
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
    Rung,
)


def test_the_admin_site_changes_adds_and_removes_nothing_of_a_gate_and_records_it(committee, scope, db):
    client_of(committee.lead).post(PATH, definition_words(committee))
    gate = Gate.objects.get(pk=rung_decided(scopes=[scope]).gate_id)
    GateWaiver.objects.create(
        gate=committee.request(), key="lint", reason="r", ends_at=now() + timedelta(days=1), asked_by=committee.lead
    )
    root = client_of(User.objects.create_superuser("root", password="correct horse battery"))
    for model in MODELS:
        assert model in admin.site._registry
        name, row = model._meta.model_name, model.objects.first()
        before = list(model.objects.order_by("pk").values())
        for path in (
            reverse(f"admin:governance_{name}_change", args=[row.pk]),
            reverse(f"admin:governance_{name}_delete", args=[row.pk]),
            reverse(f"admin:governance_{name}_add"),
        ):
            assert root.post(path, {"state": "approved", "post": "yes"}).status_code == 403, path
        chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        root.post(reverse(f"admin:governance_{name}_changelist"), chosen)
        assert list(model.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.filter(outcome="denied", actor_id=str(root.session["_auth_user_id"])).count() >= 30
    assert gate.state == "approved"


def test_an_administrator_takes_no_seat_and_casts_no_ballot(committee, organisation, person):
    gate = committee.opened()
    root = User.objects.create_superuser("root", password="correct horse battery")
    assert ballot_by(root, gate).status_code in {403, 404}
    with pytest.raises(Error, match="Only whoever sits"), transaction.atomic():
        Ballot.objects.create(
            subject_kind="gate",
            subject_id=gate.pk,
            subject_digest=gate.digest,
            scope=gate.scope,
            voter=root,
            verdict="approve",
            rationale="r",
        )


# --- Clocks ----------------------------------------------------------------------------------------------------------


def jump(monkeypatch, **delta):
    """Let the clock of the platform, not that of the database, say another time."""
    moment = now() + timedelta(**delta)
    for module in ("freezing", "votes", "requests", "waivers", "evidence"):
        monkeypatch.setattr(f"apps.governance.services.gates.{module}.now", lambda: moment)


@pytest.mark.parametrize("delta", [{"hours": -2}, {"days": -30}, {"hours": 2}], ids=["back", "far back", "ahead"])
def test_a_clock_that_jumped_opens_no_vote_on_evidence_of_another_time(committee, monkeypatch, delta):
    gate = committee.request()
    committee.seat(gate)
    evidence_read(gate_id=gate.pk, asked_by=None)
    jump(monkeypatch, **delta)
    with pytest.raises(GateBlocked) as refused:
        gate_open(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    assert "not read within the last hour" in str(refused.value) and refused.value.denial is not None


@pytest.mark.parametrize("delta", [{"hours": -2}, {"hours": 2}], ids=["back", "ahead"])
def test_a_clock_that_jumped_decides_nothing(committee, monkeypatch, delta):
    gate = committee.opened()
    for seat in EVERY_SEAT:
        committee.vote(gate, seat)
    jump(monkeypatch, **delta)
    with pytest.raises(GateBlocked):
        gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    assert not GateDecision.objects.exists() and not Rung.objects.exists()


def test_a_clock_that_jumped_back_makes_no_late_ballot_timely(committee, monkeypatch):
    gate = committee.opened()
    change(gate, closes_at=now() - timedelta(seconds=1))
    jump(monkeypatch, days=-30)
    with pytest.raises(GateClosed, match="time of this vote is up"):
        committee.vote(gate, "legal")


def test_an_observation_from_the_future_is_an_error_that_blocks(committee, figures):
    figures.said["generation.lint_pass"] = replace(GOOD, as_of=now() + timedelta(hours=1))
    gate = committee.request()
    committee.seat(gate)
    evidence_read(gate_id=gate.pk, asked_by=None)
    row = gate.readings.get(key="lint")
    assert row.state == "error" and "from the future" in row.sentence
    with pytest.raises(GateBlocked, match="lint is error"):
        gate_open(gate_id=gate.pk, actor=committee.chair, is_interactive=True)


# --- What changes during a vote --------------------------------------------------------------------------------------


def test_a_definition_edited_on_the_page_during_a_vote_leaves_the_vote_as_it_is(committee):
    gate = committee.opened()
    committee.vote(gate, "legal")
    client_of(committee.lead).post(PATH, definition_words(committee, needed=6, quorum=6))
    version = GateDefinitionVersion.objects.get()
    publish = reverse("governance:gate-definition-publish", args=[version.pk])
    assert client_of(committee.chair).post(publish, {"digest": version.content_digest}).status_code == 302
    before = gate.digest
    gate.refresh_from_db()
    assert gate.digest == before and gate.definition_content["needed"] == 4
    for seat in ("chair", "engineering", "security"):
        committee.vote(gate, seat)
    assert not Ballot.objects.filter(voided_at__isnull=False).exists()


def test_a_source_that_goes_down_during_a_vote_is_said_recorded_and_decides_nothing(committee, figures):
    gate = committee.opened()
    for seat in EVERY_SEAT:
        committee.vote(gate, seat)
    figures.said["quality.flake_rate"] = "The runner is away."
    evidence_read(gate_id=gate.pk, asked_by=None)
    entry = AuditEvent.objects.filter(action="gate.evidence").latest("sequence")
    assert entry.detail["error"] == 1
    answer = client_of(committee.chair).post(reverse("governance:gate-close", args=[gate.pk]), follow=True)
    assert answer.status_code == 409 and "The source of flakes cannot be read now" in answer.content.decode()
    refused = AuditEvent.objects.get(outcome="denied")
    assert (refused.action, refused.object_id) == ("gate.close", str(gate.pk))
    assert not Rung.objects.exists()
