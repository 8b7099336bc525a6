"""The repository shop of the organisation Acme, and accounts with and without a role in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import scope_create
from apps.governance.types import Role

MakePerson = Callable[..., User]
PASSWORD = "correct horse battery"


@pytest.fixture
def scope(db: None) -> Scope:
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def person(scope: Scope) -> MakePerson:
    """Make an account; ``roles`` are held in the shop repository unless ``where`` says otherwise."""

    def make(name: str, *roles: Role, where: Scope | None = None, **fields: Any) -> User:
        user = User.objects.create_user(username=name, password=PASSWORD, **fields)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(user=user, scope=where or scope, role=role.value) for role in roles
        )
        return user

    return make


@pytest.fixture
def engineer(person: MakePerson) -> User:
    return person("engineer", Role.ENGINEER)


@pytest.fixture
def auditor(person: MakePerson) -> User:
    return person("auditor", Role.AUDITOR)


@pytest.fixture
def stranger(person: MakePerson) -> User:
    return person("stranger")


def signed_in(user: User) -> Client:
    """Return the browser of *user*, who has signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    return signed_in
