"""
Suspending with real workers, as a person does it through the API: nothing new within two seconds, what runs is stopped
within thirty, and work begins again only after a recorded vote of the committee.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import AuditEvent, RoleAssignment, Scope, User
from apps.governance.services import GenerationRefused
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP
from tests.jobs.conftest import database_platform

__all__ = ["database_platform"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.bar(8)
@pytest.mark.parametrize("kind", ["everything", "repository"])
def test_new_work_is_refused_at_once_running_work_ends_and_only_a_vote_resumes(
    database_platform: Any,
    provider: Provider,
    server: FaultServer,
    submit: Callable[..., CodeGenerationRequest],
    person: Callable[..., User],
    scope: Scope,
    kind: str,
) -> None:
    whole = Scope.objects.create(organisation=scope.organisation, repository="")
    chair, member = person("chair"), person("member")
    RoleAssignment.objects.create(user=chair, scope=whole, role=RoleAssignment.Role.CHAIR)
    RoleAssignment.objects.create(user=member, scope=whole, role=RoleAssignment.Role.COMMITTEE)
    Provider.objects.filter(pk=provider.pk).update(timeout_s=300)
    server.answers([Fault.hang()])
    request = submit(CLAMP)
    database_platform.cluster()
    database_platform.until(lambda: server.requests, seconds=120, what="a call to the model is under way")

    began = time.monotonic()
    place = f"scope_{(whole if kind == 'everything' else scope).pk}"
    made = said(chair, "", {"kind": kind, "scope": place})
    with pytest.raises(GenerationRefused):
        submit(CLAMP)
    refused_after = time.monotonic() - began
    database_platform.until(
        lambda: Job.objects.get(subject_id=request.pk).is_ended, seconds=30, what="the running job ends"
    )
    assert refused_after < 2
    request.refresh_from_db()
    assert request.status == "failed"
    assert "is suspended since" in request.run.failure
    assert set(ModelCall.objects.values_list("outcome", flat=True)) == {"cancelled"}

    ballot = {"verdict": "resume", "rationale": "Mended.", "digest": made["content_digest"]}
    path = f"/{made['suspension']}/ballot"
    said(chair, path, ballot)
    with pytest.raises(GenerationRefused):
        submit(CLAMP)
    assert said(member, path, ballot)["resumed_at"]
    asked = len(server.requests)
    submit(CLAMP)
    database_platform.until(lambda: len(server.requests) > asked, seconds=60, what="a call to the model again")
    identity = made["suspension"].removeprefix("suspension_")
    told = AuditEvent.objects.filter(object_id=identity).order_by("sequence").values_list("action", flat=True)
    assert list(told) == ["generation.suspend", "ballot.cast", "ballot.cast", "generation.resume"]


def said(user: User, path: str, body: dict[str, str]) -> dict[str, Any]:
    """Send *body* in a session of *user* and return the answer."""
    client = Client()
    client.force_login(user)
    answer = client.post(f"/api/governance/suspensions{path}", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    document: dict[str, Any] = answer.json()
    return document
