"""Before a specification is submitted, a sheet says what that will begin; without scripts it is a page of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest, SpecificationDraft, StageRecord
from apps.governance.models import User
from apps.providers.models import ModelCall, Provider
from apps.repositories.models import Repository
from tests.generation.test_blocking import CONTRADICTORY, UNCHECKED
from tests.generation.test_pipeline import CLAMP
from tests.policies import budget_ruled, version_ruled

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]
MINUTE = timedelta(minutes=1)


def sheet(client: Client, **values: str) -> str:
    said = {"title": "Keep values in range", "text": CLAMP, "repository": "shop", **values}
    answer = client.post(reverse("generation:spec-confirm"), said, HTTP_HX_REQUEST="true")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def signed_in(client: Client, repository: Repository, engineer: User, reviewer: User, owner: User) -> Client:
    client.force_login(engineer)
    return client


def test_the_sheet_names_who_is_asked_what_it_may_cost_and_who_approves(
    signed_in: Client, repository: Repository, provider: Provider
) -> None:
    Provider.objects.filter(pk=provider.pk).update(further_samples=2)
    Provider.objects.create(name="waiting", kind=Provider.Kind.OPENAI, base_url="http://x.test", model_id="m")
    budget_ruled(repository.scope, "request", cost_limit=1)
    text = sheet(signed_in)
    assert "test for 3 answers, and up to 2 more where these do not convince" in text
    assert "waiting: This model is not approved yet" in text
    assert "1.00 USD each request, for" in text
    assert "shop/clamp.py, a new file, at" in text
    assert "2 people besides you may approve." in text
    assert text.count("no history") == 2
    assert not CodeGenerationRequest.objects.exists()
    assert SpecificationDraft.objects.get().text == CLAMP


def test_the_page_without_scripts_says_the_same_and_its_one_button_submits(signed_in: Client) -> None:
    said = {"title": "Keep values in range", "text": CLAMP, "repository": "shop"}
    page = signed_in.post(reverse("generation:spec-confirm"), said).content.decode()
    assert "<h1>Submit for generation?</h1>" in page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields["text"] = CLAMP
    assert signed_in.post(reverse("generation:spec-submit"), fields).status_code == 302
    again = signed_in.post(reverse("generation:spec-submit"), fields)
    request = CodeGenerationRequest.objects.get()
    assert request.specification == CLAMP
    assert again.headers["Location"] == reverse("generation:request-detail", args=[request.pk])
    assert SpecificationDraft.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"text": UNCHECKED}, "Nothing here could be checked."),
        ({"text": CONTRADICTORY}, "clamp(5, 0, 10) is given two different outcomes."),
        ({"repository": ""}, "Choose the repository that the code is for."),
        ({"title": "", "text": ""}, "Say what the code must do."),
    ],
)
def test_what_stands_in_the_way_is_said_in_the_sheet_and_on_the_page(
    values: dict[str, str], told: str, signed_in: Client
) -> None:
    text = sheet(signed_in, **values)
    assert "Not submitted yet" in text
    assert told in text
    said = {"title": "T", "text": CLAMP, "repository": "shop", **values}
    page = signed_in.post(reverse("generation:spec-confirm"), said)
    assert page.status_code == 422
    assert told in page.content.decode()


def test_what_nobody_could_approve_is_said_before_it_is_submitted(signed_in: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert "Nobody could approve this" in sheet(signed_in)


def test_time_and_cost_are_told_from_the_requests_before_with_how_many(
    signed_in: Client, submit: Submit, provider: Provider
) -> None:
    for minutes in (2, 4, 30):
        request = submit(CLAMP)
        queued = StageRecord.objects.get(run_id=request.pk, stage="queued").started_at
        StageRecord.objects.create(run_id=request.pk, stage="review", started_at=queued + minutes * MINUTE)
        ModelCall.objects.create(
            provider=provider,
            subject_kind="request",
            subject_id=request.pk,
            sample_index=0,
            prompt_digest="d" * 64,
            cost=Decimal(minutes) / 100,
        )
    text = sheet(signed_in)
    assert "4.0 min in the middle, 30.0 min for one in ten (n = 3)" in text
    assert "0.04 USD in the middle, 0.30 USD for one in ten (n = 3)" in text


def test_the_number_of_queries_does_not_grow_with_the_history(signed_in: Client, submit: Submit) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            sheet(signed_in)
        return len(captured)

    def reviewed() -> None:
        StageRecord.objects.create(run_id=submit(CLAMP).pk, stage="review", started_at=now() + MINUTE)

    reviewed()
    queries()
    before = queries()
    for _ in range(5):
        reviewed()
    assert queries() == before


def test_whom_the_policy_of_the_repository_does_not_allow_is_named_among_those_left_out(
    signed_in: Client, repository: Repository, provider: Provider
) -> None:
    other = Provider.objects.create(
        name="elsewhere", kind=Provider.Kind.OPENAI, base_url=provider.base_url, model_id=provider.model_id
    )
    version_ruled("providers", repository.scope, {"allowed": [str(other.pk)]})
    text = sheet(signed_in)
    assert "test for" not in text
    assert "test is not asked here: it is not in version 1 of the allowed providers" in text
