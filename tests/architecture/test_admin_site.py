"""Every table can be looked at in the admin site."""

from __future__ import annotations

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import AutoField, Model, UUIDField
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core.admin import _field
from apps.generation.models import GeneratedCodeArtifact
from apps.governance.models import User

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def test_every_model_is_registered() -> None:
    assert [model._meta.label for model in OURS if not admin.site.is_registered(model)] == []


# What is set by hand, each through a service or with an entry in the audit chain; everything else is looked at only.
ADDED = {"CodeOwner", "Organisation", "Provider", "Repository", "RoleAssignment", "Scope", "User"}
CHANGED = {"Organisation", "Provider", "Repository", "User"}
REMOVED = {"CodeOwner", "RoleAssignment"}


@pytest.mark.django_db
def test_even_an_administrator_writes_only_what_is_set_by_hand() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.create_superuser("root", password="correct horse battery")
    able: dict[str, set[str]] = {"add": set(), "change": set(), "delete": set()}
    for model, page in admin.site._registry.items():
        for what in able:
            if getattr(page, f"has_{what}_permission")(request):
                able[what].add(model.__name__)
    assert able == {"add": ADDED, "change": CHANGED, "delete": REMOVED}


def test_of_other_packages_nothing_is_offered_but_what_is_looked_at_here() -> None:
    assert [model for model in admin.site._registry if model not in OURS] == [SocialAccount]


def test_each_list_is_searched_and_ids_by_their_index() -> None:
    wrong = []
    for model, page in admin.site._registry.items():
        names = [str(name) for name in page.search_fields]
        if not names:
            wrong.append(f"{model._meta.label} cannot be searched")
        for name in names:
            column = _field(model, name.removeprefix("="))
            if isinstance(column, (UUIDField, AutoField)) and not name.startswith("="):
                wrong.append(f"{model._meta.label}.{name} is an id that is looked for as a text")
    assert sorted(wrong) == []


@pytest.mark.django_db
def test_a_row_is_found_by_its_id(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    artifact = GeneratedCodeArtifact.objects.create(model_id="m", code_type="code", generated_code="x = 1")
    GeneratedCodeArtifact.objects.create(model_id="m", code_type="code", generated_code="y = 2")
    found = client.get("/admin/generation/generatedcodeartifact/", {"q": str(artifact.pk)})
    assert list(found.context["cl"].result_list) == [artifact]


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
