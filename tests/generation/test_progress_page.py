"""The page of a request: where it stopped, and what whoever looks at it can do next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.views.requests import stage_rail
from apps.governance.models import RoleAssignment, Scope, User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def failed(submit: Submit, provider: Provider, server: FaultServer) -> CodeGenerationRequest:
    """A request for which nobody wrote anything usable."""
    server.answers([UNPARSABLE])
    request = submit(CLAMP, title="Keep values in range", target_path="shop/ranges.py")
    work_off(request)
    return request


def page_of(client: Client, user: User, request: CodeGenerationRequest) -> str:
    client.force_login(user)
    return client.get(reverse("generation:request-detail", args=[request.pk])).content.decode()


def test_the_stage_that_failed_is_marked_even_when_it_came_to_its_end(failed: CodeGenerationRequest) -> None:
    run = GenerationRun.objects.select_related("request").get(pk=failed.pk)
    states = {stage["label"]: stage["state"] for stage in stage_rail(run)}
    assert (states["Queued"], states["Generating"], states["Checking"]) == ("done", "failed", "skipped")


def test_a_failed_request_can_be_started_again_or_rewritten_by_whoever_may_write(
    failed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    page = page_of(client, engineer, failed)
    assert "Start again" in page
    rewrite = f"/specs/new?request={failed.pk.hex}"
    assert rewrite in page
    editor = client.get(rewrite).content.decode()
    assert "that keeps a value inside a range." in editor
    assert 'value="shop/ranges.py"' in editor
    assert '<option value="shop" selected>' in editor


def test_whoever_only_reads_is_offered_neither(failed: CodeGenerationRequest, scope: Scope, client: Client) -> None:
    auditor = User.objects.create_user("auditor", password="correct horse battery")
    RoleAssignment.objects.create(user=auditor, scope=scope, role=RoleAssignment.Role.AUDITOR)
    page = page_of(client, auditor, failed)
    assert "None of the answers is code that can be run." in page
    assert "Start again" not in page
    assert "Change the specification" not in page


def test_the_text_of_a_request_that_one_cannot_read_opens_no_editor(
    failed: CodeGenerationRequest, client: Client
) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert client.get(f"/specs/new?request={failed.pk.hex}").status_code == 404


def test_the_review_is_the_next_step_of_reviewers_and_only_a_look_for_the_requester(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, reviewer: User, client: Client
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    assert "Open review" in page_of(client, reviewer, request)
    assert "Look at the review" in page_of(client, engineer, request)
