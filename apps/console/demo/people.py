"""The administrator and the demo team of a fresh installation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from apps.console.demo.repository import NAME, demo_repository_make
from apps.governance.models import User
from apps.governance.services import TOKEN_SCOPES, code_owner_assign, role_assign, scope_create, token_issue
from apps.governance.types import Role
from apps.repositories.services import repository_register

ORGANISATION = "Demo"
ENGINEER = "engineer"
_TOKEN_LIFETIME = timedelta(days=90)


@dataclass(frozen=True)
class _Person:
    username: str
    first_name: str
    last_name: str
    roles: tuple[Role, ...]
    owns_repository: bool = False


_TEAM = (
    _Person(ENGINEER, "Erin", "Engineer", (Role.ENGINEER,)),
    _Person("owner", "Olu", "Owner", (Role.REVIEWER, Role.ARCHITECT), owns_repository=True),
    _Person("reviewer", "Rosa", "Reviewer", (Role.REVIEWER, Role.QUALITY_LEAD)),
    _Person("chair", "Chidi", "Chair", (Role.CHAIR,)),
)


@dataclass(frozen=True)
class Account:
    """Someone who can sign in now; the password is known only here and is shown once."""

    username: str
    password: str
    what: str


@transaction.atomic
def demo_seed(*, home: Path) -> list[Account]:
    """
    Make the administrator, the team and the demo repository, and return the accounts.

    Does nothing, and returns nothing, where an account exists already.

    :raises DemoFailed: the repository cannot be made.
    """
    if User.objects.exists():
        return []
    place = demo_repository_make(home / "demo")
    password = secrets.token_urlsafe(12)
    admin = User.objects.create_superuser("admin", password=password, first_name="Alex", last_name="Administrator")
    accounts = [Account(admin.username, password, "administrator")]
    everything = scope_create(organisation=ORGANISATION, created_by=admin)
    role_assign(user=admin, scope=everything, role=Role.ADMIN, granted_by=None)
    people = {person: _account_make(person, accounts) for person in _TEAM}
    for person, user in people.items():
        for role in person.roles:
            role_assign(user=user, scope=everything, role=role, granted_by=admin)
    repository = repository_register(
        actor=admin, name=NAME, path=place, organisation=everything.organisation, is_demo=True, is_pilot=True
    )
    for person, user in people.items():
        if person.owns_repository:
            code_owner_assign(user=user, scope=repository.scope, granted_by=admin)
    return accounts


def demo_token_leave(*, path: Path) -> bool:
    """
    Leave an API token of the demo engineer in *path*, readable by its owner only, unless one is there.

    Returns whether one was left; there is none to leave where the demo engineer does not exist.
    """
    engineer = User.objects.filter(username=ENGINEER, role_assignments__scope__organisation__name=ORGANISATION).first()
    if path.exists() or engineer is None:
        return False
    _, secret = token_issue(
        user=engineer,
        name="nofx on this machine",
        scopes=TOKEN_SCOPES.keys() - {"audit:read", "governance:read"},
        lifetime=_TOKEN_LIFETIME,
        issued_by=engineer,
    )
    path.touch(mode=0o600)
    path.write_text(secret + "\n")
    return True


def _account_make(person: _Person, accounts: list[Account]) -> User:
    password = secrets.token_urlsafe(12)
    what = " and ".join(role.value.replace("_", " ") for role in person.roles)
    what += f", owns {NAME}" if person.owns_repository else ""
    accounts.append(Account(person.username, password, what))
    return User.objects.create_user(
        person.username, password=password, first_name=person.first_name, last_name=person.last_name
    )
