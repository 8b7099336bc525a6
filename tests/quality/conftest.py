"""A real git repository with code, tests and debt, and people with and without a role in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.governance.models import RoleAssignment, Scope, User
from apps.governance.services import scope_create, token_issue
from apps.governance.types import Role
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record

Send = Callable[..., HttpResponse]
PASSWORD = "correct horse battery staple"
FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": (
        '"""Prices."""\n\nimport os\n\n\n'
        "def mean(prices: list[float]) -> float:\n"
        '    """Return the mean price."""\n'
        "    return sum(prices) / len(prices)\n\n\n"
        "def discount(price: int, percent: int) -> int:\n"
        "    if percent > 100:\n"
        '        raise ValueError("more than everything")\n'
        "    return price * (100 - percent) // 100\n"
    ),
    "tests/test_prices.py": (
        '"""Tests."""\n\nfrom shop.prices import mean\n\n\n'
        "def test_mean() -> None:\n    assert mean([1.0, 3.0]) == 2.0\n"
    ),
}


def git(path: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    done = subprocess.run(["git", *identity, *arguments], cwd=path, check=True, capture_output=True, text=True)
    return done.stdout.strip()


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
def revision(repository: Repository) -> Revision:
    return revision_record(repository=repository, sha=head_sha(repository))


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


@pytest.fixture
def headers(engineer: User) -> dict[str, str]:
    _, secret = token_issue(
        user=engineer, name="ci", scopes=["quality:upload"], lifetime=timedelta(days=1), issued_by=engineer
    )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def send(headers: dict[str, str], revision: Revision) -> Send:
    """Send a report as a build does; the query names the newest commit of the shop unless it says otherwise."""

    def make(what: str, content: bytes, *, headers: dict[str, str] = headers, **query: Any) -> HttpResponse:
        query = {"repository": "shop", "sha": revision.sha, **query}
        address = f"/api/quality/{what}/upload"
        return Client(raise_request_exception=False).generic(
            "POST", address, content, "application/xml", headers=headers, QUERY_STRING="&".join(_pairs(query))
        )

    return make


def _pairs(query: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in query.items()]
