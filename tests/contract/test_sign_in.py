"""Getting a token without a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.governance.models import ApiToken, AuditEvent
from apps.governance.services import audit_record
from apps.governance.services.sign_in import FAILED, KIND, LOCKED
from apps.governance.types import Outcome, Role
from tests.people import PASSWORD

PATH = "/api/auth/token"

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(person):
    return person("erin", Role.ENGINEER)


def sign_in(call, password=PASSWORD, **more):
    return call("POST", PATH, {"username": "erin", "password": password, **more})


def test_a_name_and_a_password_give_a_token_that_works_and_is_kept_as_a_digest(call, engineer):
    answer = sign_in(call, scopes=["requests:read"], expires_in_days=7)
    assert answer.status_code == 201, answer.content
    secret = answer.json()["token"]
    assert secret.startswith("nofx_pat_")
    token = ApiToken.objects.get()
    assert (token.user, token.digest, token.scopes) == (engineer, sha256_hex(secret), ["requests:read"])
    assert token.expires_at - now() < timedelta(days=7, seconds=1)
    assert secret not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("more", [{"scopes": ["verdicts:write"]}, {"expires_in_days": 366}, {"name": " "}])
def test_a_token_that_cannot_be_is_refused(call, engineer, more):
    assert sign_in(call, **more).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_wrong_password_says_the_same_as_an_unknown_name(call, engineer):
    wrong = sign_in(call, "wrong").json()
    unknown = call("POST", PATH, {"username": "nobody", "password": "wrong"}).json()
    assert wrong["code"] == unknown["code"] == "sign_in.refused"
    assert wrong["detail"] == unknown["detail"]


def test_closed_and_machine_accounts_get_no_token_this_way(call, person):
    person("gone", Role.ENGINEER, is_active=False)
    person("bot", Role.SERVICE, is_service=True)
    for name in ("gone", "bot"):
        assert call("POST", PATH, {"username": name, "password": PASSWORD}).status_code == 401


def test_after_five_failures_the_right_password_is_refused_too(call, engineer):
    for _ in range(5):
        assert sign_in(call, "wrong").status_code == 401
    locked = sign_in(call)
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in.locked_out")
    assert AuditEvent.objects.filter(action=FAILED, outcome="denied").count() == 5
    assert AuditEvent.objects.filter(action=LOCKED).count() == 1


def test_a_success_and_time_both_end_the_count(call, engineer, monkeypatch):
    for _ in range(4):
        sign_in(call, "wrong")
    assert sign_in(call).status_code == 201
    for _ in range(5):
        sign_in(call, "wrong")
    assert sign_in(call).status_code == 429
    monkeypatch.setattr("apps.governance.services.sign_in.now", lambda: now() + timedelta(minutes=16))
    assert sign_in(call).status_code == 201


def test_the_chain_does_not_name_the_account_in_clear(call, engineer):
    sign_in(call, "wrong")
    assert "erin" not in str(list(AuditEvent.objects.values()))


def test_other_events_about_the_account_do_not_count(call, engineer):
    for _ in range(9):
        audit_record(action="x", object_kind=KIND, object_id=sha256_hex("erin"), actor=None, outcome=Outcome.DENIED)
    assert sign_in(call).status_code == 201
