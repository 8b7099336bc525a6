"""The document that describes the API: complete, consistent, committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from apps.governance.management.commands.openapi import document_text
from apps.governance.types import Role
from nofx.api.document import openapi_document
from nofx.api.resources import RESOURCES

COMMITTED = Path(settings.BASE_DIR) / "docs" / "openapi.json"


# PHASE5's endpoints, with its names.
ENDPOINTS = (
    "/api/ai/generate/code",
    "/api/ai/generate/tests",
    "/api/ai/generate/refactor",
    "/api/ai/analyze/specification",
    "/api/ai/consensus/vote",
    "/api/quality/review",
    "/api/quality/test/generate",
    "/api/quality/coverage/analyze",
    "/api/quality/debt/assess",
    "/api/quality/optimize",
    "/api/evolution/analyze",
    "/api/evolution/suggest",
    "/api/evolution/migrate",
    "/api/docs/generate",
    "/api/docs/validate",
)


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner)


def test_the_committed_copy_is_the_document():
    assert COMMITTED.read_text() == document_text(), "Run manage.py openapi and commit docs/openapi.json."


def test_the_command_writes_it(tmp_path):
    call_command("openapi", output=tmp_path / "openapi.json", verbosity=0)
    assert json.loads((tmp_path / "openapi.json").read_text()) == openapi_document()


def test_it_is_of_version_3_1_with_full_paths_and_no_address_of_a_machine():
    document = openapi_document()
    assert document["openapi"] == "3.1.0"
    assert all(path.startswith("/api/") for path in document["paths"])
    assert document["servers"] == []


def test_every_reference_leads_somewhere():
    document = openapi_document()
    schemas = document["components"]["schemas"]
    names = {part["$ref"].rsplit("/", 1)[-1] for part in parts(document) if "$ref" in part}
    assert names
    assert names <= schemas.keys()


def test_it_uses_no_word_of_version_3_0():
    assert not [part for part in parts(openapi_document()) if isinstance(part.get("nullable"), bool)]


def test_operations_have_names_of_their_own_sentences_and_a_rule_about_who():
    operations = [operation for operations in openapi_document()["paths"].values() for operation in operations.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"], operation["operationId"]
        assert operation["description"].endswith((".", "`")), operation["operationId"]
        assert operation["security"] or operation["operationId"] == "sign_in"


def test_the_fifteen_endpoints_of_the_mission_are_there():
    assert set(ENDPOINTS) <= openapi_document()["paths"].keys()


def test_every_noun_has_a_list_and_a_row():
    paths = openapi_document()["paths"]
    for resource in RESOURCES:
        assert f"/api/v1/{resource.noun}" in paths
        assert f"/api/v1/{resource.noun}/{{id}}" in paths


def test_failures_are_problems_everywhere():
    for operations in openapi_document()["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]


@pytest.mark.django_db
def test_the_document_is_served(call):
    answer = call("GET", "/api/schema")
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == openapi_document()


@pytest.mark.django_db
def test_the_reference_shows_every_operation_and_every_problem_code(call, person):
    page = call("GET", "/api/reference", user=person("erin", Role.ENGINEER))
    assert page.status_code == 200
    html = page.content.decode()
    for operations in openapi_document()["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in html
    for code in ("quorum.content_changed", "permission.role_missing", "idempotency.key_reused"):
        assert f'id="problem-{code}"' in html


@pytest.mark.django_db
def test_the_reference_asks_who_you_are(call):
    assert call("GET", "/api/reference").status_code == 302
