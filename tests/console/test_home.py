"""Home: what waits for a person, and the local models that an administrator manages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest
from apps.governance import subjects
from apps.governance.engine.gates import EXPANSION, definition_content
from apps.governance.models import Gate, GateReading, RoleAssignment, Scope, User
from apps.governance.subjects import OpenDecision, SubjectPages
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP
from tests.shop import approve, code, engineer, home, owner, person, repository, reviewer, scope, submit

__all__ = ["code", "engineer", "home", "owner", "person", "repository", "reviewer", "scope", "submit"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def somebody(tmp_path: Path, settings: Any) -> User:
    settings.NOFX_HOME = tmp_path
    return User.objects.create_user("ada", password="correct horse battery")


def home_of(client: Client, user: User) -> str:
    client.force_login(user)
    answer = client.get(reverse("console:home"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_somebody_without_a_role_is_told_who_gives_one(somebody: User, client: Client) -> None:
    page = home_of(client, somebody)
    assert "You have no role yet" in page
    for offer in ("New spec", "First steps", "Nothing waits for you."):
        assert offer not in page


def test_an_administrator_without_a_repository_is_led_to_connect_one(somebody: User, client: Client) -> None:
    somebody.is_staff = somebody.is_superuser = True
    somebody.save()
    assert reverse("admin:repositories_repository_add") in home_of(client, somebody)


def test_an_engineer_is_led_to_the_first_specification(repository: Repository, engineer: User, client: Client) -> None:
    page = home_of(client, engineer)
    for sentence in ("Nothing waits for you.", "Nothing is running.", "No requests yet.", "Start from an example"):
        assert sentence in page
    assert '<a class="button button--primary" href="/specs/new" data-key="n"' in page
    assert "/admin/" not in page


def test_a_reviewer_is_led_to_the_oldest_review_and_the_requester_told_who_it_waits_for(
    submit: Callable[..., CodeGenerationRequest], engineer: User, reviewer: User, client: Client
) -> None:
    requests = [submit(CLAMP, title=title) for title in ("Older", "Newer")]
    CodeGenerationRequest.objects.update(status=CodeGenerationRequest.Status.IN_REVIEW)
    page = home_of(client, reviewer)
    assert f'<a class="button button--primary" href="/requests/{requests[0].pk}/review" data-key="r"' in page
    assert '<a class="button button--secondary" href="/specs/new" data-key="n"' in page
    own = home_of(client, engineer)
    assert "Review next" not in own
    assert "2 reviews wait for others" in own
    assert f'<a href="/requests/{requests[0].pk}">Older</a>' in own


def test_whoever_merges_is_led_to_what_was_delivered_once_no_review_waits(
    submit: Callable[..., CodeGenerationRequest], reviewer: User, owner: User, client: Client
) -> None:
    request = submit(CLAMP)
    lead = f'<a class="button button--primary" href="/requests/{request.pk}"'
    CodeGenerationRequest.objects.update(status=CodeGenerationRequest.Status.IN_REVIEW)
    assert lead not in home_of(client, owner)
    approve(request, reviewer, owner, status=CodeGenerationRequest.Status.DELIVERED)
    page = home_of(client, owner)
    assert lead in page
    assert page.split("<dialog")[0].count("button--primary") == 1


@pytest.mark.parametrize(
    ("role", "words", "url", "sentence"),
    [
        ("chair", "Open governance", "/governance", "No vote of the committee waits for you."),
        ("committee", "Open governance", "/governance", "No vote of the committee waits for you."),
        ("auditor", "Read the audit", "/governance/audit", "An auditor reads; nothing waits for you."),
    ],
)
def test_whoever_may_not_write_is_led_to_the_work_of_their_role(
    repository: Repository, somebody: User, scope: Scope, client: Client, role: str, words: str, url: str, sentence: str
) -> None:
    RoleAssignment.objects.create(user=somebody, scope=scope, role=role)
    page = home_of(client, somebody)
    assert "/specs/new" not in page
    assert f'<a class="button button--primary" href="{url}"><span>{words}</span>' in page
    assert page.split("<dialog")[0].count("button--primary") == 1
    assert sentence in page


def test_an_administrator_is_led_to_what_nobody_else_can_set_up(
    repository: Repository, somebody: User, client: Client
) -> None:
    somebody.is_staff = somebody.is_superuser = True
    somebody.save()
    page = home_of(client, somebody)
    assert '<a class="button button--primary" href="/admin/providers/provider/"><span>Provider settings</span>' in page
    assert "No provider is ready" in page
    Provider.objects.create(name="nofx-patterns", kind=Provider.Kind.BUILTIN, model_id="nofx/patterns")
    page = home_of(client, somebody)
    assert '<a class="button button--primary" href="/admin/"><span>Open administration</span>' in page
    assert "/specs/new" not in page


@pytest.mark.parametrize(
    ("status", "leads_on"), [("generating", True), ("failed", True), ("in_review", False), ("observed", False)]
)
def test_an_engineer_continues_the_latest_request_while_it_needs_somebody(
    submit: Callable[..., CodeGenerationRequest],
    engineer: User,
    reviewer: User,
    owner: User,
    client: Client,
    status: str,
    leads_on: bool,
) -> None:
    request = submit(CLAMP)
    approve(request, *([reviewer, owner] if status == "observed" else []), status=status)
    page = home_of(client, engineer)
    link = f'<a class="button button--primary" href="/requests/{request.pk}"><span>Continue the latest request</span>'
    assert (link in page) is leads_on
    assert ('<a class="button button--primary" href="/specs/new" data-key="n"' in page) is not leads_on
    assert page.split("<dialog")[0].count("button--primary") == 1


def test_what_the_committee_votes_on_comes_before_everything_else(
    repository: Repository, somebody: User, scope: Scope, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    RoleAssignment.objects.create(user=somebody, scope=scope, role="chair")
    gate = OpenDecision("Widen to billing", "/governance/gates/1", "shop", "high", now())
    pages = SubjectPages(titles=lambda ids: {}, url=str, open_for=lambda user, limit: [gate])
    monkeypatch.setitem(subjects._pages, "gate", pages)
    page = home_of(client, somebody)
    assert 'href="/governance/gates/1" data-key="r" aria-keyshortcuts="r"><span>Vote next</span>' in page
    assert "<td>Vote</td>" in page


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    answer = client.get(reverse("console:home"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("name", ["console:model-cancel", "console:model-fetch", "console:model-remove"])
def test_only_an_administrator_manages_local_models(name: str, somebody: User, client: Client) -> None:
    client.force_login(somebody)
    assert client.post(reverse(name, args=["qwen2-5-coder-0-5b"])).status_code == 403


def test_a_model_that_nobody_knows_is_not_found(somebody: User, client: Client) -> None:
    somebody.is_superuser = True
    somebody.save()
    client.force_login(somebody)
    assert client.post(reverse("console:model-remove", args=["unknown"])).status_code == 404


def test_home_says_where_code_may_be_generated_and_what_the_next_gate_lacks(
    client: Client, scope: Scope, repository: Repository, person: Callable[..., User]
) -> None:
    chair = person("chair", "chair")
    page = home_of(client, chair)
    assert "1 pilot" in page
    assert "Next gate" not in page
    whole = Scope.objects.create(organisation=scope.organisation)
    RoleAssignment.objects.create(user=chair, scope=whole, role="chair")
    gate = Gate.objects.create(
        scope=whole,
        title="Wave 2",
        definition_content=definition_content(EXPANSION),
        definition_digest="d",
        granted=[scope.pk],
        sample=[scope.pk],
        risk_max="low",
        expires_at="2999-01-01T00:00Z",
        requested_by=chair,
    )
    assert "its evidence has not been read" in home_of(client, chair)
    for position, state in enumerate(("met", "waived", "insufficient_data")):
        GateReading.objects.create(
            gate=gate,
            batch=1,
            position=position,
            key=f"criterion {position}",
            criterion="lint",
            measure="generation.lint_pass",
            window_start="2026-11-01T00:00Z",
            window_end="2026-11-30T00:00Z",
            state=state,
            sentence="s",
        )
    assert "2 of 3 criteria met" in home_of(client, chair)
