"""People with every role, their sessions and tokens, and the API as a client sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.governance.models import User
from apps.governance.services import TOKEN_SCOPES, token_issue
from tests.people import MakePerson, person, scope

__all__ = ["person", "scope"]

Call = Callable[..., HttpResponse]


@pytest.fixture
def token(person: MakePerson) -> Callable[..., dict[str, str]]:
    """Return the headers of a token with the given scopes, all of them when none is named."""

    def make(user: User, *scopes: str) -> dict[str, str]:
        _, secret = token_issue(
            user=user, name="test", scopes=scopes or TOKEN_SCOPES, lifetime=timedelta(days=1), issued_by=user
        )
        return {"Authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
def call() -> Call:
    """Send a request; ``body`` goes as JSON, ``user`` signs in once."""
    clients: dict[tuple[int | None, bool], Client] = {}

    def client_of(user: User | None, enforces_csrf: bool) -> Client:
        key = (user.pk if user else None, enforces_csrf)
        if key not in clients:
            clients[key] = Client(raise_request_exception=False, enforce_csrf_checks=enforces_csrf)
            if user is not None:
                clients[key].force_login(user)
        return clients[key]

    def send(method: str, path: str, body: Any = None, *, user: User | None = None, **options: Any) -> HttpResponse:
        client = client_of(user, options.pop("csrf", False))
        content = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        return client.generic(method, path, **content, **options)

    return send
