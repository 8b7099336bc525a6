"""What the expansion ladder opens, what it refuses, and what the database keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.clock import now
from apps.governance.engine.ladder import leave_of
from apps.governance.engine.tripwires import tripwire_data, tripwires_default
from apps.governance.models import AuditEvent, Gate, Organisation, Rung, Scope, User
from apps.governance.selectors.ladder import standing_of
from apps.governance.services import (
    GenerationRefused,
    LadderInvalid,
    NotAllowed,
    NotInteractive,
    generation_require_allowed,
    rung_end,
    rung_grant,
    scope_create,
)
from apps.governance.services.pilots import MOST_PILOTS, pilot_require_possible
from apps.governance.types import Role
from tests.decided import gate_approve, gate_voted, rung_decided
from tests.places import pilot_made

pytestmark = pytest.mark.django_db

Grant = Callable[..., Rung]


@pytest.fixture
def grant(scope: Scope) -> Grant:
    def make(**options: Any) -> Rung:
        return rung_decided(**{"scopes": [scope], **options})

    return make


def grant_alone(scope: Scope, **options: Any) -> Rung:
    """Ask for a rung that no gate decided."""
    wanted: dict[str, Any] = {
        "rung_id": uuid4(),
        "gate_id": uuid4(),
        "title": "Wave 2",
        "scopes": [scope],
        "risk_max": "medium",
        "task_classes": [],
        "models": [],
        "expires_at": now() + timedelta(days=30),
        "tripwires": [],
        "evidence_digest": "e" * 64,
    }
    return rung_grant(**{**wanted, **options})


def ask(scope: Scope, risk: str = "low", task_class: str = "text") -> Any:
    return generation_require_allowed(scope=scope, risk=risk, task_class=task_class)


def refused(scope: Scope, **options: str) -> GenerationRefused:
    with pytest.raises(GenerationRefused) as caught:
        ask(scope, **options)
    return caught.value


def test_a_repository_that_is_neither_pilot_nor_on_a_rung_generates_nothing(scope: Scope) -> None:
    error = refused(scope)
    assert error.code == "generation.not_open"
    assert "shop is no pilot and on no rung" in error.message
    assert "vote of the committee" in error.remedy
    assert error.denial is not None and error.denial.scope_id == scope.pk


def test_a_pilot_generates_whatever_its_risk(organisation: Scope) -> None:
    assert ask(pilot_made(organisation), risk="high").models is None


def test_an_organisation_as_a_whole_is_no_pilot() -> None:
    with pytest.raises(DatabaseError, match="pilot_is_a_repository"):
        Scope.objects.create(organisation=Organisation.objects.create(name="Whole"), is_pilot=True)


@pytest.mark.bar(8)
def test_no_statement_makes_a_pilot_of_what_is_none(organisation: Scope, scope: Scope) -> None:
    pilot = pilot_made(organisation)
    for statement in (
        "UPDATE governance_scope SET is_pilot = true WHERE repository = 'shop'",
        "UPDATE governance_scope SET repository = 'another' WHERE is_pilot",
    ):
        with (
            pytest.raises(DatabaseError, match="pilot from the start"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    Scope.objects.filter(pk=pilot.pk).update(is_pilot=False)
    with pytest.raises(DatabaseError, match="pilot from the start"), transaction.atomic():
        Scope.objects.filter(pk=pilot.pk).update(is_pilot=True)


def test_a_rung_opens_its_repositories_up_to_its_risk(grant: Grant, scope: Scope, other_scope: Scope) -> None:
    grant()
    assert ask(scope, risk="medium").by == "Wave 2"
    high = refused(scope, risk="high")
    assert high.code == "generation.outside"
    assert "Wave 2 opens medium risk at most" in high.message
    assert refused(other_scope).code == "generation.not_open"


def test_a_rung_over_an_organisation_opens_all_its_repositories(
    grant: Grant, organisation: Scope, scope: Scope, other_scope: Scope
) -> None:
    grant(scopes=[organisation])
    assert ask(scope).is_given
    assert ask(other_scope).is_given


def test_a_rung_of_some_classes_and_models_opens_only_those(grant: Grant, scope: Scope) -> None:
    grant(task_classes=["text"], models=["qwen"])
    leave = ask(scope)
    assert leave.model_refused("qwen") == ""
    assert "not among the models that Wave 2 opened" in leave.model_refused("openai")
    assert refused(scope, task_class="numbers").code == "generation.outside"


def test_an_expired_rung_opens_nothing(grant: Grant, scope: Scope) -> None:
    rung = grant()
    leave = leave_of(standing_of(scope), risk="low", task_class="text", now=rung.expires_at)
    assert leave.refusal == "generation.expired"
    assert "Wave 2, which opened shop, ended on" in leave.reason
    just_before = rung.expires_at - timedelta(microseconds=1)
    assert leave_of(standing_of(scope), risk="low", task_class="text", now=just_before).is_given


def test_asking_takes_one_query(grant: Grant, scope: Scope, django_assert_num_queries: Callable[[int], Any]) -> None:
    for _ in range(5):
        grant()
    with django_assert_num_queries(1):
        ask(scope)


def test_a_rung_is_granted_with_an_entry_in_the_audit_chain(grant: Grant, scope: Scope) -> None:
    wire = {"measure": "quality.flake_rate", "bound": 0.01, "trips": "above"}
    rung = grant(tripwires=[wire])
    entry = AuditEvent.objects.latest("sequence")
    assert (entry.action, entry.object_id, entry.before_digest) == ("rung.grant", str(rung.pk), "e" * 64)
    assert entry.detail["scopes"] == ["Acme/shop"]
    assert rung.tripwires[0]["grace_hours"] == 24


def test_without_tripwires_the_default_ones_watch(grant: Grant) -> None:
    assert [wire["measure"] for wire in grant().tripwires] != []


@pytest.mark.parametrize(
    "options",
    [
        {"scopes": []},
        {"title": " "},
        {"risk_max": "huge"},
        {"evidence_digest": ""},
        {"expires_at": now() - timedelta(days=1)},
        {"tripwires": [{"measure": "x", "bound": "many", "trips": "above"}]},
        {"tripwires": [{"measure": "x", "bound": 1, "trips": "sideways"}]},
        {"tripwires": [{"bound": 1, "trips": "above"}]},
        {"tripwires": [{"measure": "x", "bound": float("nan"), "trips": "above"}]},
        {"tripwires": [{"measure": "x", "bound": 1, "trips": "above"}] * 21},
    ],
)
def test_what_no_rung_can_be_is_refused(scope: Scope, options: dict[str, Any]) -> None:
    with pytest.raises(LadderInvalid):
        grant_alone(scope, **options)


def test_a_rung_stays_within_one_organisation(scope: Scope) -> None:
    far = scope_create(organisation="Globex", repository="far", created_by=None)
    with pytest.raises(LadderInvalid, match="one organisation"):
        grant_alone(scope, scopes=[scope, far])


def test_the_chair_ends_a_rung_early_and_nobody_else_does(
    grant: Grant, organisation: Scope, scope: Scope, person: Callable[..., User]
) -> None:
    rung = grant()
    chair, admin = person("chair", Role.CHAIR, where=organisation), person("admin", Role.ADMIN, where=organisation)
    with pytest.raises(NotAllowed):
        rung_end(rung_id=rung.pk, reason="Enough.", actor=admin, is_interactive=True)
    with pytest.raises(NotInteractive):
        rung_end(rung_id=rung.pk, reason="Enough.", actor=chair, is_interactive=False)
    with pytest.raises(LadderInvalid):
        rung_end(rung_id=rung.pk, reason=" ", actor=chair, is_interactive=True)
    rung_end(rung_id=rung.pk, reason="Enough.", actor=chair, is_interactive=True)
    assert refused(scope).code == "generation.expired"
    with pytest.raises(LadderInvalid):
        rung_end(rung_id=rung.pk, reason="Again.", actor=chair, is_interactive=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_rung SET expires_at = expires_at + interval '1 year'",
        "UPDATE governance_rung SET risk_max = 'high'",
        "UPDATE governance_rung SET ended_at = NULL, ended_by_id = NULL, end_reason = ''",
        "DELETE FROM governance_rung_scopes",
        "UPDATE governance_rung_scopes SET scope_id = scope_id",
        "DELETE FROM governance_rung",
    ],
)
def test_no_statement_changes_what_was_granted(grant: Grant, statement: str) -> None:
    grant()
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_no_repository_is_added_to_a_rung_after_its_vote(grant: Grant, other_scope: Scope) -> None:
    rung = grant()
    with pytest.raises(DatabaseError, match="never changed"):
        rung.scopes.add(other_scope)


# --- Only a gate grants ---------------------------------------------------------------------------------------------


@pytest.fixture
def gate(scope: Scope) -> Gate:
    """A gate whose members have approved it, and that is not decided."""
    return gate_voted(scopes=[scope], title="Wave 2", risk_max="medium", expires_at=now() + timedelta(days=30))


def insert(gate: Gate, **changes: Any) -> Rung:
    """Write a rung as SQL of the application role could, past the services."""
    given: dict[str, Any] = {
        "organisation": gate.scope.organisation,
        "title": gate.title,
        "gate_id": gate.pk,
        "evidence_digest": "e" * 64,
        "risk_max": gate.risk_max,
        "tripwires": [tripwire_data(wire) for wire in tripwires_default()],
        "expires_at": gate.expires_at,
    }
    with transaction.atomic():
        return Rung.objects.create(**{**given, **changes})


def test_no_rung_is_written_without_an_approved_gate(gate: Gate, scope: Scope) -> None:
    rung_id = uuid4()
    with pytest.raises(DatabaseError, match="a gate of the committee approved"), transaction.atomic():
        grant_alone(scope)
    with pytest.raises(DatabaseError, match="a gate of the committee approved"):
        insert(gate, id=rung_id)
    gate_approve(gate, rung_id)
    with pytest.raises(DatabaseError, match="a gate of the committee approved"):
        insert(gate)
    assert insert(gate, id=rung_id).gate_id == gate.pk


@pytest.mark.django_db(transaction=True)
def test_no_rung_is_written_after_the_transaction_of_its_decision(gate: Gate) -> None:
    rung_id = uuid4()
    gate_approve(gate, rung_id)
    with pytest.raises(DatabaseError, match="written with its decision"):
        insert(gate, id=rung_id)


@pytest.mark.parametrize(
    "change",
    [
        {"risk_max": "high"},
        {"expires_at": now() + timedelta(days=300)},
        {"task_classes": ["text"]},
        {"model_names": ["qwen"]},
        {"evidence_digest": "f" * 64},
        {"tripwires": []},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_rung_is_written_as_its_gate_asked_for_it(gate: Gate, change: dict[str, Any]) -> None:
    rung_id = uuid4()
    gate_approve(gate, rung_id)
    with pytest.raises(DatabaseError, match="opens what its gate asked for"):
        insert(gate, id=rung_id, **change)


def test_a_rung_opens_no_repository_that_its_gate_did_not_name(gate: Gate, scope: Scope, other_scope: Scope) -> None:
    rung_id = uuid4()
    gate_approve(gate, rung_id)
    rung = insert(gate, id=rung_id)
    with pytest.raises(DatabaseError, match="what its gate asked for"), transaction.atomic():
        rung.scopes.add(other_scope)
    rung.scopes.add(scope)


def test_a_gate_of_another_organisation_grants_nothing_here(gate: Gate) -> None:
    far = scope_create(organisation="Globex", repository="far", created_by=None)
    rung_id = uuid4()
    gate_approve(gate, rung_id)
    with pytest.raises(DatabaseError, match="a gate of the committee approved"):
        insert(gate, id=rung_id, organisation=far.organisation)


def test_an_organisation_has_five_pilots_at_once_and_no_statement_makes_a_sixth(organisation: Scope) -> None:
    here = Scope.objects.filter(organisation=organisation.organisation, is_pilot=True)
    for number in range(MOST_PILOTS - here.count()):
        pilot_require_possible(organisation=organisation.organisation, identities=[])
        last = pilot_made(organisation, f"pilot-{number}")
    with pytest.raises(LadderInvalid, match="has 5 pilots, as many as an administrator names alone") as refused:
        pilot_require_possible(organisation=organisation.organisation, identities=[])
    assert "vote of the committee opens it" in refused.value.remedy
    with pytest.raises(DatabaseError, match="five pilots at most"), transaction.atomic():
        pilot_made(organisation, "sixth")
    Scope.objects.filter(pk=last.pk).update(is_pilot=False)
    pilot_made(organisation, "sixth")
