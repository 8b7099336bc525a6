"""What holds for every API request, shown on a probe that is mounted beside nothing else."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import pytest
from django.http import HttpRequest
from django.urls import path
from ninja import Router, Schema, Status

from apps.core.clock import now
from apps.core.errors import Conflict
from apps.governance.http import PROBLEM_TYPE, PROBLEMS, access, current_user, interactive, require
from apps.governance.models import ApiToken, AuditEvent, IdempotencyKey, Organisation, Scope
from apps.governance.services import token_revoke
from apps.governance.types import Action, Role
from nofx.api.root import new_api

router = Router()


class Named(Schema):
    name: str


@router.post("/make", auth=access("specs:write"), response={201: dict, **PROBLEMS})
def make(request: HttpRequest, payload: Named) -> Status[dict]:
    scope = Scope.objects.get(repository="shop")
    require(request, Action.SPEC_WRITE, scope)
    made = Organisation.objects.create(name=payload.name)
    return Status(201, {"id": made.pk, "by": current_user(request).username, "interactive": interactive(request)})


@router.post("/page-only")
def page_only(request: HttpRequest) -> dict:
    return {"interactive": interactive(request)}


@router.get("/broken", auth=None)
def broken(request: HttpRequest) -> dict:
    raise RuntimeError("the password is hunter2")


@router.get("/conflict", auth=None)
def conflicting(request: HttpRequest) -> dict:
    raise Conflict("It changed.", remedy="Reload.")


probe = new_api("probe")
probe.add_router("/probe", router)
urlconf = ModuleType("probe_urls")
urlconf.urlpatterns = [path("api/", probe.urls)]  # type: ignore[attr-defined]  # a module of this test's own

pytestmark = [pytest.mark.django_db, pytest.mark.urls(urlconf)]
MAKE = "/api/probe/make"


@pytest.fixture
def engineer(person):
    return person("erin", Role.ENGINEER)


def assert_problem(response, status, code=None):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM_TYPE
    document = response.json()
    assert document["status"] == status
    assert document["instance"] == response["X-Request-ID"]
    assert {"type", "title", "detail", "code"} <= document.keys()
    if code:
        assert document["code"] == code
    return document


def test_nobody_gets_in_without_a_name(call):
    response = call("POST", MAKE, {"name": "x"})
    assert_problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_session_writes_with_its_csrf_token_only(call, engineer):
    assert_problem(call("POST", MAKE, {"name": "x"}, user=engineer, csrf=True), 403, "permission.csrf")
    assert call("POST", MAKE, {"name": "x"}, user=engineer).status_code == 201


def test_a_token_with_the_scope_gets_in_and_is_not_interactive(call, engineer, token):
    response = call("POST", MAKE, {"name": "x"}, headers=token(engineer, "specs:write"))
    assert response.json() == {"id": Organisation.objects.get(name="x").pk, "by": "erin", "interactive": False}


def test_a_token_without_the_scope_is_refused_and_the_refusal_is_audited(call, engineer, token):
    response = call("POST", MAKE, {"name": "x"}, headers=token(engineer, "specs:read"))
    document = assert_problem(response, 403, "permission.token_scope_missing")
    assert document["required"] == ["specs:write"]
    event = AuditEvent.objects.get(outcome="denied")
    assert (event.action, event.actor_id) == ("token.use", str(engineer.pk))


def test_an_operation_without_a_scope_takes_no_token_at_all(call, engineer, token):
    assert_problem(call("POST", "/api/probe/page-only", headers=token(engineer)), 403)
    assert call("POST", "/api/probe/page-only", user=engineer).json() == {"interactive": True}


def test_a_token_beside_a_session_makes_the_request_a_tokens(call, person, engineer, token):
    response = call("POST", MAKE, {"name": "x"}, user=person("ravi", Role.REVIEWER), headers=token(engineer))
    assert response.json()["by"] == "erin"
    assert response.json()["interactive"] is False


@pytest.mark.parametrize("header", ["Bearer nofx_pat_unknown", "Basic ZXJpbjpwdw==", "Bearer"])
def test_a_credential_that_is_not_known_is_refused_even_beside_a_session(call, engineer, header):
    response = call("POST", MAKE, {"name": "x"}, user=engineer, headers={"Authorization": header})
    assert_problem(response, 401, "token.refused")


@pytest.mark.parametrize("change", [{"expires_at": now() - timedelta(seconds=1)}, {"revoked_at": now()}])
def test_an_ended_token_is_refused(call, engineer, token, change):
    headers = token(engineer)
    ApiToken.objects.update(**change)
    assert_problem(call("POST", MAKE, {"name": "x"}, headers=headers), 401, "token.refused")


def test_a_revoked_token_and_a_closed_account_are_refused(call, engineer, token):
    first, second = token(engineer), token(engineer)
    token_revoke(token_id=ApiToken.objects.order_by("created_at").first().pk, revoked_by=engineer)
    ApiToken.objects.filter(revoked_at__isnull=False).get()
    engineer.is_active = False
    engineer.save()
    for headers in (first, second):
        assert_problem(call("POST", MAKE, {"name": "x"}, headers=headers), 401, "token.refused")


def test_a_token_notes_when_it_was_used_but_not_each_time(call, engineer, token, django_assert_num_queries):
    headers = token(engineer)
    call("POST", MAKE, {"name": "x"}, headers=headers)
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    call("POST", MAKE, {"name": "y"}, headers=headers)
    assert ApiToken.objects.get().last_used_at == used


def test_a_role_that_does_not_allow_it_is_refused_audited_and_told_what_would_do(call, person):
    chair = person("chidi", Role.CHAIR)
    document = assert_problem(call("POST", MAKE, {"name": "x"}, user=chair), 403, "permission.role_missing")
    assert "engineer" in document["required"]
    event = AuditEvent.objects.get(outcome="denied")
    assert (event.outcome, event.action, event.scope.repository) == ("denied", "spec.write", "shop")


def test_a_repository_one_has_no_role_in_is_not_there(call, person):
    assert_problem(call("POST", MAKE, {"name": "x"}, user=person("stranger")), 404, "not_found")
    assert not AuditEvent.objects.filter(outcome="denied").exists()


def test_what_does_not_fit_is_named(call, engineer):
    document = assert_problem(call("POST", MAKE, {"nam": 1}, user=engineer), 422, "not_valid")
    assert document["errors"] == [{"pointer": "/body/name", "code": "missing", "message": "Field required"}]


def test_a_body_that_is_no_json_is_a_problem(call, engineer):
    client_answer = call("POST", MAKE, user=engineer, data="{", content_type="application/json")
    assert_problem(client_answer, 400)


def test_other_failures_are_problems_that_leak_nothing(call):
    assert "hunter2" not in call("GET", "/api/probe/broken").content.decode()
    assert_problem(call("GET", "/api/probe/broken"), 500)
    assert_problem(call("GET", "/api/nowhere"), 404)
    document = assert_problem(call("GET", "/api/probe/conflict"), 409, "conflict")
    assert (document["detail"], document["remedy"]) == ("It changed.", "Reload.")
    wrong_method = call("PUT", "/api/probe/conflict")
    assert_problem(wrong_method, 405)
    assert wrong_method["Allow"] == "GET"


def test_the_callers_request_id_comes_back_when_it_is_harmless(call):
    assert call("GET", "/api/nowhere", headers={"X-Request-ID": "my-id.1"})["X-Request-ID"] == "my-id.1"
    assert call("GET", "/api/nowhere", headers={"X-Request-ID": "<script>"})["X-Request-ID"] != "<script>"


class TestRepetitions:
    KEY = {"Idempotency-Key": "k1"}

    @pytest.mark.bar(11)
    def test_the_same_key_and_body_make_one_object_and_get_the_same_answer(self, call, engineer):
        first = call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        second = call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        assert (first.status_code, first.json()) == (second.status_code, second.json())
        assert "Idempotent-Replayed" not in first
        assert second["Idempotent-Replayed"] == "true"
        assert second["Content-Type"] == first["Content-Type"]
        assert Organisation.objects.filter(name="x").count() == 1

    @pytest.mark.bar(11)
    def test_the_same_key_with_another_body_is_refused(self, call, engineer):
        call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        response = call("POST", MAKE, {"name": "y"}, user=engineer, headers=self.KEY)
        assert_problem(response, 422, "idempotency.key_reused")
        assert not Organisation.objects.filter(name="y").exists()

    def test_a_key_belongs_to_its_caller(self, call, engineer, person):
        other = person("olga", Role.ENGINEER)
        call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        assert call("POST", MAKE, {"name": "y"}, user=other, headers=self.KEY).json()["by"] == "olga"

    def test_a_refused_request_may_be_tried_again_with_its_key(self, call, engineer):
        assert call("POST", MAKE, {}, user=engineer, headers=self.KEY).status_code == 422
        assert call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY).status_code == 201

    def test_a_first_request_that_is_under_way_is_waited_for(self, call, engineer):
        call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        IdempotencyKey.objects.update(status=None)
        response = call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        assert_problem(response, 409, "idempotency.in_progress")

    def test_a_key_whose_process_died_and_a_key_of_yesterday_are_free_again(self, call, engineer):
        call("POST", MAKE, {"name": "x"}, user=engineer, headers=self.KEY)
        IdempotencyKey.objects.update(created_at=now() - timedelta(hours=25))
        assert call("POST", MAKE, {"name": "y"}, user=engineer, headers=self.KEY).status_code == 201
        IdempotencyKey.objects.update(status=None, created_at=now() - timedelta(minutes=11))
        assert call("POST", MAKE, {"name": "z"}, user=engineer, headers=self.KEY).status_code == 201

    def test_a_key_that_is_too_long_is_refused(self, call, engineer):
        response = call("POST", MAKE, {"name": "x"}, user=engineer, headers={"Idempotency-Key": "k" * 256})
        assert_problem(response, 400, "idempotency.key_invalid")
