"""An administrator registers a repository; nobody else writes a row of registered code."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from apps.governance.errors import LadderInvalid
from apps.governance.models import AuditEvent, Organisation, Scope, User
from apps.governance.services import pilot_name
from apps.repositories.models import Repository
from tests.git import git
from tests.repositories.test_worktrees import make_repository

pytestmark = pytest.mark.django_db

ADD = reverse("admin:repositories_repository_add")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "shop")


@pytest.fixture
def admin_page(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    return client


@pytest.fixture
def said(clone: Path) -> dict[str, str]:
    acme = Organisation.objects.create(name="Acme")
    return {"name": "shop", "path": str(clone), "organisation": str(acme.pk), "remote": "", "default_branch": ""}


def test_a_repository_is_registered_with_what_git_knows_of_it(
    admin_page: Client, said: dict[str, str], clone: Path
) -> None:
    git(clone, "remote", "add", "upstream", "/nowhere")
    for _ in range(2):
        page = admin_page.get(ADD).content.decode()
        assert "DatabaseDefault" not in page
        assert page.count('id="add_id_organisation"') == 1
    assert admin_page.post(ADD, said).status_code == 302
    made = Repository.objects.get()
    assert (made.name, made.path, made.remote) == ("shop", str(clone), "upstream")
    assert made.default_branch == "main"
    assert (made.scope.organisation.name, made.scope.repository) == ("Acme", "shop")
    assert AuditEvent.objects.get(action="repository.register").object_id == str(made.pk)


def test_a_folder_without_git_is_refused_beside_its_field(
    admin_page: Client, said: dict[str, str], tmp_path: Path
) -> None:
    answer = admin_page.post(ADD, {**said, "path": str(tmp_path)})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "There is no git repository at" in page
    assert "Give the path of a clone on this machine." in page
    assert not Repository.objects.exists()


def test_a_repository_is_registered_once(admin_page: Client, said: dict[str, str]) -> None:
    admin_page.post(ADD, said)
    answer = admin_page.post(ADD, {**said, "name": "other"})
    assert "is registered already" in answer.content.decode()
    assert Repository.objects.count() == 1


def test_what_was_registered_stays_and_the_branch_may_change(
    admin_page: Client, said: dict[str, str], clone: Path
) -> None:
    admin_page.post(ADD, said)
    made = Repository.objects.get()
    page = reverse("admin:repositories_repository_change", args=[made.pk])
    admin_page.post(page, {"name": "x", "path": "/x", "remote": "origin", "default_branch": "trunk"})
    made.refresh_from_db()
    assert (made.name, made.path, made.remote, made.default_branch) == ("shop", str(clone), "origin", "trunk")


def test_commits_are_only_read(admin_page: Client) -> None:
    assert admin_page.get(reverse("admin:repositories_revision_changelist")).status_code == 200
    assert admin_page.get(reverse("admin:repositories_revision_add")).status_code == 403


def test_a_repository_is_a_pilot_when_whoever_registers_it_says_so(admin_page: Client, said: dict[str, str]) -> None:
    assert admin_page.post(ADD, said).status_code == 302
    assert not Repository.objects.get().scope.is_pilot


def test_a_pilot_is_named_with_an_entry_in_the_audit_chain(admin_page: Client, said: dict[str, str]) -> None:
    assert admin_page.post(ADD, {**said, "is_pilot": "on"}).status_code == 302
    assert Repository.objects.get().scope.is_pilot
    assert AuditEvent.objects.filter(action="pilot.name").count() == 1


def test_a_place_that_was_made_for_no_pilot_becomes_none(admin_page: Client, said: dict[str, str]) -> None:
    owner = Organisation.objects.get(pk=said["organisation"])
    place = Scope.objects.create(organisation=owner, repository="shop")
    answer = admin_page.post(ADD, {**said, "is_pilot": "on"})
    assert "one from the start or not at all. Connect it as no pilot" in answer.content.decode()
    assert not Repository.objects.exists()
    assert admin_page.post(ADD, said).status_code == 302
    assert Repository.objects.get().scope == place
    with pytest.raises(LadderInvalid, match="from the start"):
        pilot_name(scope=place, actor=User.objects.get(username="root"), object_id=place.pk)


def test_a_repository_is_never_moved_into_another_place(admin_page: Client, said: dict[str, str]) -> None:
    admin_page.post(ADD, said)
    owner = Organisation.objects.get(pk=said["organisation"])
    pilot = Scope.objects.create(organisation=owner, repository="pilot", is_pilot=True)
    with pytest.raises(DatabaseError, match="stays in the place"), transaction.atomic():
        Repository.objects.update(scope=pilot)
