"""What Postgres keeps of a gate by itself, for SQL as the application role too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, connection, transaction

from apps.governance.engine.gates import EXPANSION, definition_content
from apps.governance.errors import GateInvalid
from apps.governance.models import (
    Ballot,
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
)
from apps.governance.services.gates import (
    Choice,
    definition_parse,
    evidence_read,
    gate_definition_propose,
    gate_definition_publish,
    gate_open,
)
from apps.governance.types import Role
from tests.linked import linked

SOON = datetime.now(UTC) + timedelta(days=1)
FIXED = [
    (GateReading, {"state": "met"}),
    (GateFreeze, {"digest": "0" * 64}),
    (GateEvidence, {"state": "met", "is_required": False}),
]


def refused(words, work):
    with pytest.raises(Error, match=words), transaction.atomic():
        work()


@pytest.fixture
def gate(committee):
    return committee.opened()


def approve(gate, committee, *seats):
    for seat in seats:
        committee.vote(gate, seat)


def decide(gate, outcome="approved", **changes):
    """Write a decision past the services, as SQL could."""
    freeze = GateFreeze.objects.get(gate=gate, number=gate.freeze_number)
    rung = gate.pk if outcome == "approved" else None
    GateDecision.objects.create(
        gate=gate,
        freeze=freeze,
        outcome=outcome,
        content={},
        content_digest="d",
        rung_id=rung,
        decided_by=gate.opened_by,
    )
    Gate.objects.filter(pk=gate.pk).update(state=outcome, closed_at=SOON, **changes)


def ballot(gate, user, **changes):
    given = {
        "subject_kind": "gate",
        "subject_id": gate.pk,
        "subject_digest": gate.digest,
        "scope": gate.scope,
        "voter": user,
        "verdict": "approve",
        "rationale": "r",
    }
    return Ballot.objects.create(**{**given, **changes})


@pytest.mark.parametrize(("model", "change"), FIXED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_was_measured_and_frozen_is_never_changed_or_removed(gate, model, change):
    refused("never changed or removed", lambda: model.objects.update(**change))
    refused("never changed or removed", lambda: model.objects.all()._raw_delete("default"))


def test_sql_as_the_application_role_removes_no_evidence_either(gate):
    def truncate():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE governance_gateevidence")

    refused("permission denied", truncate)


def test_nothing_is_added_to_what_is_frozen(gate):
    reading = GateReading.objects.filter(gate=gate).first()
    GateReading.objects.bulk_create(
        [
            GateReading(
                gate=gate,
                batch=9,
                position=0,
                key="more",
                criterion="lint",
                measure="m",
                window_start=SOON,
                window_end=SOON,
                state="met",
                sentence="s",
            )
        ]
    )
    more = GateReading.objects.get(key="more")
    freeze = GateFreeze.objects.get(gate=gate)
    refused(
        "Nothing is added",
        lambda: GateEvidence.objects.create(freeze=freeze, reading=more, is_required=True, state="met", sentence="s"),
    )
    assert reading is not None


def test_only_who_sits_on_it_votes_on_it_while_it_is_open_on_what_is_frozen(gate, committee, person, organisation):
    outsider = person("outsider", Role.COMMITTEE, where=organisation)
    chair = committee.chair
    refused("Only whoever sits", lambda: ballot(gate, outsider))
    refused("Only whoever sits", lambda: ballot(gate, committee.requester))
    refused("frozen now", lambda: ballot(gate, chair, subject_digest="0" * 64))
    refused("says why", lambda: ballot(gate, chair, rationale=""))
    refused("says why", lambda: ballot(gate, chair, verdict="request_changes"))
    Gate.objects.filter(pk=gate.pk).update(closes_at=datetime.now(UTC) - timedelta(seconds=1))
    refused("not open", lambda: ballot(gate, chair))


def test_a_draft_takes_no_ballot(committee):
    gate = committee.request()
    committee.seat(gate)
    refused("not open", lambda: ballot(gate, committee.chair))


@pytest.mark.bar(1)
def test_it_is_approved_only_with_enough_people_on_enough_seats(gate, committee):
    approve(gate, committee, "chair", "engineering", "security")
    refused("3 of 4 seats approve", lambda: decide(gate))
    approve(gate, committee, "quality")
    decide(gate)
    gate.refresh_from_db()
    assert gate.state == "approved"


@pytest.mark.bar(1)
def test_closed_accounts_and_those_who_stepped_aside_do_not_count(gate, committee):
    approve(gate, committee, "chair", "engineering", "security", "quality")
    committee.people["quality"].is_active = False
    committee.people["quality"].save()
    refused("3 of 4", lambda: decide(gate))
    approve(gate, committee, "legal")
    committee.vote(gate, "legal", Choice.RECUSE)
    refused("3 of 4", lambda: decide(gate))


def test_a_veto_stands_in_the_database_as_well(gate, committee):
    approve(gate, committee, "chair", "engineering", "quality", "legal")
    committee.vote(gate, "security", Choice.REJECT)
    refused("a seat with a veto rejects it", lambda: decide(gate))


@pytest.fixture
def stand_in(person, organisation):
    return person("stand-in", Role.COMMITTEE, where=organisation)


@pytest.fixture
def stood_in(committee, stand_in):
    gate = committee.request()
    committee.seat(gate, alternates={"security": [stand_in]})
    open_now(gate, committee)
    approve(gate, committee, "chair", "engineering", "quality", "legal")
    return gate


def test_the_veto_of_an_alternate_stands_in_the_database_as_well(stood_in, committee, stand_in):
    committee.vote(stood_in, "security", Choice.RECUSE)
    committee.vote(stood_in, "security", Choice.REJECT, voter=stand_in)
    refused("a seat with a veto rejects it", lambda: decide(stood_in))


def test_a_holder_who_votes_takes_the_place_of_an_alternate(stood_in, committee, stand_in):
    ballot(stood_in, stand_in, verdict="block")
    refused("a seat with a veto rejects it", lambda: decide(stood_in))
    committee.vote(stood_in, "security")
    decide(stood_in)
    stood_in.refresh_from_db()
    assert stood_in.state == "approved"


def test_an_alternate_of_another_seat_has_no_veto(committee, stand_in):
    gate = committee.request()
    committee.seat(gate, alternates={"independent": [stand_in]})
    open_now(gate, committee)
    approve(gate, committee, "chair", "engineering", "quality", "legal")
    ballot(gate, stand_in, verdict="block")
    decide(gate)


@pytest.mark.bar(1)
def test_void_ballots_do_not_count(gate, committee):
    approve(gate, committee, "chair", "engineering", "quality", "legal")
    Ballot.objects.filter(voter=committee.chair).update(voided_at=datetime.now(UTC), void_reason="changed")
    refused("3 of 4", lambda: decide(gate))


@pytest.mark.bar(4)
def test_evidence_that_changed_decides_nothing_and_is_not_simply_forgotten(gate, committee):
    approve(gate, committee, "chair", "engineering", "quality", "legal")
    Gate.objects.filter(pk=gate.pk).update(evidence_changed="Changed: lint.")
    refused("its evidence does not hold", lambda: decide(gate))
    refused("frozen anew", lambda: Gate.objects.filter(pk=gate.pk).update(evidence_changed=""))
    refused("frozen now", lambda: ballot(gate, committee.people["security"]))


def test_a_gate_goes_one_way_and_its_wish_stays(gate, committee):
    rows = Gate.objects.filter(pk=gate.pk)
    refused("with its decision", lambda: rows.update(state="approved"))
    refused("draft to vote", lambda: rows.update(state="draft"))
    refused("never changed", lambda: rows.update(granted=[committee.pilot.pk]))
    refused("never changed", lambda: rows.update(definition_content={"needed": 1, "seats": [{}]}))
    refused("newest freeze", lambda: rows.update(digest="0" * 64))
    refused("never removed", lambda: rows._raw_delete("default"))
    rows.update(state="withdrawn")
    refused("stays as it is", lambda: rows.update(state="voting"))
    refused("stays as it is", lambda: rows.update(minutes="later"))


def test_a_gate_does_not_begin_open_or_with_a_minority(committee):
    gate = committee.request()
    fields = {
        "scope": gate.scope,
        "title": "t",
        "definition_digest": "d",
        "granted": [1],
        "sample": [1],
        "risk_max": "low",
        "expires_at": SOON,
        "requested_by": committee.requester,
    }
    half = {"needed": 3, "seats": [{}] * 6}
    refused("more than half", lambda: Gate.objects.create(definition_content=half, **fields))
    most = {"needed": 4, "seats": [{}] * 6}
    refused("begins as a draft", lambda: Gate.objects.create(definition_content=most, state="voting", **fields))


@pytest.mark.parametrize("is_seated", [False, True])
def test_no_vote_opens_while_nobody_who_may_vote_sits_on_a_seat_with_a_veto(committee, monkeypatch, is_seated):
    gate = committee.request()
    committee.seat(gate, without=() if is_seated else ("security",))
    committee.people["security"].role_assignments.all().delete()
    monkeypatch.setattr("apps.governance.services.gates.freezing.vetoes_require_seated", lambda gate: None)
    refused("on each seat with a veto", lambda: open_now(gate, committee))


WHOLE = definition_content(EXPANSION)
UNGUARDED = [{**one, "has_veto": False} for one in WHOLE["seats"]]
MISSHAPEN = {
    "one seat": {**WHOLE, "seats": WHOLE["seats"][:1], "needed": 1},
    "no security": {**WHOLE, "seats": [one for one in WHOLE["seats"] if one["key"] != "security"], "needed": 4},
    "no veto": {**WHOLE, "seats": UNGUARDED},
    "one seat six times": {**WHOLE, "seats": WHOLE["seats"][:1] * 6},
    "a seat twice": {**WHOLE, "seats": [*WHOLE["seats"], WHOLE["seats"][0]]},
    "three of six": {**WHOLE, "needed": 3},
    "more than there are": {**WHOLE, "needed": 7},
    "no seats": {"needed": 4},
    "nothing": {},
    "another shape": {"needed": "4", "seats": {"chair": "security"}},
}


@pytest.mark.parametrize("content", MISSHAPEN.values(), ids=MISSHAPEN)
def test_no_gate_and_no_definition_is_without_the_whole_committee(committee, organisation, content):
    given = {"scope": organisation, "definition_digest": "d", "granted": [1], "sample": [1], "risk_max": "low"}

    def ask():
        Gate.objects.create(
            title="t", definition_content=content, expires_at=SOON, requested_by=committee.requester, **given
        )

    def define():
        GateDefinitionVersion.objects.create(
            scope=organisation,
            name="expansion",
            number=1,
            content=content,
            content_digest="d",
            reason="r",
            proposed_by=committee.lead,
        )

    refused("A gate has a chair|more than half of its seats|of a non-array", ask)
    refused("A gate has a chair", define)
    with pytest.raises(GateInvalid):
        definition_parse(content)


def test_a_further_seat_may_be_added(committee, organisation):
    more = {"key": "research", "title": "Research", "has_veto": False}
    content = {**WHOLE, "seats": [*WHOLE["seats"], more]}
    assert len(definition_parse(content).seats) == 7
    GateDefinitionVersion.objects.create(
        scope=organisation,
        name="expansion",
        number=1,
        content=content,
        content_digest="d",
        reason="r",
        proposed_by=committee.lead,
    )


def test_seats_are_settled_before_the_vote(gate, committee):
    rows = GateSeat.objects.filter(gate=gate)
    refused("settled before", lambda: rows.filter(seat="legal")._raw_delete("default"))
    refused("settled before", lambda: rows.update(has_veto=False))
    refused(
        "settled before",
        lambda: GateSeat.objects.create(gate=gate, seat="legal", user=committee.lead, assigned_by=committee.chair),
    )
    rows.update(present_at=datetime.now(UTC))


def test_the_requester_and_machines_get_no_seat_and_the_veto_is_the_definitions(committee, person, organisation):
    gate = committee.request()
    bot = person("bot", where=organisation, is_service=True)

    def seat(user, **changes):
        return GateSeat.objects.create(
            gate=gate, user=user, assigned_by=committee.chair, **{"seat": "chair", **changes}
        )

    refused("has no seat", lambda: seat(committee.requester))
    refused("active person", lambda: seat(bot))
    refused("active person", lambda: seat(committee.lead, seat="nothing"))
    made = seat(committee.lead, has_veto=True)
    made.refresh_from_db()
    assert made.has_veto is False


def test_one_person_neither_waives_nor_publishes_alone(committee, person, organisation):
    gate = committee.request()
    waiver = GateWaiver.objects.create(gate=gate, key="lint", reason="r", ends_at=SOON, asked_by=committee.lead)
    now = datetime.now(UTC)
    rows = GateWaiver.objects.filter(pk=waiver.pk)
    refused("another active person", lambda: rows.update(confirmed_by=committee.lead, confirmed_at=now))
    rows.update(confirmed_by=committee.chair, confirmed_at=now)
    refused("confirmed once", lambda: rows.update(reason="another"))
    refused("confirmed once", lambda: rows.update(confirmed_by=None, confirmed_at=None))
    version = GateDefinitionVersion.objects.create(
        scope=organisation,
        name="expansion",
        number=1,
        content=definition_content(EXPANSION),
        content_digest="d",
        reason="r",
        proposed_by=committee.lead,
    )
    twin = person("twin")
    linked(committee.lead, twin)
    versions = GateDefinitionVersion.objects.filter(pk=version.pk)
    refused("another active person", lambda: versions.update(published_by=twin, published_at=now))
    refused("published once", lambda: versions.update(content={"x": 1}))
    refused("published once", lambda: versions._raw_delete("default"))


def test_what_was_decided_is_kept(gate, committee):
    approve(gate, committee, "chair", "engineering", "security", "quality")
    decide(gate)
    refused("never changed or removed", lambda: GateDecision.objects.update(outcome="rejected", rung_id=None))


def raw_seat(gate, seat, user, **changes):
    return GateSeat.objects.create(gate=gate, seat=seat, user=user, assigned_by=user, **changes)


def test_one_person_sits_on_one_seat_in_whichever_account(committee, person, organisation):
    gate = committee.request()
    legal = committee.people["legal"]
    raw_seat(gate, "legal", legal)
    refused("One person sits on one seat", lambda: raw_seat(gate, "independent", legal))
    refused("One person sits on one seat", lambda: raw_seat(gate, "independent", legal, is_alternate=True))
    twin = person("twin", Role.COMMITTEE, where=organisation)
    linked(legal, twin)
    refused("One person sits on one seat", lambda: raw_seat(gate, "independent", twin))


def test_accounts_that_became_one_persons_fill_one_seat(gate, committee):
    approve(gate, committee, "chair", "engineering", "security", "quality")
    linked(committee.people["security"], committee.people["quality"])
    refused("3 of 4 seats approve", lambda: decide(gate))
    approve(gate, committee, "legal")
    decide(gate)
    gate.refresh_from_db()
    assert gate.state == "approved"


def test_many_people_on_few_seats_are_as_many_approvals_as_seats(committee, person, organisation):
    gate = committee.request()
    for seat in ("chair", "engineering", "security"):
        raw_seat(gate, seat, committee.people[seat])
    extra = [person(f"extra-{at}", Role.COMMITTEE, where=organisation) for at in range(2)]
    for one in extra:
        raw_seat(gate, "security", one)
    raw_seat(gate, "legal", committee.people["legal"])
    open_now(gate, committee)
    for user in (committee.chair, committee.people["engineering"], committee.people["security"], *extra):
        ballot(gate, user)
    refused("3 of 4 seats approve", lambda: decide(gate))
    ballot(gate, committee.people["legal"])
    decide(gate)


def open_now(gate, committee):
    evidence_read(gate_id=gate.pk, asked_by=committee.chair)
    gate_open(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    gate.refresh_from_db()


def test_one_person_who_could_sit_on_either_of_two_seats_leaves_one_to_somebody_else(committee):
    gate = committee.request()
    committee.seat(gate, alternates={"independent": [committee.lead]})
    open_now(gate, committee)
    legal, independent = committee.people["legal"], committee.people["independent"]
    for user in (committee.chair, legal, independent, committee.lead):
        ballot(gate, user)
    linked(legal, independent)
    refused("3 of 4 seats approve", lambda: decide(gate))
    ballot(gate, committee.people["engineering"])
    decide(gate)


def test_a_quorum_is_of_seats_that_are_there(committee, organisation):
    content = definition_content(replace(EXPANSION, quorum=5))
    version = gate_definition_propose(
        scope=organisation,
        template="expansion",
        definition=definition_parse(content),
        reason="Five are there.",
        actor=committee.lead,
        is_interactive=True,
    )
    gate_definition_publish(
        version_id=version.pk, digest=version.content_digest, actor=committee.chair, is_interactive=True
    )
    gate = committee.opened()
    approve(gate, committee, "chair", "engineering", "security", "quality")
    refused("4 of 5 seats are present", lambda: decide(gate))
    committee.vote(gate, "legal", Choice.RECUSE)
    refused("4 of 5 seats are present", lambda: decide(gate))
    committee.vote(gate, "independent", Choice.ABSTAIN)
    decide(gate)


def test_whoever_waives_and_defines_has_the_role_for_it(committee, organisation, person):
    gate = committee.request()
    engineer = person("erin", Role.ENGINEER, where=organisation)
    waiver = {"gate": gate, "key": "lint", "reason": "r", "ends_at": SOON}
    refused("by quality leads and chairs", lambda: GateWaiver.objects.create(asked_by=engineer, **waiver))
    GateWaiver.objects.create(asked_by=committee.lead, **waiver)
    confirmed = {"confirmed_by": engineer, "confirmed_at": datetime.now(UTC)}
    refused("by quality leads and chairs", lambda: GateWaiver.objects.update(**confirmed))
    version = {"scope": organisation, "name": "expansion", "content": WHOLE, "content_digest": "d", "reason": "r"}
    refused("proposed by somebody whose role", lambda: propose(number=1, proposed_by=engineer, **version))
    propose(number=1, proposed_by=committee.lead, **version)
    published = {"published_by": engineer, "published_at": datetime.now(UTC)}
    refused("published by somebody whose role", lambda: GateDefinitionVersion.objects.update(**published))
    committee.lead.role_assignments.all().delete()
    GateDefinitionVersion.objects.update(**{**published, "published_by": committee.chair})


def propose(**version):
    return GateDefinitionVersion.objects.create(**version)
