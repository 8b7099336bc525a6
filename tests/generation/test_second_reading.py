"""A model is asked about a specification, through a real HTTP server; the rules' analysis never depends on it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.engine.specification import analyse
from apps.generation.services.second_reading import NO_MODEL, specification_ask
from apps.governance.models import RoleAssignment, Scope, User
from apps.providers.models import ModelCall, Provider
from tests.fault_server import Fault, FaultServer

# Calls are made in threads with connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Write `pick(items: list[int]) -> int`. It returns the best one."
FINDING = {"kind": "ambiguity", "quote": "the best one", "message": "Best?", "question": "Which?", "suggestion": "Max."}
ANSWER = json.dumps([FINDING])


def ask(client: Client, user: User, **headers: str) -> str:
    client.force_login(user)
    response = client.post(reverse("generation:spec-ask"), {"title": "Pick", "text": TEXT}, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_its_findings_are_marked_and_the_call_is_recorded(provider: Provider, server: FaultServer) -> None:
    server.answers([ANSWER])
    subject = uuid4()
    reading = specification_ask(specification=analyse(TEXT), subject_id=subject)
    assert (reading.model, reading.problem) == ("test", "")
    assert [one.question for one in reading.findings] == ["Which?"]
    call = ModelCall.objects.get(subject_kind="specification", subject_id=subject)
    assert (call.outcome, call.provider) == (ModelCall.Outcome.ANSWERED, provider)
    assert "It returns the best one." in server.requests[0].prompt


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("A poem.", "The model's answer holds no list of findings."),
        (Fault.failure(400), ""),
        (Fault.hang(), "did not answer within 1 second"),
    ],
)
def test_a_model_that_fails_is_a_sentence(
    provider: Provider, server: FaultServer, reply: str | Fault, problem: str
) -> None:
    server.answers([reply])
    reading = specification_ask(specification=analyse(TEXT), subject_id=uuid4(), patience_s=1)
    assert reading.findings == ()
    assert problem in reading.problem
    assert reading.problem.endswith(".")
    assert ModelCall.objects.count() == 1


def test_without_a_model_nothing_is_asked() -> None:
    reading = specification_ask(specification=analyse(TEXT), subject_id=uuid4())
    assert (reading.model, reading.problem) == ("", NO_MODEL)


def test_the_editor_asks_on_demand_with_and_without_scripts(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    fragment = ask(client, engineer, **{"HX-Request": "true"})
    assert "test wrote this; nobody has checked it." in fragment
    assert "<form" not in fragment
    page = ask(client, engineer)
    assert "nobody has checked it" in page
    assert "Ask test" in page
    assert "leaves a choice open" in page or "Nothing is said about" in page


def test_whoever_may_not_write_specifications_may_not_ask(
    provider: Provider, server: FaultServer, scope: Scope, client: Client
) -> None:
    auditor = User.objects.create_user("auditor", password="correct horse battery")
    RoleAssignment.objects.create(user=auditor, scope=scope, role=RoleAssignment.Role.AUDITOR)
    client.force_login(auditor)
    assert client.post(reverse("generation:spec-ask"), {"title": "Pick", "text": TEXT}).status_code == 403
    assert server.requests == []
