"""Pages of one repository open on the one that their person looked at last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from apps.governance.models import Organisation, RoleAssignment, Scope, User
from apps.repositories.models import Repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(tmp_path: Path) -> Callable[[str], Repository]:
    organisation = Organisation.objects.create(name="Acme")

    def make(name: str) -> Repository:
        scope = Scope.objects.create(organisation=organisation, repository=name)
        return Repository.objects.create(scope=scope, name=name, path=str(tmp_path / name))

    return make


@pytest.fixture
def both(register: Callable[[str], Repository], client: Client) -> tuple[Repository, Repository]:
    """Two repositories, and somebody signed in who may read them."""
    made = register("alpha"), register("beta")
    user = User.objects.create_user("ada", password="correct horse battery")
    RoleAssignment.objects.bulk_create(RoleAssignment(user=user, scope=one.scope, role="engineer") for one in made)
    client.force_login(user)
    return made


def opens_on(client: Client) -> list[str]:
    """Return the names of the repositories that quality, architecture and docs open on."""
    docs = client.get("/docs").context
    assert docs["rows"][0].repository == docs["first"]
    return [
        client.get("/quality").headers["Location"].split("/")[2],
        client.get("/architecture").context["repository"].name,
        docs["first"].name,
    ]


@pytest.mark.parametrize("looked_at", ["/repos/beta/quality/debt", "/architecture?repository=beta"])
def test_pages_open_on_the_repository_looked_at_last(
    both: tuple[Repository, Repository], client: Client, looked_at: str
) -> None:
    assert opens_on(client) == ["alpha"] * 3
    client.get(looked_at)
    assert opens_on(client) == ["beta"] * 3
    client.get("/repos/alpha/quality/coverage")
    assert opens_on(client) == ["alpha"] * 3


def test_a_repository_that_is_no_longer_readable_is_left_for_the_first(
    both: tuple[Repository, Repository], client: Client
) -> None:
    client.get("/repos/beta/quality/coverage")
    RoleAssignment.objects.filter(scope=both[1].scope).delete()
    assert opens_on(client) == ["alpha"] * 3


def test_one_persons_repository_is_not_anothers(both: tuple[Repository, Repository], client: Client) -> None:
    client.get("/repos/beta/quality/coverage")
    other = Client()
    other.force_login(User.objects.get(username="ada"))
    assert opens_on(other) == ["alpha"] * 3


def test_one_that_may_not_be_read_is_not_remembered(
    both: tuple[Repository, Repository], register: Callable[[str], Repository], client: Client
) -> None:
    register("gamma")
    assert client.get("/repos/gamma/quality/coverage").status_code == 404
    assert opens_on(client) == ["alpha"] * 3
