"""One organisation with two repositories, and people made with the roles a test names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import scope_create
from apps.governance.types import Role

MakePerson = Callable[..., User]


@pytest.fixture
def organisation(db: None) -> Scope:
    return scope_create(organisation="Acme", created_by=None)


@pytest.fixture
def scope(organisation: Scope) -> Scope:
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def other_scope(organisation: Scope) -> Scope:
    return scope_create(organisation="Acme", repository="billing", created_by=None)


@pytest.fixture
def person(scope: Scope) -> MakePerson:
    """Make an account; ``roles`` are held in the shop repository unless ``where`` says otherwise."""

    def make(name: str, *roles: Role, where: Scope | None = None, **fields: object) -> User:
        user = User.objects.create_user(username=name, password="correct horse battery", **fields)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(user=user, scope=where or scope, role=role.value) for role in roles
        )
        return user

    return make
