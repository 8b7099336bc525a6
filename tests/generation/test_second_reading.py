"""A model is asked about a specification, through a real HTTP server; the rules' analysis never depends on it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.generation.engine.specification import analyse
from apps.generation.models import SpecificationReading
from apps.generation.services.second_reading import NO_MODEL, specification_ask
from apps.governance.models import RoleAssignment, Scope, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.services import job_cancel
from apps.providers.models import ModelCall, Provider
from tests.fault_server import Fault, FaultServer

# Calls are made in threads with connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Write `pick(items: list[int]) -> int`. It returns the best one."
FINDING = {"kind": "ambiguity", "quote": "the best one", "message": "Best?", "question": "Which?", "suggestion": "Max."}
ANSWER = json.dumps([FINDING])


def ask(client: Client, user: User, **headers: str) -> HttpResponse:
    client.force_login(user)
    return client.post(reverse("generation:spec-ask"), {"title": "Pick", "text": TEXT}, headers=headers)


def answered() -> SpecificationReading:
    """Let the worker ask, and return the newest reading as it is then."""
    reading = SpecificationReading.objects.latest("created_at")
    job_execute(reading.job_id)
    reading.refresh_from_db()
    return reading


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
    ("reply", "patience_s", "problem"),
    [
        ("A poem.", 60, "The model's answer holds no list of findings."),
        (Fault.failure(400), 60, ""),
        (Fault.hang(), 1, "did not answer within 1 second"),
    ],
)
def test_a_model_that_fails_is_a_sentence(
    provider: Provider, server: FaultServer, reply: str | Fault, patience_s: float, problem: str
) -> None:
    server.answers([reply])
    reading = specification_ask(specification=analyse(TEXT), subject_id=uuid4(), patience_s=patience_s)
    assert reading.findings == ()
    assert problem in reading.problem
    assert reading.problem.endswith(".")
    assert ModelCall.objects.count() == 1


def test_without_a_model_nothing_is_asked() -> None:
    reading = specification_ask(specification=analyse(TEXT), subject_id=uuid4())
    assert (reading.model, reading.problem) == ("", NO_MODEL)


def test_the_editor_has_a_model_asked_and_shows_what_it_said_when_it_is_there(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    fragment = ask(client, engineer, **{"HX-Request": "true"}).content.decode()
    assert "A model is reading. You can go on writing" in fragment
    assert server.requests == []
    reading = answered()
    assert f'data-live-job="{reading.job_id}"' in fragment
    address = reverse("generation:spec-reading", args=[reading.pk])
    assert address in fragment
    shown = client.get(address).content.decode()
    assert "test wrote this" in shown
    assert "Which?" in shown
    assert "data-live-job" not in shown


def test_without_scripts_the_editor_comes_back_with_what_was_said(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    response = ask(client, engineer)
    assert response.status_code == 302
    assert "A model is reading." in client.get(response["Location"]).content.decode()
    answered()
    page = client.get(response["Location"]).content.decode()
    assert "nobody has checked it" in page
    assert "Ask test" in page
    assert "leaves a choice open" in page or "Nothing is said about" in page


def test_nobody_else_sees_what_was_said(
    provider: Provider, server: FaultServer, engineer: User, reviewer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    ask(client, engineer)
    reading = answered()
    client.force_login(reviewer)
    assert client.get(reverse("generation:spec-reading", args=[reading.pk])).status_code == 404
    assert client.get(reverse("jobs:job-detail", args=[reading.job_id])).status_code == 404


def test_a_reading_that_is_stopped_or_repeated_says_so_once(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    ask(client, engineer)
    reading = SpecificationReading.objects.get()
    job_cancel(job_id=reading.job_id, actor=engineer)
    reading.refresh_from_db()
    assert (reading.problem, reading.findings) == ("It was stopped.", [])
    assert reading.finished_at is not None
    assert server.requests == []


def test_a_repeated_job_asks_nobody_again(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    ask(client, engineer)
    reading = answered()
    Job.objects.filter(pk=reading.job_id).update(state=Job.State.QUEUED, finished_at=None)
    assert answered().findings == reading.findings
    assert len(server.requests) == 1


def test_the_api_answers_with_the_rules_analysis_and_where_the_models_will_be(
    provider: Provider, server: FaultServer, engineer: User, repository: object, client: Client
) -> None:
    server.answers([ANSWER])
    client.force_login(engineer)
    body = {"title": "Pick", "specification": TEXT, "ask_model": True}
    response = client.post("/api/ai/analyze/specification", body, content_type="application/json")
    assert response.status_code == 202
    said = response.json()
    assert said["entry"] == "pick"
    answered()
    found = client.get(response["Location"]).json()
    assert found["id"] == said["model_reading"]["reading_id"]
    assert [one["question"] for one in found["findings"]] == ["Which?"]


def test_without_a_model_the_api_says_so_and_starts_no_job(engineer: User, repository: object, client: Client) -> None:
    client.force_login(engineer)
    body = {"title": "Pick", "specification": TEXT, "ask_model": True}
    said = client.post("/api/ai/analyze/specification", body, content_type="application/json").json()
    assert (said["model_reading"]["job_id"], said["model_reading"]["problem"]) == (None, NO_MODEL)


def test_whoever_may_not_write_specifications_may_not_ask(
    provider: Provider, server: FaultServer, scope: Scope, client: Client
) -> None:
    auditor = User.objects.create_user("auditor", password="correct horse battery")
    RoleAssignment.objects.create(user=auditor, scope=scope, role=RoleAssignment.Role.AUDITOR)
    client.force_login(auditor)
    assert client.post(reverse("generation:spec-ask"), {"title": "Pick", "text": TEXT}).status_code == 403
    assert server.requests == []
