"""Every table can be looked at in the admin site."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.governance.models import User

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def test_every_model_is_registered() -> None:
    assert [model._meta.label for model in OURS if not admin.site.is_registered(model)] == []


@pytest.mark.django_db
def test_groups_which_grant_nothing_are_not_offered(client: Client) -> None:
    root = User.objects.create_superuser("root", password="correct horse battery")
    client.force_login(root)
    assert not admin.site.is_registered(Group)
    for page in ("/admin/", f"/admin/governance/user/{root.pk}/change/"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "group" not in re.sub(r"<(script|style).*?</\1>", "", answer.content.decode(), flags=re.S).lower()


@pytest.mark.django_db
@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_its_list_opens_and_can_be_searched(model: type[Model], client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for query in ("", "?q=something", "?q=0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"):
        assert client.get(url + query).status_code == 200
