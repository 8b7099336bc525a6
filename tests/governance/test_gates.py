"""The committee's gate: from the wish through evidence and votes to a scope, and everything that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.test import Client

from apps.governance.engine.gates import EXPANSION, Comparison, definition_content
from apps.governance.errors import (
    AlreadyVoted,
    ContentChanged,
    GateBlocked,
    GateClosed,
    GateInvalid,
    NotAllowed,
    NotEligible,
    NotInteractive,
    RationaleMissing,
    Unsatisfiable,
)
from apps.governance.models import (
    Absence,
    AuditEvent,
    Ballot,
    Gate,
    GateDecision,
    GateEvidence,
    GateReading,
    Rung,
    User,
)
from apps.governance.services import audit_verify
from apps.governance.services.ballots import ballot_seal
from apps.governance.services.gates import (
    Choice,
    Sitting,
    definition_parse,
    evidence_read,
    gate_close,
    gate_definition_propose,
    gate_definition_publish,
    gate_minutes,
    gate_open,
    gate_present,
    gate_refreeze,
    gate_request,
    gate_seat,
    gate_withdraw,
    waiver_ask,
    waiver_confirm,
    waiver_withdraw,
)
from apps.governance.types import Role
from tests.governance.committee import GOOD
from tests.linked import linked

SOON = timedelta(days=30)
TODAY = datetime.now(UTC).date()


def close(gate, committee, **changes):
    return gate_close(gate_id=gate.pk, **{"actor": committee.chair, "is_interactive": True, **changes})


def refresh(gate, committee):
    return evidence_read(gate_id=gate.pk, asked_by=committee.chair)


def opening(gate, committee, **changes):
    return gate_open(gate_id=gate.pk, **{"actor": committee.chair, "is_interactive": True, **changes})


def later(gate, monkeypatch, **delta):
    """Let the platform's clock, not the database's, run ahead."""
    moment = datetime.now(UTC) + timedelta(**delta)
    for module in ("freezing", "votes", "requests", "waivers", "evidence"):
        monkeypatch.setattr(f"apps.governance.services.gates.{module}.now", lambda: moment)


# --- From the wish to the scope ------------------------------------------------------------------------------------


@pytest.mark.bar(7)
def test_the_whole_way_insufficient_then_open_then_one_aside_then_a_scope(committee, figures):
    figures.said["quality.flake_rate"] = replace(GOOD, value=0.0, n=200)
    gate = committee.request()
    committee.seat(gate, without=("legal",))
    refresh(gate, committee)
    row = GateReading.objects.get(gate=gate, key="flakes")
    assert (row.state, row.sentence) == (
        "insufficient_data",
        "Another 181 clean reruns would show that it is below 1 %.",
    )
    with pytest.raises(GateBlocked, match="flakes is insufficient data"):
        opening(gate, committee)

    figures.said["quality.flake_rate"] = replace(GOOD, value=0.0, n=381)
    refresh(gate, committee)
    gate = opening(gate, committee)
    assert gate.state == "voting" and len(gate.digest) == 64
    committee.vote(gate, "independent", Choice.RECUSE)
    for seat in ("chair", "engineering", "security"):
        committee.vote(gate, seat)
    with pytest.raises(GateBlocked, match="Quality has not spoken"):
        close(gate, committee)
    committee.vote(gate, "quality", Choice.APPROVE_WITH_CONDITIONS, conditions="Only with the nightly flake job.")

    decision = close(gate, committee)
    rung = Rung.objects.get(pk=decision.rung_id)
    assert (decision.outcome, rung.gate_id, rung.evidence_digest) == ("approved", gate.pk, gate.digest)
    assert list(rung.scopes.all()) == [committee.wave]
    assert decision.content["conditions"] == [
        {"seat": "Quality", "voter": committee.people["quality"].pk, "text": "Only with the nightly flake job."}
    ]
    gate.refresh_from_db()
    assert gate.state == "approved"
    actions = [event.action for event in AuditEvent.objects.order_by("sequence")]
    assert actions[-2:] == ["rung.grant", "gate.decide"]
    assert audit_verify().ok


def test_a_rejection_of_the_security_seat_is_a_veto(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "quality", "legal", "independent"):
        committee.vote(gate, seat)
    committee.vote(gate, "security", Choice.REJECT, rationale="It logs secrets.")
    decision = close(gate, committee)
    assert (decision.outcome, decision.rung_id) == ("rejected", None)
    assert [one["rationale"] for one in decision.content["dissent"]] == ["It logs secrets."]
    assert not Rung.objects.exists()


@pytest.mark.parametrize("how", ["role", "account"])
def test_a_veto_stands_when_whoever_cast_it_leaves_until_the_vote_begins_again(committee, how):
    gate = committee.opened()
    committee.vote(gate, "security", Choice.REJECT)
    others = ("chair", "engineering", "quality", "legal", "independent")
    for seat in others:
        committee.vote(gate, seat)
    gone = committee.people["security"]
    if how == "role":
        gone.role_assignments.all().delete()
    else:
        gone.is_active = False
        gone.save()
    with pytest.raises(GateBlocked, match="a seat with a veto rejects it") as refused:
        close(gate, committee)
    assert refused.value.denial.action == "gate.close" and not Rung.objects.exists()
    gate_refreeze(gate_id=gate.pk, reason="Security left.", actor=committee.chair, is_interactive=True)
    for seat in others:
        committee.vote(gate, seat)
    assert close(gate, committee).outcome == "approved"


def test_the_ballot_of_a_closed_account_counts_for_nothing_stays_and_says_why(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "security", "quality", "legal"):
        committee.vote(gate, seat)
    committee.vote(gate, "independent", Choice.REJECT)
    for seat in ("quality", "independent"):
        User.objects.filter(pk=committee.people[seat].pk).update(is_active=False)
    decision = close(gate, committee)
    assert (decision.outcome, decision.content["approvals"], decision.content["present"]) == ("approved", 4, 4)
    why = {one["seat"]: one["uncounted"] for one in decision.content["ballots"] if one["uncounted"]}
    assert why == dict.fromkeys(("Quality", "Independent member"), "The account was closed before the vote ended.")
    assert not Ballot.objects.filter(voided_at__isnull=False).exists()
    html = Client()
    html.force_login(committee.chair)
    page = html.get(f"/governance/gates/{gate.pk}").content.decode()
    assert page.count("Not counted: The account was closed before the vote ended.") == 2


def test_without_a_closed_account_too_few_approve(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "security", "quality"):
        committee.vote(gate, seat)
    for seat in ("legal", "independent"):
        committee.vote(gate, seat, Choice.ABSTAIN)
    User.objects.filter(pk=committee.people["quality"].pk).update(is_active=False)
    assert close(gate, committee).outcome == "lapsed"


def test_two_rejections_without_a_veto_leave_four_of_six(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "quality", "security"):
        committee.vote(gate, seat)
    for seat in ("legal", "independent"):
        committee.vote(gate, seat, Choice.REJECT)
    assert close(gate, committee).outcome == "approved"


def test_three_approvals_are_not_enough_whatever_the_others_abstain(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "quality"):
        committee.vote(gate, seat)
    for seat in ("legal", "independent", "security"):
        committee.vote(gate, seat, Choice.ABSTAIN)
    assert close(gate, committee).outcome == "lapsed"
    assert not Rung.objects.exists()


def test_what_was_decided_is_not_decided_again(committee):
    gate = committee.opened()
    for seat in committee.people:
        committee.vote(gate, seat)
    close(gate, committee)
    for again in (
        lambda: close(gate, committee),
        lambda: refresh(gate, committee),
        lambda: opening(gate, committee),
        lambda: committee.vote(gate, "chair"),
        lambda: gate_withdraw(gate_id=gate.pk, reason="no", actor=committee.chair, is_interactive=True),
        lambda: gate_minutes(gate_id=gate.pk, minutes="x", actor=committee.chair, is_interactive=True),
    ):
        with pytest.raises(GateClosed):
            again()
    assert GateDecision.objects.count() == 1


def test_the_minutes_and_presence_go_into_the_decision(committee):
    gate = committee.opened()
    gate_present(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    gate_present(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    gate_minutes(gate_id=gate.pk, minutes="We spoke about flakes.", actor=committee.chair, is_interactive=True)
    for seat in committee.people:
        committee.vote(gate, seat)
    assert close(gate, committee).content["minutes"] == "We spoke about flakes."
    assert AuditEvent.objects.filter(action="gate.present").count() == 1


# --- Evidence ------------------------------------------------------------------------------------------------------


@pytest.mark.bar(7)
@pytest.mark.parametrize("key", ["generation.lint_pass", "quality.mutation_score"])
def test_a_source_that_is_down_blocks_opening_even_where_it_only_informs(committee, figures, key):
    figures.said[key] = "The queue of the checks does not answer."
    gate = committee.request()
    committee.seat(gate)
    refresh(gate, committee)
    row = GateReading.objects.get(gate=gate, measure=key)
    assert (row.state, row.error) == ("error", "The queue of the checks does not answer.")
    with pytest.raises(GateBlocked, match="is error"):
        opening(gate, committee)


@pytest.mark.bar(7)
def test_a_database_error_in_a_measure_is_an_error_of_its_row_only(committee, monkeypatch):
    def fails(scopes, window):
        Gate.objects.raw("SELECT nothing FROM nowhere")[0]

    known = committee.figures.register()
    known["generation.lint_pass"] = replace(known["generation.lint_pass"], read=fails)
    monkeypatch.setattr("apps.governance.measures._measures", known)
    gate = committee.request()
    refresh(gate, committee)
    states = dict(GateReading.objects.filter(gate=gate).values_list("key", "state"))
    assert states["lint"] == "error" and states["types"] == "met"


def test_a_measure_that_nobody_registered_blocks(committee, monkeypatch):
    known = committee.figures.register()
    del known["docs.sync_cycle"]
    monkeypatch.setattr("apps.governance.measures._measures", known)
    gate = committee.request()
    committee.seat(gate)
    refresh(gate, committee)
    row = GateReading.objects.get(gate=gate, criterion="docs")
    assert row.sentence.startswith("Nothing measures this yet")
    with pytest.raises(GateBlocked, match="docs"):
        opening(gate, committee)


def test_evidence_is_read_before_it_is_frozen_and_within_the_hour(committee, monkeypatch):
    gate = committee.request()
    committee.seat(gate)
    with pytest.raises(GateBlocked, match="within the last hour"):
        opening(gate, committee)
    refresh(gate, committee)
    with monkeypatch.context() as patch:
        later(gate, patch, minutes=61)
        with pytest.raises(GateBlocked, match="within the last hour"):
            opening(gate, committee)
    with monkeypatch.context() as patch:
        later(gate, patch, days=-1)
        with pytest.raises(GateBlocked, match="within the last hour"):
            opening(gate, committee)


def test_a_criterion_that_only_informs_need_not_be_met(committee, figures):
    figures.said["quality.mutation_score"] = replace(GOOD, value=None, n=0, as_of=None, missing="Not measured yet.")
    assert committee.opened().state == "voting"


@pytest.mark.bar(4)
def test_evidence_that_changes_voids_the_ballots_and_waits_for_the_chair(committee, figures):
    gate = committee.opened()
    before = gate.digest
    committee.vote(gate, "engineering")
    committee.vote(gate, "independent", Choice.RECUSE)
    figures.said["generation.approval_rate"] = replace(GOOD, n=399)
    refresh(gate, committee)
    gate.refresh_from_db()
    assert gate.evidence_changed == "Changed since the vote opened: People approve."
    ballot = Ballot.objects.get(voter=committee.people["engineering"])
    assert ballot.void_reason == "The evidence changed after the vote opened; the chair freezes it anew."
    assert Ballot.objects.get(voter=committee.people["independent"]).voided_at is None
    with pytest.raises(GateBlocked, match="People approve"):
        committee.vote(gate, "quality")
    for seat in ("quality",):
        with pytest.raises(GateBlocked):
            committee.vote(gate, seat)
    gate_refreeze(gate_id=gate.pk, reason="One approval was withdrawn.", actor=committee.chair, is_interactive=True)
    gate.refresh_from_db()
    assert gate.evidence_changed == "" and gate.digest != before and gate.freeze_number == 2
    committee.vote(gate, "engineering")


def test_freezing_anew_voids_every_ballot_on_the_former_evidence(committee, figures):
    gate = committee.opened()
    old = gate.digest
    committee.vote(gate, "chair")
    refresh(gate, committee)
    gate_refreeze(gate_id=gate.pk, reason="A later look.", actor=committee.chair, is_interactive=True)
    assert "froze the evidence anew: A later look." in Ballot.objects.get().void_reason
    with pytest.raises(ContentChanged):
        committee.vote(gate, "engineering", digest=old)


def test_the_same_evidence_read_again_changes_nothing(committee):
    gate = committee.opened()
    committee.vote(gate, "chair")
    refresh(gate, committee)
    gate.refresh_from_db()
    assert gate.evidence_changed == "" and Ballot.objects.get().voided_at is None
    starts = set(GateReading.objects.filter(gate=gate, key="lint").values_list("window_start", flat=True))
    assert len(starts) == 1


def test_a_source_that_goes_down_during_the_vote_stops_the_decision_but_voids_nothing(committee, figures):
    gate = committee.opened()
    for seat in committee.people:
        committee.vote(gate, seat)
    figures.said["quality.flake_rate"] = "The runner is away."
    refresh(gate, committee)
    with pytest.raises(GateBlocked, match="source of flakes cannot be read"):
        close(gate, committee)
    del figures.said["quality.flake_rate"]
    refresh(gate, committee)
    assert close(gate, committee).outcome == "approved"


def test_figures_that_become_stale_during_the_vote_stop_the_decision(committee, figures, monkeypatch):
    for key in figures.register():
        figures.said.setdefault(key, figures.read(key)(None, None))
    figures.said["generation.lint_pass"] = replace(
        GOOD, as_of=datetime.now(UTC) - timedelta(days=6, hours=23, minutes=30)
    )
    gate = committee.opened()
    for seat in committee.people:
        committee.vote(gate, seat)
    later(gate, monkeypatch, minutes=45)
    with pytest.raises(GateBlocked, match="lint is stale"):
        close(gate, committee)


def test_frozen_evidence_is_the_digest_of_what_it_says(committee):
    gate = committee.opened()
    freeze = gate.freezes.get()
    assert freeze.digest == gate.digest
    assert {row["key"] for row in freeze.content["evidence"]} >= {"lint", f"coverage_line:{committee.pilot.pk}"}
    assert GateEvidence.objects.filter(freeze=freeze).count() == len(freeze.content["evidence"])
    assert "Acme/billing" in freeze.statement


def test_members_who_wrote_much_of_the_sample_are_flagged(committee, monkeypatch):
    wrote = {committee.people["engineering"].pk: 3, committee.people["legal"].pk: 1, committee.requester.pk: 6}
    monkeypatch.setattr("apps.governance.authorship._authors", [lambda scopes, window: wrote])
    flagged = committee.opened().freezes.get().content["authored"]
    assert flagged == [{"user": committee.people["engineering"].pk, "share": 0.3}]


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.bar(2)
def test_whoever_asks_has_no_seat_and_no_vote(committee):
    gate = committee.request()
    with pytest.raises(GateInvalid, match="no seat on its gate"):
        gate_seat(
            gate_id=gate.pk,
            sitting=Sitting({"chair": [committee.requester]}),
            actor=committee.chair,
            is_interactive=True,
        )
    gate = committee.opened()
    with pytest.raises(NotEligible, match="no seat"):
        committee.vote(gate, "chair", voter=committee.requester)


def test_a_chair_who_asked_does_not_vote_on_it_in_another_account_either(committee, person, organisation):
    twin = person("twin", Role.ENGINEER, where=organisation)
    linked(committee.chair, twin)
    gate = gate_request(
        scope=organisation, template="expansion", wish=committee.wish(), actor=twin, is_interactive=True
    )
    with pytest.raises(GateInvalid, match="no seat on its gate"):
        committee.seat(gate)


def test_only_the_chair_opens_freezes_and_closes(committee):
    gate = committee.opened()
    member = committee.people["engineering"]
    for refused in (
        lambda: close(gate, committee, actor=member),
        lambda: gate_refreeze(gate_id=gate.pk, reason="x", actor=member, is_interactive=True),
        lambda: opening(committee.request(), committee, actor=member),
        lambda: gate_minutes(gate_id=gate.pk, minutes="x", actor=member, is_interactive=True),
    ):
        with pytest.raises(NotAllowed) as error:
            refused()
        assert error.value.denial.object_kind == "gate"


@pytest.mark.bar(2)
def test_tokens_and_machines_do_nothing_to_a_gate(committee, person, organisation):
    gate = committee.opened()
    for refused in (
        lambda: committee.vote(gate, "chair", is_interactive=False),
        lambda: close(gate, committee, is_interactive=False),
        lambda: gate_present(gate_id=gate.pk, actor=committee.chair, is_interactive=False),
        lambda: gate_refreeze(gate_id=gate.pk, reason="x", actor=committee.chair, is_interactive=False),
    ):
        with pytest.raises(NotInteractive):
            refused()


def test_nobody_asks_for_repositories_in_which_they_write_nothing(committee, person, organisation):
    reader = person("reader", Role.AUDITOR, where=organisation)
    with pytest.raises(NotAllowed):
        gate_request(scope=organisation, template="expansion", wish=committee.wish(), actor=reader, is_interactive=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "title"),
        ({"granted": []}, "title"),
        ({"flagships": []}, "flagship"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "within a year"),
        ({"expires_at": datetime(2999, 1, 1, tzinfo=UTC)}, "within a year"),
        ({"risk_max": "utter"}, "risk"),
        ({"tripwires": [{"measure": "x"}]}, "tripwire"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_a_way_on(committee, changes, words):
    with pytest.raises(GateInvalid, match=words):
        committee.request(**changes)


def test_a_pilot_needs_no_gate(committee):
    committee.wave.is_pilot = True
    with pytest.raises(GateInvalid, match="billing already: a pilot needs no gate"):
        committee.request()


@pytest.mark.bar(3)
def test_a_committee_that_could_never_approve_is_not_saved(committee):
    gate = committee.request()
    with pytest.raises(Unsatisfiable, match="4 seats must approve"):
        committee.seat(gate, without=("legal", "quality", "independent"))
    assert not gate.seats.exists()


def test_one_person_sits_once(committee):
    gate = committee.request()
    holders = {"chair": [committee.chair], "quality": [committee.chair]}
    with pytest.raises(GateInvalid, match="one seat at most"):
        gate_seat(gate_id=gate.pk, sitting=Sitting(holders), actor=committee.chair, is_interactive=True)


def test_people_who_left_the_committee_make_it_impossible_to_open(committee):
    gate = committee.request()
    committee.seat(gate)
    refresh(gate, committee)
    for seat in ("legal", "quality", "independent"):
        committee.people[seat].role_assignments.all().delete()
    with pytest.raises(Unsatisfiable):
        opening(gate, committee)


@pytest.mark.parametrize("how", ["nobody seated", "no role any more"])
def test_a_vote_opens_only_once_somebody_can_veto_it(committee, person, organisation, how):
    security = committee.people["security"]
    gate = committee.request()
    committee.seat(gate, without=("security",) if how == "nobody seated" else ())
    if how == "no role any more":
        security.role_assignments.all().delete()
    refresh(gate, committee)
    with pytest.raises(Unsatisfiable, match="Nobody could veto it: Security has nobody on it") as refused:
        opening(gate, committee)
    assert "before the vote opens" in refused.value.remedy
    committee.people = {**committee.people, "security": person("standin", Role.COMMITTEE, where=organisation)}
    committee.seat(gate)
    assert opening(gate, committee).state == "voting"


def test_an_alternate_of_a_holder_who_is_away_can_veto_it(committee, person, organisation):
    stand_in = person("standin", Role.COMMITTEE, where=organisation)
    gate = committee.request()
    committee.seat(gate, alternates={"security": [stand_in]})
    Absence.objects.create(
        user=committee.people["security"], starts_on=TODAY - timedelta(days=1), ends_on=TODAY + timedelta(days=2)
    )
    refresh(gate, committee)
    opening(gate, committee)
    committee.vote(gate, "security", Choice.REJECT, voter=stand_in)


def test_an_alternate_votes_once_the_holder_stepped_aside(committee, person, organisation):
    stand_in = person("standin", Role.COMMITTEE, where=organisation)
    gate = committee.request()
    committee.seat(gate, alternates={"legal": [stand_in]})
    refresh(gate, committee)
    opening(gate, committee)
    with pytest.raises(NotEligible, match="You stand in for legal"):
        committee.vote(gate, "legal", voter=stand_in)
    committee.vote(gate, "legal", Choice.RECUSE)
    committee.vote(gate, "legal", voter=stand_in)
    for seat in ("chair", "engineering", "security"):
        committee.vote(gate, seat)
    for seat in ("quality", "independent"):
        committee.vote(gate, seat, Choice.ABSTAIN)
    assert close(gate, committee).outcome == "approved"


# --- Bad ballots -----------------------------------------------------------------------------------------------------


def test_twice_in_two_tabs_or_in_two_accounts_is_once(committee, person, organisation):
    gate = committee.opened()
    committee.vote(gate, "chair")
    with pytest.raises(AlreadyVoted):
        committee.vote(gate, "chair", Choice.REJECT)


def test_a_ballot_on_what_was_there_before_is_refused(committee):
    gate = committee.opened()
    with pytest.raises(ContentChanged):
        committee.vote(gate, "chair", digest="f" * 64)


@pytest.mark.parametrize("words", [{"rationale": " "}, {"choice": Choice.APPROVE_WITH_CONDITIONS, "conditions": ""}])
def test_a_ballot_has_a_reason_and_its_conditions(committee, words):
    gate = committee.opened()
    with pytest.raises(RationaleMissing):
        committee.vote(gate, "chair", **words)


def test_a_closed_account_does_not_vote_and_what_it_said_no_longer_counts(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "security", "quality"):
        committee.vote(gate, seat)
    for seat in ("legal", "independent"):
        committee.vote(gate, seat, Choice.ABSTAIN)
    gone = committee.people["quality"]
    gone.is_active = False
    gone.save()
    with pytest.raises(NotInteractive):
        committee.vote(gate, "quality")
    assert close(gate, committee).outcome == "lapsed"


def test_a_late_ballot_is_refused_and_a_late_vote_lapses(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "security"):
        committee.vote(gate, seat)
    Gate.objects.filter(pk=gate.pk).update(closes_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(GateClosed, match="time of this vote is up"):
        committee.vote(gate, "quality")
    assert close(gate, committee).outcome == "lapsed"


def test_what_people_said_is_sealed_until_the_vote_closes(committee):
    gate = committee.opened()
    ballot = committee.vote(gate, "security", Choice.REJECT, rationale="Secrets in the log.")
    entry = AuditEvent.objects.get(action="ballot.cast")
    told = str(entry.detail) + entry.reason
    assert "Secrets" not in told and "reject" not in told and "block" not in told
    assert entry.detail["seal"] == ballot_seal(ballot)
    for seat in ("chair", "engineering", "quality", "legal", "independent"):
        committee.vote(gate, seat)
    close(gate, committee)
    decided = AuditEvent.objects.get(action="gate.decide")
    assert "Secrets in the log." in str(decided.detail)


def test_a_definition_published_during_a_vote_changes_nothing_of_it(committee):
    gate = committee.opened()
    stricter = replace(EXPANSION, needed=6, quorum=6)
    version = gate_definition_propose(
        scope=committee.organisation,
        template="expansion",
        definition=stricter,
        reason="All six.",
        actor=committee.lead,
        is_interactive=True,
    )
    gate_definition_publish(
        version_id=version.pk, digest=version.content_digest, actor=committee.chair, is_interactive=True
    )
    for seat in ("chair", "engineering", "security", "quality"):
        committee.vote(gate, seat)
    for seat in ("legal", "independent"):
        committee.vote(gate, seat, Choice.ABSTAIN)
    assert close(gate, committee).outcome == "approved"
    assert committee.request().definition == version


# --- Definitions and waivers -----------------------------------------------------------------------------------------


def propose(committee, definition, **changes):
    given = {"actor": committee.lead, "reason": "Better.", "is_interactive": True, **changes}
    return gate_definition_propose(scope=committee.organisation, template="expansion", definition=definition, **given)


def test_two_people_of_quality_and_chair_make_a_definition_rule(committee):
    version = propose(committee, replace(EXPANSION, most_waivers=1))
    with pytest.raises(NotEligible, match="another person"):
        gate_definition_publish(
            version_id=version.pk, digest=version.content_digest, actor=committee.lead, is_interactive=True
        )
    with pytest.raises(GateClosed, match="not the version"):
        gate_definition_publish(version_id=version.pk, digest="0" * 64, actor=committee.chair, is_interactive=True)
    with pytest.raises(NotAllowed):
        propose(committee, replace(EXPANSION, most_waivers=0), actor=committee.people["security"])


def test_what_nothing_could_meet_is_not_saved(committee):
    first = EXPANSION.criteria[0]
    impossible = replace(EXPANSION, criteria=(replace(first, threshold=1.0), *EXPANSION.criteria[1:]))
    with pytest.raises(GateInvalid, match="no number of observations"):
        propose(committee, impossible)
    with pytest.raises(GateInvalid, match="rules already"):
        propose(committee, EXPANSION)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"criteria": "x"},
        {"needed": "four"},
        {"criteria": [{"key": "x"}]},
        {"seats": []},
        {"surprise": 1},
        {"criteria": [{**definition_content(EXPANSION)["criteria"][0], "comparison": "is"}]},
    ],
)
def test_words_that_are_no_definition_are_refused(wrong):
    content = {**definition_content(EXPANSION), **wrong} if wrong else {}
    with pytest.raises(GateInvalid):
        definition_parse(content)


@pytest.fixture
def lacking(committee, figures):
    figures.said["generation.lint_pass"] = replace(GOOD, value=0.5, n=100)
    gate = committee.request()
    committee.seat(gate)
    refresh(gate, committee)
    return gate


def ask(gate, committee, **changes):
    given = {
        "key": "lint",
        "reason": "A rule was wrong.",
        "ends_at": datetime.now(UTC) + SOON,
        "actor": committee.lead,
        "is_interactive": True,
    }
    return waiver_ask(gate_id=gate.pk, **{**given, **changes})


def test_a_waiver_of_two_people_lets_the_vote_open(lacking, committee):
    with pytest.raises(GateBlocked, match="lint is not met"):
        opening(lacking, committee)
    waiver = ask(lacking, committee)
    with pytest.raises(NotEligible, match="another person"):
        waiver_confirm(waiver_id=waiver.pk, actor=committee.lead, is_interactive=True)
    with pytest.raises(GateBlocked):
        opening(lacking, committee)
    waiver_confirm(waiver_id=waiver.pk, actor=committee.chair, is_interactive=True)
    gate = opening(lacking, committee)
    row = GateEvidence.objects.get(freeze__gate=gate, reading__key="lint")
    assert (row.state, row.waiver_id) == ("waived", waiver.pk)
    for seat in committee.people:
        committee.vote(gate, seat)
    waiver_withdraw(waiver_id=waiver.pk, actor=committee.chair, is_interactive=True)
    with pytest.raises(GateBlocked, match="lint is not met"):
        close(gate, committee)


def test_only_so_many_criteria_are_waived_and_only_what_lacks(lacking, committee, figures):
    with pytest.raises(GateBlocked, match="this is met"):
        ask(lacking, committee, key="types")
    figures.said |= {
        "generation.type_pass": replace(GOOD, value=0.5, n=100),
        "generation.test_pass": replace(GOOD, value=0.5, n=100),
        "quality.flake_rate": "down",
    }
    refresh(lacking, committee)
    with pytest.raises(GateBlocked, match="repaired, never waived"):
        ask(lacking, committee, key="flakes")
    ask(lacking, committee, key="types")
    ask(lacking, committee, key="tests")
    with pytest.raises(GateBlocked, match="At most 2 criteria"):
        ask(lacking, committee)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reason": ""}, GateInvalid),
        ({"key": "nothing"}, GateInvalid),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, GateInvalid),
        ({"ends_at": datetime(2999, 1, 1, tzinfo=UTC)}, GateInvalid),
        ({"is_interactive": False}, NotInteractive),
    ],
)
def test_a_waiver_without_sense_is_refused(lacking, committee, changes, error):
    with pytest.raises(error):
        ask(lacking, committee, **changes)


def test_a_failed_grant_leaves_the_gate_undecided(committee, monkeypatch):
    gate = committee.opened()
    for seat in committee.people:
        committee.vote(gate, seat)

    def fails(**_):
        raise DatabaseError("the ladder is away")

    monkeypatch.setattr("apps.governance.services.gates.votes.rung_grant", fails)
    with pytest.raises(DatabaseError):
        close(gate, committee)
    gate.refresh_from_db()
    assert gate.state == "voting" and not GateDecision.objects.exists()


def test_thresholds_hold_as_the_comparison_says(committee, figures):
    figures.said["governance.open_incidents"] = replace(GOOD, value=1.0, n=1)
    gate = committee.request()
    refresh(gate, committee)
    row = GateReading.objects.get(gate=gate, key="incidents")
    assert EXPANSION.find("incidents").comparison is Comparison.AT_MOST
    assert (row.state, row.sentence.split(".")[0]) == ("not_met", "1 is not at most 0")
