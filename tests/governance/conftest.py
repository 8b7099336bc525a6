"""One organisation with two repositories, and people made with the roles a test names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from tests.governance.committee import Committee, Figures, committee_make, measures_replaced

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


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Figures:
    """What the measures of a gate say; good ones unless a test says otherwise."""
    made = Figures()
    measures_replaced(made, monkeypatch)
    return made


@pytest.fixture
def committee(organisation: Scope, scope: Scope, other_scope: Scope, figures: Figures) -> Committee:
    """A committee of six that decides about opening billing on the records of shop."""
    return committee_make(organisation, scope, other_scope, figures)
