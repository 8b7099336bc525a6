"""A real git repository with code, tests and debt, and people with and without a role in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.governance.models import User
from apps.governance.services import token_issue
from apps.repositories.models import Repository, Revision
from tests.people import auditor, client_of, engineer, person, scope, stranger
from tests.project import commit, newest, repository

__all__ = ["auditor", "client_of", "commit", "engineer", "person", "repository", "scope", "stranger"]

Send = Callable[..., HttpResponse]
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


@pytest.fixture
def files() -> dict[str, str]:
    return FILES


@pytest.fixture
def revision(repository: Repository) -> Revision:
    return newest(repository)


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
