"""A real git repository with a documented and an undocumented function, and people with and without a role."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record

PASSWORD = "correct horse battery staple"
PRICES = """
def mean(prices: list[float]) -> float:
    '''
    Return the mean.

    :param prices: what to average
    :return: the mean
    '''
    return sum(prices) / len(prices)


def discount(price: int, percent: int) -> int:
    return price * (100 - percent) // 100


def _hidden() -> None: ...
"""
FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": PRICES,
    "tests/test_prices.py": "def test_nothing() -> None: ...\n",
}


def git(path: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    done = subprocess.run(["git", *identity, *arguments], cwd=path, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def newest(repository: Repository) -> Revision:
    """Return the newest commit of the default branch."""
    return revision_record(repository=repository, sha=head_sha(repository))


@pytest.fixture
def commit(tmp_path: Path) -> Callable[..., str]:
    """Write files (None removes one) and commit them; returns the commit."""
    path = tmp_path / "shop"

    def make(files: dict[str, str | None], message: str = "Change") -> str:
        if not path.exists():
            path.mkdir()
            git(path, "init", "--quiet", "--initial-branch=main")
        for name, text in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                target.unlink()
            else:
                target.write_text(text)
        git(path, "add", "--all")
        git(path, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(path, "rev-parse", "HEAD")

    return make


@pytest.fixture
def scope(db: None) -> Scope:
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def repository(scope: Scope, tmp_path: Path, commit: Callable[..., str]) -> Repository:
    commit(dict(FILES), "Begin")
    return Repository.objects.create(scope=scope, name="shop", path=str(tmp_path / "shop"))


@pytest.fixture
def person(scope: Scope) -> Callable[..., User]:
    """Make an account with roles in the shop repository."""

    def make(name: str, *roles: Role) -> User:
        user = User.objects.create_user(username=name, password=PASSWORD)
        RoleAssignment.objects.bulk_create(RoleAssignment(user=user, scope=scope, role=role.value) for role in roles)
        return user

    return make


@pytest.fixture
def engineer(person: Callable[..., User]) -> User:
    return person("engineer", Role.ENGINEER)


@pytest.fixture
def auditor(person: Callable[..., User]) -> User:
    return person("auditor", Role.AUDITOR)


@pytest.fixture
def stranger(person: Callable[..., User]) -> User:
    return person("stranger")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make
