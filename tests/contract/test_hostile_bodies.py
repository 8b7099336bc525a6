"""Bodies that parse as JSON and that no database, or no parser of code, can take: a sentence that names the place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.governance.models import User
from apps.governance.types import Role
from nofx.api.bodies import MOST_ERRORS
from tests.contract.conftest import Call

pytestmark = pytest.mark.django_db

ADD = "def add(a, b):\n    return a + b\n"
SPECIFICATION = "Write `add(a: int, b: int) -> int`.\nadd(1, 2) == 3"
DEEP = "def f(x):\n    return " + "-" * 50_000 + "x"


@pytest.fixture
def engineer(person: Callable[..., User]) -> User:
    return person("erin", Role.ENGINEER)


def pointers(answer: Any) -> list[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("text", ["\0", "par\0cels", "\ud800", "a\udfffb"])
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/ai/generate/code", {"title": "Add", "specification": SPECIFICATION}, "repository"),
        ("/api/ai/analyze/specification", {"specification": SPECIFICATION}, "repository"),
        ("/api/ai/generate/tests", {"module": "m"}, "specification"),
        ("/api/ai/generate/refactor", {}, "code"),
        ("/api/ai/consensus/vote", {"candidates": [{"name": "a", "code": ADD}]}, "specification"),
        ("/api/quality/coverage/analyze", {}, "repository"),
        ("/api/evolution/analyze", {}, "repository"),
        ("/api/docs/generate", {}, "repository"),
    ],
)
def test_a_text_that_cannot_be_stored_is_refused_by_its_place(
    call: Call, engineer: User, path: str, body: dict[str, Any], field: str, text: str
) -> None:
    answer = call("POST", path, {**body, field: text}, user=engineer)
    assert answer.status_code == 422
    assert pointers(answer) == [f"/body/{field}"]
    assert "cannot be stored" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_of_json_is_refused_by_its_place(engineer: User, number: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(engineer)
    body = (
        f'{{"title": "Add", "specification": "x", "repository": "r", "constraints": {{"a": [1, {{"b": {number}}}]}}}}'
    )
    answer = client.post("/api/ai/generate/code", body, content_type="application/json")
    assert answer.status_code == 422
    assert pointers(answer) == ["/body/constraints/a/1/b"]


def test_of_very_many_places_the_first_are_named(engineer: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(engineer)
    body = f'{{"title": "Add", "specification": "x", "constraints": {{"a": [{",".join(["NaN"] * 50_000)}]}}}}'
    answer = client.post("/api/ai/generate/code", body, content_type="application/json")
    assert answer.status_code == 422
    assert pointers(answer) == [f"/body/constraints/a/{at}" for at in range(MOST_ERRORS)]
    assert len(answer.content) < len(body)


def test_every_place_is_named_and_a_key_counts_as_one(call: Call, engineer: User) -> None:
    candidates = [{"name": "a\0", "code": ADD}, {"name": "b", "code": "\ud800", "c\0": 1}]
    answer = call("POST", "/api/ai/consensus/vote", {"specification": "x", "candidates": candidates}, user=engineer)
    assert answer.status_code == 422
    assert pointers(answer) == ["/body/candidates/0/name", "/body/candidates/1", "/body/candidates/1/code"]


@pytest.mark.parametrize(
    ("names", "pointer"),
    [
        (["A", "A"], "/body/candidates"),
        (["A", "B", "A"], "/body/candidates"),
        (["", "B"], "/body/candidates/0/name"),
        (["A", " "], "/body/candidates/1/name"),
    ],
)
def test_candidates_are_told_apart_by_their_names(call: Call, engineer: User, names: list[str], pointer: str) -> None:
    body = {"specification": SPECIFICATION, "candidates": [{"name": name, "code": ADD} for name in names]}
    answer = call("POST", "/api/ai/consensus/vote", body, user=engineer)
    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("code", [DEEP, "def f(x=" + "(" * 5_000 + ")" * 5_000 + "): pass", "x = " + "[" * 90_000])
def test_code_that_is_nested_too_deeply_is_refused_in_words(call: Call, engineer: User, code: str) -> None:
    answer = call("POST", "/api/ai/generate/refactor", {"code": code}, user=engineer)
    assert answer.status_code == 422
    assert answer.json()["code"] == "code.unreadable"


def test_a_default_that_parses_but_is_deep_is_no_failure_of_ours(call: Call, engineer: User) -> None:
    code = "def f(x=" + "-" * 900 + "1):\n    return x\n"
    assert call("POST", "/api/ai/generate/refactor", {"code": code}, user=engineer).status_code in {200, 422}


def test_a_body_that_is_nested_too_deeply_is_refused(engineer: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(engineer)
    answer = client.post("/api/ai/generate/refactor", "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
