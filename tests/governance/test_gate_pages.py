"""The pages of gates: what each person sees, does, and never sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import (
    Absence,
    AuditEvent,
    Ballot,
    Gate,
    GateDecision,
    Organisation,
    RoleAssignment,
    Scope,
    User,
)
from apps.governance.selectors.ballots import ballots_recent
from apps.governance.services import audit_record
from apps.governance.services.gates import Choice, evidence_read, gate_close, gate_open
from apps.governance.subjects import decisions_open_for
from apps.governance.types import Role
from tests.governance.committee import GOOD
from tests.people import signed_in
from tests.places import pilot_made

SECRET = "The audit log holds a key."


def page(user, gate, **query):
    answer = signed_in(user).get(reverse("governance:gate-detail", args=[gate.pk]), query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def post(user, name, gate, **data):
    return signed_in(user).post(reverse(f"governance:{name}", args=[gate.pk]), data)


def test_governance_leads_to_templates_where_no_gate_is_open(committee):
    html = signed_in(committee.requester).get("/governance").content.decode()
    assert "No gate is open" in html and "/governance/gates/new" in html
    templates = signed_in(committee.requester).get("/governance/gates/new").content.decode()
    for words in (
        "Expand AI generation beyond pilot repositories",
        "Flake rate",
        "4 of 6 seats",
        "?template=expansion",
    ):
        assert words in templates


def test_a_gate_is_asked_for_on_its_form(committee):
    path = "/governance/gates/new?template=expansion"
    user = signed_in(committee.requester)
    form = user.get(path).content.decode()
    assert form.count('<option value="quality.coverage_line"') == 7
    assert "What these measures are" in form
    sent = {
        "title": "Wave 2",
        "granted": [committee.wave.pk],
        "sample": [committee.pilot.pk],
        "flagships": [committee.pilot.pk],
        "risk_max": "medium",
        "expires_on": (datetime.now(UTC) + timedelta(days=60)).date().isoformat(),
        "tripwires-TOTAL_FORMS": 2,
        "tripwires-INITIAL_FORMS": 0,
        "tripwires-0-measure": "quality.flake_rate",
        "tripwires-0-trips": "above",
        "tripwires-0-bound": "0.02",
        "tripwires-1-measure": "",
        "tripwires-1-trips": "above",
    }
    for field, value, words in (
        ("measure", "no.such", "no.such is not one of the available choices"),
        ("measure", "", "Say what the figure is of."),
        ("trips", "", "Say on which side it trips."),
        ("bound", "", "Say past which figure it trips."),
        ("bound", "nan", "Enter a number."),
    ):
        wrong = user.post(path, {**sent, f"tripwires-0-{field}": value})
        assert wrong.status_code == 422 and words in wrong.content.decode()
    refused = user.post(path, {**sent, "flagships": []})
    assert refused.status_code == 422 and "flagship" in refused.content.decode()
    assert user.post(path, sent).status_code == 302
    gate = Gate.objects.get()
    assert [(one["measure"], one["trips"], one["bound"]) for one in gate.tripwires] == [
        ("quality.flake_rate", "above", 0.02)
    ]
    wires = (
        user.get(reverse("governance:gate-detail", args=[gate.pk])).content.decode().split("Tripwires suspend it")[1]
    )
    assert "above 2 %, of 28 days" in wires.partition("</ul>")[0]
    assert "Wave 2" in signed_in(committee.chair).get("/governance").content.decode()


def test_a_decision_that_kept_names_is_still_read(committee):
    gate, legal = committee.opened(), committee.people["legal"]
    said = {"voter": legal.pk, "name": "Former Name", "seat": "Legal and privacy", "choice": "reject"}
    ballot = {**said, "rationale": "Too early.", "conditions": "", "cast_at": "2026-11-01T00:00:00+00:00"}
    content = {
        "ballots": [ballot],
        "dissent": [ballot],
        "conditions": [{"seat": "Quality", "name": "Former Member", "text": "Nightly."}],
    }
    fields = {"content": content, "content_digest": "d", "decided_by": committee.chair}
    GateDecision.objects.create(gate=gate, freeze=gate.freezes.get(), outcome="lapsed", **fields)
    Gate.objects.filter(pk=gate.pk).update(state="lapsed", closed_at=datetime.now(UTC))
    html = page(committee.chair, gate)
    assert "legal: Too early." in html and "Former Member, Quality" in html
    assert "Former Name" not in html


def test_only_repositories_that_are_no_pilots_can_be_asked_for(committee):
    path = "/governance/gates/new?template=expansion"
    pilot = pilot_made(committee.organisation)
    form = signed_in(committee.requester).get(path).context["form"]
    assert set(form.fields["granted"].queryset) == {committee.pilot, committee.wave}
    assert pilot in form.fields["sample"].queryset


def test_where_every_repository_is_a_pilot_nothing_is_left_to_ask_for(committee):
    path = "/governance/gates/new?template=expansion"
    open_to_all = pilot_made(Scope.objects.create(organisation=Organisation.objects.create(name="Open")))
    RoleAssignment.objects.update(scope=open_to_all)
    html = signed_in(committee.requester).get(path).content.decode()
    assert "No repository is left to open" in html and "Ask for this" not in html


def test_an_organisation_as_a_whole_is_named_in_words(committee):
    html = signed_in(committee.chair).get("/governance/ladder").content.decode()
    assert "all of Acme" in html and "Acme/*" not in html


def test_who_may_not_ask_is_told_who_can(committee, person, organisation):
    reader = person("reader", Role.AUDITOR, where=organisation)
    answer = signed_in(reader).get("/governance/gates/new")
    assert answer.status_code == 403 and "chair of the committee" in answer.content.decode()


def test_the_matrix_says_every_figure_and_what_would_turn_it(committee, figures):
    figures.said["quality.flake_rate"] = replace(GOOD, value=0.0, n=200)
    figures.said["generation.lint_pass"] = "The queue does not answer."
    gate = committee.request()
    assert "No evidence was read yet" in page(committee.chair, gate)
    evidence_read(gate_id=gate.pk, asked_by=None)
    html = page(committee.chair, gate, row="flakes")
    for words in (
        "Another 181 clean reruns would show that it is below 1 %.",
        "The queue does not answer.",
        "What flake rate means.",
        "/requests/1",
        "History",
        "insufficient data",
        "gate-bar__interval",
        "&lt; 1 %",
    ):
        assert words in html, words


def test_unreadable_gates_are_invisible(committee, person, other_scope):
    gate = committee.request()
    stranger = person("stranger", Role.ENGINEER, where=other_scope)
    answer = signed_in(stranger).get(reverse("governance:gate-detail", args=[gate.pk]))
    assert answer.status_code == 404
    assert gate.title not in signed_in(stranger).get("/governance").content.decode()


def test_seating_opening_voting_and_closing_on_the_page(committee):
    gate = committee.request()
    seats = {f"holder_{key}": user.username for key, user in committee.people.items()}
    impossible = post(committee.chair, "gate-seats", gate, holder_chair="chair")
    assert impossible.status_code == 422 and "could never decide" in impossible.content.decode()
    assert (
        "no active person called nobody"
        in post(committee.chair, "gate-seats", gate, **{**seats, "holder_legal": "nobody"}).content.decode()
    )
    assert post(committee.chair, "gate-seats", gate, **seats).status_code == 302
    evidence_read(gate_id=gate.pk, asked_by=None)
    assert "Open the vote" in page(committee.chair, gate)
    assert "Open the vote" not in page(committee.people["legal"], gate)
    assert post(committee.chair, "gate-open", gate).status_code == 302
    gate.refresh_from_db()
    html = page(committee.people["legal"], gate)
    assert gate.digest in html and "vote on whether code may be asked for in Acme/billing" in html
    for key, user in committee.people.items():
        answer = post(user, "gate-ballot", gate, digest=gate.digest, choice="approve", rationale=f"{key} agrees.")
        assert answer.status_code == 302
    closed = post(committee.chair, "gate-close", gate)
    assert closed.status_code == 302
    html = page(committee.people["legal"], gate)
    for words in ("approved", "approves", "security agrees.", "Vote opened", gate.digest):
        assert words in html


def test_a_ballot_without_a_reason_comes_back_with_its_words(committee):
    gate = committee.opened()
    member = committee.people["legal"]
    answer = post(
        member, "gate-ballot", gate, digest=gate.digest, choice="approve_with_conditions", rationale="Because of this."
    )
    html = answer.content.decode()
    assert answer.status_code == 422 and "Because of this." in html and "under which conditions" in html


def test_a_stale_tab_is_told_so_and_recorded(committee):
    gate = committee.opened()
    member = committee.people["legal"]
    answer = post(member, "gate-ballot", gate, digest="0" * 64, choice="approve", rationale="Fine.")
    assert answer.status_code == 409 and "changed while you were reading" in answer.content.decode()
    assert AuditEvent.objects.filter(outcome="denied", action="ballot.cast", actor_id=str(member.pk)).exists()


def test_two_tabs_vote_once(committee):
    gate = committee.opened()
    member = committee.people["legal"]
    sent = {"digest": gate.digest, "choice": "approve", "rationale": "Fine."}
    assert post(member, "gate-ballot", gate, **sent).status_code == 302
    assert post(member, "gate-ballot", gate, **sent).status_code == 409
    assert Ballot.objects.count() == 1


def test_a_page_of_another_site_casts_no_ballot(committee):
    gate = committee.opened()
    client = Client(enforce_csrf_checks=True)
    client.force_login(committee.chair)
    path = reverse("governance:gate-ballot", args=[gate.pk])
    answer = client.post(path, {"digest": gate.digest, "choice": "approve", "rationale": "x"})
    assert answer.status_code == 403 and not Ballot.objects.exists()


@pytest.mark.parametrize("who", ["chair", "auditor", "admin"])
def test_nobody_but_the_voter_reads_a_ballot_while_the_vote_is_open(committee, person, organisation, who):
    gate = committee.opened()
    voter = committee.people["security"]
    ballot = committee.vote(gate, "security", Choice.REJECT, rationale=SECRET)
    assert SECRET in page(voter, gate)
    reader = {
        "chair": lambda: committee.chair,
        "auditor": lambda: person("ada", Role.AUDITOR, where=organisation),
        "admin": lambda: User.objects.create_superuser("root", password="correct horse battery"),
    }[who]()
    client = signed_in(reader)
    paths = [
        "/governance",
        "/governance/audit",
        "/api/v1/ballots",
        f"/api/v1/ballots?subject_id={gate.pk}",
        "/api/v1/audit-events",
        "/api/v1/gate-freezes",
        f"/api/v1/gates/gate_{gate.pk}",
        reverse("governance:gate-detail", args=[gate.pk]),
    ]
    if who == "admin":
        paths += ["/admin/governance/ballot/", f"/admin/governance/ballot/{ballot.pk}/change/"]
    for path in paths:
        html = client.get(path, follow=True).content.decode()
        assert SECRET not in html, path
        assert '"verdict": "block"' not in html and '"verdict":"block"' not in html, path
    assert ballot not in ballots_recent(reader)
    html = page(reader, gate)
    assert ">1</strong> of 6 seats have spoken" in html
    for seat in ("chair", "engineering", "quality", "legal", "independent"):
        committee.vote(gate, seat)
    gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    assert SECRET in page(reader, gate)


def test_changed_evidence_is_a_banner_and_a_mark(committee, figures):
    gate = committee.opened()
    committee.vote(gate, "chair")
    figures.said["generation.approval_rate"] = replace(GOOD, n=399)
    evidence_read(gate_id=gate.pk, asked_by=None)
    html = page(committee.chair, gate)
    assert "Changed since the vote opened: People approve." in html and "gate-row--changed" in html
    assert post(committee.chair, "gate-refreeze", gate, reason="One was withdrawn.").status_code == 302


def test_a_waiver_is_signed_on_the_page_by_two(committee, figures):
    figures.said["generation.lint_pass"] = replace(GOOD, value=0.5, n=100)
    gate = committee.request()
    evidence_read(gate_id=gate.pk, asked_by=None)
    assert "Sign a waiver first" in page(committee.lead, gate, row="lint")
    until = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    sent = {"key": "lint", "reason": "A rule was wrong.", "until": until}
    bad = post(committee.lead, "waiver-ask", gate, **{**sent, "until": "2999-01-01"})
    assert bad.status_code == 422 and "A rule was wrong." in bad.content.decode()
    assert post(committee.lead, "waiver-ask", gate, **sent).status_code == 302
    waiver = gate.waivers.get()
    assert "Confirm the waiver" not in page(committee.lead, gate)
    assert "Confirm the waiver" in page(committee.chair, gate)
    assert post(committee.chair, "waiver-confirm", waiver).status_code == 302
    assert "waived" in page(committee.chair, gate)
    assert post(committee.chair, "waiver-withdraw", waiver).status_code == 302


def test_a_member_finds_the_vote_among_what_waits(committee):
    gate = committee.opened()
    waiting = decisions_open_for(committee.people["legal"], limit=9)
    assert [(one.title, one.what) for one in waiting] == [(gate.title, "Vote")]
    committee.vote(gate, "legal")
    assert decisions_open_for(committee.people["legal"], limit=9) == []
    assert decisions_open_for(committee.lead, limit=9) == []


def test_an_alternate_finds_the_vote_once_every_holder_is_away_or_aside(committee, person):
    stand_in = person("stand-in", Role.COMMITTEE, where=committee.organisation)
    gate = committee.request()
    committee.seat(gate, alternates={"legal": [stand_in]})
    evidence_read(gate_id=gate.pk, asked_by=committee.chair)
    gate_open(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    assert decisions_open_for(stand_in, limit=9) == []
    today = now().date()
    away = Absence.objects.create(user=committee.people["legal"], starts_on=today, ends_on=today)
    assert [one.title for one in decisions_open_for(stand_in, limit=9)] == [gate.title]
    away.delete()
    assert decisions_open_for(stand_in, limit=9) == []
    committee.vote(gate, "legal", Choice.RECUSE)
    assert [one.title for one in decisions_open_for(stand_in, limit=9)] == [gate.title]


def test_presence_minutes_and_withdrawal(committee):
    gate = committee.opened()
    assert post(committee.people["legal"], "gate-present", gate).status_code == 302
    assert post(committee.lead, "gate-present", gate).status_code == 403
    assert post(committee.chair, "gate-minutes", gate, minutes="We spoke.").status_code == 302
    assert post(committee.requester, "gate-withdraw", gate, reason="").status_code == 422
    assert post(committee.requester, "gate-withdraw", gate, reason="Later.").status_code == 302
    html = page(committee.chair, gate)
    assert "We spoke." in html and "Later." in html and "withdrawn" in html


def test_the_requester_is_told_that_they_have_no_vote(committee):
    assert "you have no vote on it" in page(committee.requester, committee.opened())


def test_names_of_repositories_and_reasons_are_text_not_markup(committee):
    gate = committee.request(title="<script>alert(1)</script>", risks="<img src=x onerror=alert(1)>")
    html = page(committee.chair, gate)
    assert "<script>alert(1)" not in html and "<img src=x" not in html


def test_lists_cost_the_same_for_one_gate_and_for_many(committee):
    client = signed_in(committee.chair)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert client.get("/governance").status_code == 200
        return len(counted)

    committee.request()
    queries()
    one = queries()
    for _ in range(5):
        committee.request()
    assert queries() == one


def test_a_page_costs_the_same_after_many_readings(committee):
    gate = committee.opened()
    audit_record(action="x", object_kind="gate", object_id=gate.pk, actor=None)

    def queries():
        with CaptureQueriesContext(connection) as counted:
            page(committee.chair, gate)
        return len(counted)

    one = queries()
    for _ in range(3):
        evidence_read(gate_id=gate.pk, asked_by=None)
    assert queries() == one
