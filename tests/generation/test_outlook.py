"""Beside a specification stands what it would lead to; drafts and requests become new drafts that can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.engine.estimates import range_of
from apps.generation.engine.specification import analyse
from apps.generation.models import CodeGenerationRequest, SpecificationDraft
from apps.generation.services.drafts import draft_save
from apps.generation.spec_examples import ABOUT, EXAMPLES
from apps.governance.models import User
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP

Submit = Callable[..., CodeGenerationRequest]
CHANGE = "Change `def parse_amount(text: str) -> int`.\n\n>>> parse_amount('1.5')\n150\n"


@pytest.fixture
def signed_in(client: Client, repository: Repository, engineer: User, reviewer: User, owner: User) -> Client:
    client.force_login(engineer)
    return client


def beside(client: Client, **values: Any) -> str:
    said = {"title": "Keep values in range", "text": CLAMP, "repository": "shop", **values}
    answer = client.post(reverse("generation:spec-save"), said, HTTP_HX_REQUEST="true")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.django_db
def test_who_approves_and_what_changes_stands_beside_the_text(signed_in: Client, owner: User) -> None:
    text = beside(signed_in, text=CHANGE, target_path="shop/money.py")
    assert "File shop/money.py Owners grace Risk" in text
    assert "medium" in text
    assert "besides you may approve." in text
    assert "Time no history" in text


@pytest.mark.django_db
def test_the_file_of_a_function_that_exists_is_known_once_it_is_indexed(signed_in: Client, submit: Submit) -> None:
    assert "a new one, chosen when it is submitted" in beside(signed_in)
    submit(CLAMP)
    assert "File shop/money.py Owners" in beside(signed_in, text=CHANGE)


@pytest.mark.django_db
def test_requests_like_it_are_named_with_what_became_of_them(signed_in: Client, submit: Submit) -> None:
    submit(CLAMP, title="A clamp from before")
    submit("It returns the amount of money in cents.\n\n>>> cents('1.50')\n150\n", title="Something else")
    text = beside(signed_in)
    assert "Asked for before A clamp from before queued" in text.replace("Queued", "queued")
    assert "Something else" not in text


@pytest.mark.django_db
def test_what_stands_beside_the_text_takes_as_many_queries_with_a_history(signed_in: Client, submit: Submit) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            beside(signed_in, draft=uuid4().hex)
        return len(captured)

    submit(CLAMP)
    queries()
    before = queries()
    for _ in range(5):
        submit(CLAMP)
    assert queries() == before


@pytest.mark.django_db
def test_a_draft_is_duplicated_and_the_first_stays(signed_in: Client, engineer: User) -> None:
    draft = draft_save(author=engineer, title="T", text=CLAMP).draft
    assert draft is not None
    page = signed_in.get(f"{reverse('generation:spec-new')}?draft={draft.pk.hex}").content.decode()
    assert "def clamp" in page
    assert str(draft.pk) not in page.split("<form")[-1]
    assert signed_in.get(f"{reverse('generation:spec-new')}?draft={uuid4().hex}").status_code == 404


@pytest.mark.django_db
def test_what_began_as_a_copy_of_a_request_is_compared_with_it(signed_in: Client, submit: Submit) -> None:
    request = submit(CLAMP, title="A clamp")
    page = signed_in.get(f"{reverse('generation:spec-new')}?request={request.pk.hex}").content.decode()
    assert f'<input type="hidden" name="source" value="{request.pk}">' in page
    beside(signed_in, text=f"{CLAMP}\nIt never raises.\n", source=request.pk.hex)
    draft = SpecificationDraft.objects.get()
    assert draft.source_id == request.pk
    compared = signed_in.get(reverse("generation:spec-compare", args=[draft.pk])).content.decode()
    assert "It never raises." in compared
    assert "line--add" in compared


@pytest.mark.django_db
def test_a_draft_that_is_no_copy_has_nothing_to_be_compared_with(signed_in: Client, engineer: User) -> None:
    draft = draft_save(author=engineer, title="T", text=CLAMP).draft
    assert draft is not None
    answer = signed_in.get(reverse("generation:spec-compare", args=[draft.pk]))
    assert answer.headers["Location"] == reverse("generation:spec-edit", args=[draft.pk])


@pytest.mark.django_db
def test_a_request_that_may_not_be_read_is_no_source(client: Client, submit: Submit, repository: Repository) -> None:
    request = submit(CLAMP)
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    beside(client, source=request.pk.hex)
    assert SpecificationDraft.objects.get(author__username="stranger").source_id is None


def test_the_examples_to_begin_with_are_clear_and_each_has_its_link() -> None:
    assert [key for key, _ in ABOUT] == list(EXAMPLES)
    for title, text in EXAMPLES.values():
        assert analyse(text, title=title).clarity.score >= 90


def test_a_quantile_is_the_value_at_its_rank() -> None:
    found = range_of([float(value) for value in range(1, 11)])
    assert found is not None
    assert (found.n, found.median, found.ninetieth) == (10, 5.0, 9.0)
    assert range_of([]) is None
