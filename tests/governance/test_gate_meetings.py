"""A gate as a meeting goes through it: one item at a time, who is there, who has still to vote, and no ballot."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import Gate
from apps.governance.services.gates import Choice, evidence_read, gate_close, gate_open, gate_present
from apps.governance.types import Role
from tests.governance.committee import GOOD

SECRET = "The audit log holds a key."


def meeting(user, gate, **query):
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("governance:gate-detail", args=[gate.pk]), {"meeting": 1, **query})
    assert answer.status_code == 200
    return answer


def words(answer):
    return answer.content.decode()


def test_it_begins_with_who_is_there_and_goes_through_every_criterion(committee):
    gate = committee.opened()
    gate_present(gate_id=gate.pk, actor=committee.people["legal"], is_interactive=True)
    first = meeting(committee.chair, gate)
    keys = [one.key for one in first.context["meeting"].items]
    assert keys[0] == "seats" and keys[-3:] == ["scope", "vote", "minutes"]
    assert [key for key in keys if key.startswith("criterion-")] == [f"criterion-{row}" for row in _rows(gate)]
    assert "1</span> of 6 seats present" in words(first) and 'data-key="Escape"' in words(first)
    criterion = words(meeting(committee.chair, gate, at="criterion-lint"))
    assert "What lint passes on the first run means." in criterion and "What flake rate means." not in criterion


@pytest.mark.parametrize("part", ["gate-presence", "gate-seats"])
def test_who_comes_is_seen_by_whoever_is_there_without_loading_the_page(committee, part):
    gate = committee.opened()
    page = words(meeting(committee.chair, gate))
    assert f'id="{part}"' in page
    assert page.count(f'data-live-job="gate-{gate.pk}"') == 2
    gate_present(gate_id=gate.pk, actor=committee.people["legal"], is_interactive=True)
    renewed = part_of(committee.chair, gate, part)
    assert f'id="{part}"' in renewed and "<html" not in renewed
    assert "1</span> of 6 seats present" in renewed or renewed.count("<span>present</span>") == 1


def test_after_the_vote_nothing_asks_to_be_renewed(committee):
    gate = committee.opened()
    Gate.objects.filter(pk=gate.pk).update(state="withdrawn")
    assert "data-live-job" not in words(meeting(committee.chair, gate))


def part_of(user, gate, part):
    client = Client()
    client.force_login(user)
    headers = {"HX-Request": "true", "HX-Target": part}
    url = reverse("governance:gate-detail", args=[gate.pk])
    return words(client.get(url, {"meeting": 1, "at": "seats"}, headers=headers))


def _rows(gate):
    return list(gate.readings.filter(batch=gate.evidence_batch).order_by("position").values_list("key", flat=True))


def test_every_item_leads_to_the_next_and_back_by_a_link(committee):
    gate = committee.opened()
    seen, at, client = [], "", Client()
    client.force_login(committee.people["legal"])
    url = reverse("governance:gate-detail", args=[gate.pk])
    while True:
        page = client.get(f"{url}{at or '?meeting=1'}")
        found = page.context["meeting"]
        seen.append(found.item.key)
        if found.after is None:
            break
        assert found.after.url.replace("&", "&amp;") in words(page)
        at = found.after.url
    assert len(seen) == len(set(seen)) == len(found.items)
    assert found.before is not None and found.before.url.replace("&", "&amp;") in words(page)


def test_what_people_said_is_not_shown_and_who_has_still_to_vote_is(committee):
    gate = committee.opened()
    committee.vote(gate, "security", Choice.REJECT, rationale=SECRET)
    committee.vote(gate, "legal", Choice.RECUSE)
    committee.vote(gate, "chair")
    for who in ("security", "engineering"):
        html = words(meeting(committee.people[who], gate, at="vote"))
        assert SECRET not in html and "reject it" not in html
        assert "Still to vote: <strong>Engineering, Quality, Independent member</strong>" in html
        assert "stepped aside" in html


def test_it_names_whom_the_close_waits_for_also_where_an_alternate_has_come_in(committee):
    gate = committee.request()
    committee.seat(gate, alternates={"legal": [committee.lead]})
    evidence_read(gate_id=gate.pk, asked_by=None)
    gate_open(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    for seat in ("chair", "engineering", "security", "quality", "independent"):
        committee.vote(gate, seat)
    committee.vote(gate, "legal", Choice.RECUSE)
    assert "Every seat that can has spoken." in words(meeting(committee.chair, gate, at="vote"))


def test_after_the_decision_it_shows_no_ballot_either(committee):
    gate = committee.opened()
    for seat in ("chair", "engineering", "quality", "legal", "independent"):
        committee.vote(gate, seat)
    committee.vote(gate, "security", Choice.REJECT, rationale=SECRET)
    gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    for at in ("seats", "vote"):
        html = words(meeting(committee.chair, gate, at=at))
        assert SECRET not in html and "rejects" not in html


def test_minutes_are_drafted_for_the_chair_and_kept_when_saved(committee, figures):
    figures.said["generation.first_pass_approval"] = replace(GOOD, value=0.5, n=80)
    gate = committee.opened()
    gate_present(gate_id=gate.pk, actor=committee.people["legal"], is_interactive=True)
    html = words(meeting(committee.chair, gate, at="minutes", since="1700000000"))
    assert "Present: Legal and privacy." in html and "Flake rate: 0 %" in html
    assert "asks for ≥ 60 %: not met." in html
    member = words(meeting(committee.people["legal"], gate, at="minutes"))
    assert "The chair has written none yet." in member and "Save the minutes" not in member
    client = Client()
    client.force_login(committee.chair)
    url = f"{reverse('governance:gate-minutes', args=[gate.pk])}?meeting=1&at=minutes&since=1700000000"
    answer = client.post(url, {"minutes": "We spoke."})
    assert answer["Location"].endswith(f"/governance/gates/{gate.pk}?meeting=1&at=minutes&since=1700000000")
    assert "We spoke." in words(meeting(committee.chair, gate, at="minutes"))


@pytest.mark.parametrize("query", [{"at": "nothing"}, {"at": "<script>&"}, {"since": "x"}, {"since": "9" * 40}])
def test_an_address_that_nobody_made_begins_at_the_beginning(committee, query):
    page = meeting(committee.chair, committee.opened(), **query)
    assert page.context["meeting"].at == 0 and page.context["meeting"].minutes == 0
    assert "<script>&" not in words(page)


def test_it_says_for_how_long_people_meet(committee):
    gate = committee.opened()
    began = meeting(committee.chair, gate).context["meeting"].items[0].url.split("since=")[1]
    assert meeting(committee.chair, gate, since=str(int(began) - 60 * 12)).context["meeting"].minutes == 12


def test_before_the_vote_and_without_evidence_there_is_a_meeting_too(committee):
    html = words(meeting(committee.chair, committee.request(), at="vote"))
    assert "The vote is not open yet." in html and "vacant" in html


def test_an_item_costs_the_same_for_few_criteria_and_many_readings(committee):
    gate = committee.opened()
    meeting(committee.chair, gate, at="vote")
    with CaptureQueriesContext(connection) as before:
        meeting(committee.chair, gate, at="vote")
    for _ in range(3):
        evidence_read(gate_id=gate.pk, asked_by=None)
    with CaptureQueriesContext(connection) as after:
        meeting(committee.chair, gate, at="vote")
    assert len(after) == len(before)


def test_a_gate_of_others_has_no_meeting(committee, person, other_scope):
    stranger = person("stranger", Role.ENGINEER, where=other_scope)
    client = Client()
    client.force_login(stranger)
    assert client.get(f"/governance/gates/{committee.request().pk}?meeting=1").status_code == 404
