"""Home: what waits for a person, and the local models that an administrator manages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.governance.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(tmp_path: Path, settings: Any) -> User:
    settings.NOFX_HOME = tmp_path
    return User.objects.create_user("ada", password="correct horse battery")


def test_somebody_without_a_role_sees_an_honest_empty_page(person: User, client: Client) -> None:
    client.force_login(person)
    page = client.get(reverse("console:home"))
    assert page.status_code == 200
    for sentence in (b"Nothing waits for you.", b"Nothing is running.", b"No requests yet."):
        assert sentence in page.content


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    answer = client.get(reverse("console:home"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("name", ["console:model-cancel", "console:model-fetch", "console:model-remove"])
def test_only_an_administrator_manages_local_models(name: str, person: User, client: Client) -> None:
    client.force_login(person)
    assert client.post(reverse(name, args=["qwen2-5-coder-0-5b"])).status_code == 403


def test_a_model_that_nobody_knows_is_not_found(person: User, client: Client) -> None:
    person.is_superuser = True
    person.save()
    client.force_login(person)
    assert client.post(reverse("console:model-remove", args=["unknown"])).status_code == 404
