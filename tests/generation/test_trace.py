"""The trace matrix on a request's page and as a file."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.selectors import candidates_of
from apps.generation.services.trace import trace_of
from apps.governance.models import AuditEvent, RoleAssignment, Scope, User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
HALF = """Write `def half(n: int) -> int` that halves a number.

- R1: It returns 2 for 4.
- R2: It raises ValueError for odd numbers.
- R3: =cmd must never be run.

>>> half(4)
2
"""
RIGHT = "```python\ndef half(n: int) -> int:\n    return n // 2\n```"
WRONG = "```python\ndef half(n: int) -> int:\n    return n\n```"


@pytest.fixture
def request_made(in_review: Callable[..., GenerationRun]) -> CodeGenerationRequest:
    return in_review(HALF, [RIGHT, WRONG, RIGHT], title="Halve").request


@pytest.fixture
def auditor(scope: Scope) -> User:
    user = User.objects.create_user("auditor", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=scope, role=RoleAssignment.Role.AUDITOR)
    return user


def test_the_page_shows_what_carries_each_requirement(
    request_made: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    page = client.get(reverse("generation:request-detail", args=[request_made.pk])).content.decode()
    assert "What carries each requirement" in page
    assert "It raises ValueError for odd numbers." in page
    assert "1 of 2" in page


def test_the_file_names_the_holes_and_holds_no_formula(
    request_made: CodeGenerationRequest, auditor: User, client: Client
) -> None:
    client.force_login(auditor)
    response = client.get(reverse("generation:request-trace", args=[request_made.pk]))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, first, second, third = csv.reader(response.content.decode().splitlines())
    row = dict(zip(header, first, strict=True))
    assert (row["id"], row["examples"], row["candidates"], row["candidates_that_meet_it"]) == ("R1", "1", "2", "1")
    assert row["audit"] == "request.submit"
    assert "examples" in second[-1]
    assert third[1].startswith("'=cmd")


def test_whoever_may_not_read_the_chain_sees_no_audit(request_made: CodeGenerationRequest, engineer: User) -> None:
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=request_made.pk)
    rows = trace_of(run=run, user=engineer, candidates=candidates_of(run))
    assert [row.audit for row in rows] == [None, None, None]


def test_the_audit_entry_of_a_request_carries_its_requirements(request_made: CodeGenerationRequest) -> None:
    entry = AuditEvent.objects.get(action="request.submit", object_id=str(request_made.pk))
    assert entry.detail["requirements"] == ["R1", "R2", "R3"]


def test_strangers_find_no_file(request_made: CodeGenerationRequest, client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert client.get(reverse("generation:request-trace", args=[request_made.pk])).status_code == 404


@pytest.mark.slow
def test_more_candidates_take_no_more_queries(
    submit: Submit, provider: Provider, server: FaultServer, auditor: User
) -> None:
    counts = []
    for samples in (1, 4):
        Provider.objects.update(samples=samples)
        server.answers([RIGHT, WRONG, RIGHT, WRONG][:samples])
        request = submit(HALF, title="Halve")
        work_off(request)
        run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            trace_of(run=run, user=auditor, candidates=candidates_of(run))
        counts.append(len(queries))
    assert counts[0] == counts[1]
