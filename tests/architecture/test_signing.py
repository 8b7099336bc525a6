"""Whoever signs has just shown who they are: each form that signs is sent to a view that asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from apps.core.clock import now
from apps.governance.models import User
from apps.governance.sessions import AUTHENTICATED

TEMPLATES = Path(__file__).parents[2] / "templates"
FORM = re.compile(r"<form(?:\{%[^%]*%\}|\{\{[^}]*\}\}|[^>{])*? data-signs>")
NAME = re.compile(r"\{% url '([\w:-]+)'")
# Forms that are sent to an address which the page around them gives.
ELSEWHERE = {"generation/_gates.html": {"generation:override", "generation:review-override"}}
# What only stops generation waits for nothing.
STOPPING = {"governance:ladder-suspend", "governance:rung-end"}


def forms() -> Iterator[tuple[str, str]]:
    """Yield the template of each form that signs, and the form's own tag."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text()
        found = FORM.findall(text)
        assert len(found) == text.count(" data-signs>"), path
        for tag in found:
            yield str(path.relative_to(TEMPLATES)), tag


def signing() -> set[str]:
    """Return the names of the views that forms which sign are sent to."""
    named: set[str] = set()
    for template, tag in forms():
        found = set(NAME.findall(tag)) or ELSEWHERE.get(template, set())
        assert found, f"{template} sends a signature to an address this test does not know."
        named |= found
    return named - STOPPING


def address(name: str, patterns: list[Any], before: str = "", space: str = "") -> str | None:
    """Return a path of the view called *name*, with keys that nothing has."""
    for one in patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            inner = f"{one.namespace}:" if one.namespace else ""
            found = address(name, one.url_patterns, route, space + inner)
            if found is not None:
                return found
        elif one.name is not None and space + one.name == name:
            return "/" + re.sub(r"<uuid:\w+>", str(uuid4()), re.sub(r"<int:\w+>", "1", route))
    return None


@pytest.fixture
def late(client: Client, db: None) -> Client:
    """Return the browser of somebody who signed in a while ago."""
    client.force_login(User.objects.create_user("ada"))
    session = client.session
    session[AUTHENTICATED] = (now() - timedelta(minutes=6)).timestamp()
    session.save()
    return client


def test_there_are_forms_that_sign() -> None:
    assert {
        "generation:verdict",
        "generation:override",
        "governance:gate-ballot",
        "providers:model-approve",
    } <= signing()


@pytest.mark.parametrize("name", sorted(signing()))
def test_nothing_is_signed_by_whoever_signed_in_a_while_ago(late: Client, name: str) -> None:
    path = address(name, get_resolver().url_patterns)
    assert path is not None and "<" not in path
    assert late.post(path).headers.get("Location", "").startswith("/confirm?for=")
