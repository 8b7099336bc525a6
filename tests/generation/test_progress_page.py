"""The page of a request: where it stopped, and what whoever looks at it can do next."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.views.progress import stage_rail
from apps.governance.models import RoleAssignment, Scope, User
from apps.providers.models import Provider
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE
from tests.generation.test_questions import ALSO_FIRST, FIRST, MIDDLE, SORTED
from tests.shop import approve, work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def failed(in_review: Callable[..., GenerationRun]) -> CodeGenerationRequest:
    """A request for which nobody wrote anything usable."""
    return in_review(CLAMP, [UNPARSABLE], title="Keep values in range", target_path="shop/ranges.py").request


def page_of(client: Client, user: User, request: CodeGenerationRequest) -> str:
    client.force_login(user)
    return client.get(reverse("generation:request-detail", args=[request.pk])).content.decode()


def test_the_stage_that_failed_is_marked_even_when_it_came_to_its_end(failed: CodeGenerationRequest) -> None:
    run = GenerationRun.objects.select_related("request").get(pk=failed.pk)
    states = {stage["label"]: stage["state"] for stage in stage_rail(run)}
    assert (states["Queued"], states["Generating"], states["Checking"]) == ("done", "failed", "skipped")


def primary_actions(page: str) -> list[str]:
    """Return the words of the primary buttons and links of a page, in order; its dialogs are another matter."""
    return re.findall(r"button--primary[^>]*>(?:<svg.*?</svg>)?<span>([^<]+)</span>", page.split("<dialog")[0])


def test_where_every_answer_was_unusable_the_specification_is_changed_by_whoever_may_write(
    failed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    page = page_of(client, engineer, failed)
    assert primary_actions(page) == ["Change the specification"]
    assert "Start again" not in page
    rewrite = f"/specs/new?request={failed.pk.hex}"
    assert rewrite in page
    editor = client.get(rewrite).content.decode()
    assert "that keeps a value inside a range." in editor
    assert 'value="shop/ranges.py"' in editor
    assert '<option value="shop" selected>' in editor


def test_where_a_model_may_answer_another_time_the_request_is_started_again(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client
) -> None:
    server.answers([Fault.failure(400)])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    page = page_of(client, engineer, request)
    assert "No provider had an answer." in page
    assert primary_actions(page) == ["Start again"]
    assert "Change the specification" in page


def test_where_only_built_in_providers_had_no_answer_the_specification_is_changed(
    submit: Submit, engineer: User, client: Client
) -> None:
    Provider.objects.create(name="nofx-patterns", kind=Provider.Kind.BUILTIN, model_id="nofx/patterns")
    request = submit("Write a function `quux(a: int) -> int` that returns what the other one does.", title="Quux")
    work_off(request)
    page = page_of(client, engineer, request)
    assert "No provider had an answer." in page
    assert primary_actions(page) == ["Change the specification"]


def test_where_no_provider_is_ready_an_administrator_is_led_to_the_settings_until_one_is(
    submit: Submit, engineer: User, client: Client
) -> None:
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    page = page_of(client, engineer, request)
    assert "Ask an administrator to switch one on." in page
    assert primary_actions(page) == []
    admin = User.objects.create_superuser("root", password="correct horse battery")
    page = page_of(client, admin, request)
    assert primary_actions(page) == ["Provider settings"]
    assert "/admin/providers/provider/" in page
    Provider.objects.create(name="nofx-patterns", kind=Provider.Kind.BUILTIN, model_id="nofx/patterns")
    assert primary_actions(page_of(client, engineer, request)) == ["Start again"]


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
    assert primary_actions(page_of(client, reviewer, request)) == ["Open review"]
    assert "Look at the review" in page_of(client, engineer, request)


def test_a_review_has_one_primary_action(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, reviewer: User, owner: User, client: Client
) -> None:
    server.answers([FIRST, SORTED, ALSO_FIRST])
    request = submit(MIDDLE, title="The middle of some numbers")
    work_off(request)
    address = reverse("generation:review", args=[request.pk])
    led_to = {engineer: "Answer", reviewer: "Cast verdict"}
    for user, action in led_to.items():
        client.force_login(user)
        assert primary_actions(client.get(address).content.decode()) == [action]
    approve(request, reviewer, owner)
    assert primary_actions(client.get(address).content.decode()) == ["Open the request"]
