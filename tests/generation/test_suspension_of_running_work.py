"""Suspending with real workers: nothing new within two seconds, what runs is stopped within thirty."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import GenerationRefused, generation_suspend
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP
from tests.jobs.conftest import database_platform

__all__ = ["database_platform"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.parametrize("kind", ["everything", "repository"])
def test_new_work_is_refused_at_once_and_running_work_ends(
    database_platform: Any,
    provider: Provider,
    server: FaultServer,
    submit: Callable[..., CodeGenerationRequest],
    person: Callable[..., User],
    scope: Scope,
    kind: str,
) -> None:
    whole = Scope.objects.create(organisation=scope.organisation, repository="")
    chair = person("chair")
    RoleAssignment.objects.create(user=chair, scope=whole, role=RoleAssignment.Role.CHAIR)
    Provider.objects.filter(pk=provider.pk).update(timeout_s=300)
    server.answers([Fault.hang()])
    request = submit(CLAMP)
    database_platform.cluster()
    database_platform.until(lambda: server.requests, seconds=120, what="a call to the model is under way")

    began = time.monotonic()
    generation_suspend(kind=kind, scope=whole if kind == "everything" else scope, actor=chair)
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
