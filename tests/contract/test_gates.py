"""The verbs of a gate: a person's own session, and never a token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.governance.models import AuditEvent, Ballot
from apps.governance.services import TOKEN_SCOPES, token_issue
from tests.governance.committee import acme_committee

BODIES = {
    "ballot": {"choice": "approve", "rationale": "Fine.", "evidence_digest": "0" * 64},
    "open": {},
    "refreeze": {"reason": "Because."},
    "close": {},
}


@pytest.fixture
def committee(db, monkeypatch):
    return acme_committee(monkeypatch)


@pytest.mark.bar(2)
@pytest.mark.parametrize("verb", BODIES)
def test_a_token_with_every_scope_does_nothing_to_a_gate_and_is_recorded(call, committee, verb):
    gate = committee.opened()
    _, secret = token_issue(
        user=committee.chair,
        name="all",
        scopes=sorted(TOKEN_SCOPES),
        lifetime=timedelta(days=1),
        issued_by=committee.chair,
    )
    path = f"/api/governance/gates/gate_{gate.pk}/{verb}"
    answer = call("POST", path, BODIES[verb], headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    entry = AuditEvent.objects.filter(outcome="denied").latest("sequence")
    assert (entry.action, entry.detail["path"]) == ("token.use", path)
    assert not Ballot.objects.exists()


def test_a_person_votes_and_closes_in_their_session(call, committee):
    gate = committee.opened()
    path = f"/api/governance/gates/gate_{gate.pk}"
    for user in committee.people.values():
        body = {**BODIES["ballot"], "evidence_digest": gate.digest}
        answer = call("POST", f"{path}/ballot", body, user=user)
        assert answer.status_code == 201, answer.content
    twice = call("POST", f"{path}/ballot", body, user=user)
    assert (twice.status_code, twice.json()["code"]) == (409, "quorum.already_voted")
    refused = call("POST", f"{path}/close", {}, user=committee.requester)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.role_missing")
    closed = call("POST", f"{path}/close", {}, user=committee.chair)
    assert closed.json()["state"] == "approved"
    decision = call("GET", f"/api/v1/decisions?gate=gate_{gate.pk}", user=committee.chair).json()["items"][0]
    assert decision["outcome"] == "approved" and len(decision["content"]["ballots"]) == 6


def test_nobody_without_an_account_reaches_a_gate(call, committee):
    gate = committee.opened()
    assert call("POST", f"/api/governance/gates/gate_{gate.pk}/close", {}).status_code == 401


def test_a_person_who_has_not_shown_lately_who_they_are_signs_nothing(call, committee, monkeypatch):
    gate = committee.opened()
    monkeypatch.setattr("apps.governance.reauthentication.is_recently_authenticated", lambda request: False)
    body = {**BODIES["ballot"], "evidence_digest": gate.digest}
    answer = call("POST", f"/api/governance/gates/gate_{gate.pk}/ballot", body, user=committee.chair)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in.confirmation_needed")
    assert not Ballot.objects.exists()
