"""The kill switch through the API: people in their session, no token, once for each key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.governance.engine.gates import EXPANSION, definition_content
from apps.governance.models import AuditEvent, Ballot, Gate, GateSeat, Suspension
from apps.governance.services import TOKEN_SCOPES, scope_create, token_issue
from apps.governance.types import Role

pytestmark = pytest.mark.django_db
PATH = "/api/governance/suspensions"
BODY = {"kind": "repository", "scope": "Acme/shop", "reason": "It deletes tests."}


@pytest.fixture
def organisation(scope):
    return scope_create(organisation="Acme", created_by=None)


@pytest.fixture
def chair(person, organisation):
    return person("chair", Role.CHAIR, where=organisation)


@pytest.fixture
def member(person, organisation):
    return person("mia", Role.COMMITTEE, where=organisation)


def seat(gate_of, user, by, **fields):
    gate = Gate.objects.create(
        scope=gate_of,
        title="Wave 2",
        definition_content=definition_content(EXPANSION),
        granted=[1],
        sample=[1],
        risk_max="low",
        expires_at=datetime.now(UTC) + timedelta(days=9),
        requested_by=by,
    )
    return GateSeat.objects.create(gate=gate, seat="security", user=user, assigned_by=by, **fields)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY, "repository"),
        ({"kind": "everything", "scope": "Acme"}, "everything"),
        ({"kind": "model", "scope": "Acme", "model": "qwen"}, "model"),
    ],
)
def test_the_chair_suspends_a_repository_everything_and_a_model(call, chair, body, kind):
    answer = call("POST", PATH, body, user=chair)
    assert answer.status_code == 200, answer.content
    made = Suspension.objects.get()
    assert (answer.json()["kind"], answer.json()["resumed_at"]) == (kind, None)
    assert answer["Location"] == f"/api/v1/suspensions/suspension_{made.pk}"
    assert call("GET", answer["Location"], user=chair).json()["id"] == answer.json()["suspension"]
    assert AuditEvent.objects.get(action="generation.suspend").outcome == "done"


def test_the_same_key_suspends_once_and_another_body_under_it_is_refused(call, chair):
    first, again, other = (
        call("POST", PATH, body, user=chair, headers={"Idempotency-Key": "one"})
        for body in (BODY, BODY, {**BODY, "kind": "everything", "scope": "Acme"})
    )
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert (other.status_code, other["Content-Type"]) == (422, "application/problem+json")
    assert Suspension.objects.count() == AuditEvent.objects.filter(action="generation.suspend").count() == 1


def test_a_place_is_named_by_its_id_too_and_what_is_not_readable_does_not_exist(call, chair, person, scope):
    assert call("POST", PATH, {**BODY, "scope": f"scope_{scope.pk}"}, user=chair).status_code == 200
    scope_create(organisation="Other", repository="far", created_by=None)
    for place in ("Other/far", "Acme/none", "scope_999999", f"scope_{'9' * 60}", "scope_x", ""):
        answer = call("POST", PATH, {**BODY, "scope": place}, user=chair)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), place


def test_a_quality_lead_stops_a_repository_and_no_more(call, person, organisation):
    lead = person("quinn", Role.QUALITY_LEAD, where=organisation)
    refused = call("POST", PATH, {"kind": "everything", "scope": "Acme"}, user=lead)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert "whoever holds its security seat" in refused.json()["remedy"]
    denied = AuditEvent.objects.get(action="generation.suspend")
    assert (denied.outcome, denied.scope) == ("denied", organisation)
    assert call("POST", PATH, BODY, user=lead).status_code == 200


def test_whoever_holds_the_security_seat_suspends_and_other_members_do_not(call, member, chair, person, organisation):
    sol = person("sol", Role.COMMITTEE, where=organisation)
    seat(organisation, sol, chair)
    whole = {"kind": "everything", "scope": "Acme"}
    assert call("POST", PATH, whole, user=member).status_code == 403
    assert call("POST", PATH, whole, user=sol).status_code == 200


@pytest.mark.parametrize("verb", ["", "/reason", "/ballot"])
@pytest.mark.parametrize("kind", ["person", "machine"])
def test_a_token_with_every_scope_neither_suspends_nor_resumes_and_is_recorded(
    call, chair, person, organisation, verb, kind
):
    path = PATH
    if verb:
        path += f"/{call('POST', PATH, BODY, user=chair).json()['suspension']}{verb}"
    machine = person("ci", Role.SERVICE, where=organisation, is_service=True)
    root = person("root", is_superuser=True)
    user = chair if kind == "person" else machine
    _, secret = token_issue(
        user=user,
        name="all",
        scopes=sorted(TOKEN_SCOPES),
        lifetime=timedelta(days=1),
        issued_by=chair if kind == "person" else root,
    )
    body = {"": BODY, "/reason": {"reason": "No."}, "/ballot": {"verdict": "resume", "rationale": "x", "digest": "0"}}
    answer = call("POST", path, body[verb], headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    entry = AuditEvent.objects.filter(outcome="denied").latest("sequence")
    assert (entry.action, entry.actor_id, entry.detail["path"]) == ("token.use", str(user.pk), path)
    assert Suspension.objects.count() == bool(verb)
    assert not Ballot.objects.exists()


def test_a_write_without_the_pages_token_is_refused(call, chair):
    answer = call("POST", PATH, BODY, user=chair, csrf=True)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission.csrf")
    assert not Suspension.objects.exists()


def test_the_reason_comes_later_and_two_of_the_committee_resume(call, chair, member, monkeypatch):
    made = call("POST", PATH, {**BODY, "reason": ""}, user=chair).json()
    path = f"{PATH}/{made['suspension']}"
    said = call("POST", f"{path}/reason", {"reason": "It deletes tests."}, user=chair).json()
    assert said["reason"] == "It deletes tests." and said["content_digest"] != made["content_digest"]
    ballot = {"verdict": "resume", "rationale": "Mended.", "digest": made["content_digest"]}
    assert call("POST", f"{path}/ballot", ballot, user=chair).json()["code"] == "quorum.content_changed"
    ballot["digest"] = said["content_digest"]
    with monkeypatch.context() as late:
        late.setattr("apps.governance.reauthentication.is_recently_authenticated", lambda request: False)
        unconfirmed = call("POST", f"{path}/ballot", ballot, user=chair)
    assert (unconfirmed.status_code, unconfirmed.json()["code"]) == (403, "sign_in.confirmation_needed")
    assert call("POST", f"{path}/ballot", ballot, user=chair).json()["resumed_at"] is None
    assert call("POST", f"{path}/ballot", ballot, user=member).json()["resumed_at"] is not None


def test_the_suspensions_of_others_do_not_exist(call, chair, person):
    made = call("POST", PATH, BODY, user=chair).json()["suspension"]
    for verb, body in (
        ("reason", {"reason": "x"}),
        ("ballot", {"verdict": "resume", "rationale": "x", "digest": "0"}),
    ):
        answer = call("POST", f"{PATH}/{made}/{verb}", body, user=person(f"sam-{verb}"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
