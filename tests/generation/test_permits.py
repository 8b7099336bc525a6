"""Nothing is generated where the ladder does not open it: not taken, not begun, not delivered, and always said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.delivery import request_deliver
from apps.generation.services.tripwires import tripwires_due
from apps.governance.models import AuditEvent, Rung, Scope, Suspension, TripwireReading, User
from apps.governance.services import GenerationRefused, generation_suspend
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.services import jobs_due_begin
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.asked import jobs_asked
from tests.decided import rung_decided
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.policies import version_ruled
from tests.shop import approved, work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def closed(scope: Scope) -> Scope:
    Scope.objects.filter(pk=scope.pk).update(is_pilot=False)
    return scope


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="correct horse battery")


def grant(scope: Scope, **options: Any) -> Rung:
    return rung_decided(**{"scopes": [scope], "risk_max": "high", **options})


def test_a_request_for_a_repository_that_is_not_open_is_not_taken(submit: Submit, closed: Scope) -> None:
    with pytest.raises(GenerationRefused, match="shop is no pilot"):
        submit(CLAMP)
    assert not CodeGenerationRequest.objects.exists()


def test_a_rung_opens_it(submit: Submit, closed: Scope) -> None:
    grant(closed)
    assert submit(CLAMP).status == "queued"


def test_the_api_answers_with_the_reason_and_the_refusal_is_in_the_chain(
    client: Client, repository: Repository, engineer: User, reviewer: User, owner: User, closed: Scope
) -> None:
    client.force_login(engineer)
    body = {"title": "Clamp", "specification": CLAMP, "repository": "shop"}
    answer = client.post("/api/ai/generate/code", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "generation.not_open")
    entry = AuditEvent.objects.get(action="request.submit")
    assert (entry.outcome, entry.actor_id) == ("denied", str(engineer.pk))


def test_the_editor_says_it_before_and_when_it_is_submitted(
    client: Client, repository: Repository, engineer: User, closed: Scope
) -> None:
    client.force_login(engineer)
    draft = str(uuid4())
    said = {"title": "Clamp", "text": CLAMP, "repository": "shop", "draft": draft, "version": "0", "target_path": ""}
    fragment = client.post(reverse("generation:spec-save"), said, headers={"HX-Request": "true"})
    assert "shop is no pilot and on no rung" in fragment.content.decode()
    answer = client.post(reverse("generation:spec-submit"), said)
    assert answer.status_code == 422
    assert AuditEvent.objects.get(action="request.submit").outcome == "denied"


def test_a_request_whose_rung_is_over_by_then_does_not_start(
    submit: Submit, scope: Scope, provider: Provider, server: FaultServer
) -> None:
    request = submit(CLAMP)
    Scope.objects.filter(pk=scope.pk).update(is_pilot=False)
    job = work_off(request)
    assert (job.state, request.status) == ("failed", "failed")
    assert "shop is no pilot" in request.run.failure
    assert not server.requests
    assert AuditEvent.objects.get(action="generation.start").outcome == "denied"


def test_a_queued_request_ends_when_generation_is_suspended_and_can_be_started_again(
    submit: Submit, scope: Scope, root: User
) -> None:
    request = submit(CLAMP)
    generation_suspend(kind="repository", scope=scope, actor=root, reason="It deletes tests.")
    request.refresh_from_db()
    assert request.status == "failed"
    assert "It deletes tests." in request.run.failure
    assert jobs_asked().get().state == "cancelled"


def test_what_was_approved_is_not_delivered_while_generation_is_suspended(
    submit: Submit, scope: Scope, root: User
) -> None:
    request = submit(CLAMP)
    generation_suspend(kind="repository", scope=scope, actor=root)
    with pytest.raises(GenerationRefused):
        request_deliver(job=None, request_id=request.pk)  # type: ignore[arg-type]  # refused before the job is looked at
    assert AuditEvent.objects.get(action="generation.deliver").outcome == "denied"


def test_a_suspended_model_is_left_out_with_the_reason_and_the_others_go_on(
    submit: Submit, scope: Scope, provider: Provider, server: FaultServer, root: User
) -> None:
    server.answers([RIGHT])
    other = Provider.objects.create(
        name="other", kind=Provider.Kind.OPENAI, base_url=server.url, model_id="other", timeout_s=5, **approved()
    )
    generation_suspend(kind="model", scope=scope, actor=root, model="other", reason="It invents packages.")
    request = submit(CLAMP)
    work_off(request)
    assert request.status == "in_review"
    left_out = Candidate.objects.get(request=request, provider=other)
    assert left_out.state == "unavailable"
    assert "It invents packages." in left_out.reason


def test_a_rung_of_some_models_asks_only_those(
    submit: Submit, closed: Scope, provider: Provider, server: FaultServer
) -> None:
    grant(closed, models=["another"])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == "failed"
    assert not server.requests
    assert "not among the models that Wave 2 opened" in Candidate.objects.get(request=request).reason


def test_suspending_another_repository_stops_nothing_here(submit: Submit, scope: Scope, root: User) -> None:
    request = submit(CLAMP)
    other = Scope.objects.create(organisation=scope.organisation, repository="billing")
    generation_suspend(kind="repository", scope=other, actor=root)
    assert CodeGenerationRequest.objects.get(pk=request.pk).status == "queued"
    assert Suspension.objects.count() == 1


def test_tripwires_are_read_by_a_job_once_in_five_minutes(scope: Scope) -> None:
    rung = grant(scope, tripwires=[{"measure": "governance.open_incidents", "bound": 0, "trips": "above"}])
    assert len(tripwires_due(now())) == 1
    jobs_due_begin(at=now())
    jobs_due_begin(at=now())
    job = Job.objects.get(kind="governance.tripwires")
    assert job_execute(job.pk) == "succeeded"
    assert TripwireReading.objects.get().rung == rung
    assert tripwires_due(now()) == []
    assert not GenerationRun.objects.exists()


def test_a_request_whose_repository_allows_none_of_the_models_says_by_which_rule_and_who_can_change_it(
    submit: Submit, scope: Scope, provider: Provider, server: FaultServer
) -> None:
    other = Provider.objects.create(
        name="other", kind=Provider.Kind.OPENAI, base_url=server.url, model_id="other", is_enabled=False
    )
    version_ruled("providers", scope, {"allowed": [str(other.pk)]})
    request = submit(CLAMP)
    work_off(request)
    assert (request.status, server.requests) == ("failed", [])
    request.run.refresh_from_db()
    reason = Candidate.objects.get(request=request, provider=provider).reason
    assert reason.startswith(f"{provider.name} is not asked here: it is not in version 1 of the allowed providers of")
    assert "can propose another version." in request.run.failure
    assert "is not asked here" in request.run.failure
