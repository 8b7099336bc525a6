"""The five verbs of the quality track: different code, different answers; no role, no answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.governance.models import AuditEvent, User
from apps.governance.services import token_issue
from apps.governance.types import Role
from apps.quality.models import AiCodeReview, GeneratedTestSuite, QualityImprovement
from apps.repositories.models import Repository
from tests.asked import jobs_asked

pytestmark = pytest.mark.django_db

CLEAN = 'def double(number: int) -> int:\n    """Return twice the number."""\n    return number * 2\n'
MEAN = "import os\n\n\ndef mean(prices: list[float]) -> float:\n    return sum(prices) / len(prices)\n"
PATHS = ("review", "test/generate", "coverage/analyze", "debt/assess", "optimize")
Post = Callable[..., HttpResponse]


@pytest.fixture
def post() -> Post:
    def send(path: str, body: dict[str, Any], *, user: User | None = None, secret: str = "") -> HttpResponse:
        client = Client(raise_request_exception=False)
        if user is not None:
            client.force_login(user)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return client.post(f"/api/quality/{path}", json.dumps(body), content_type="application/json", headers=headers)

    return send


def token(user: User, *scopes: str) -> str:
    _, secret = token_issue(user=user, name="test", scopes=scopes, lifetime=timedelta(days=1), issued_by=user)
    return secret


def test_review_answers_with_what_it_stored(post: Post, engineer: User) -> None:
    clean = post("review", {"code": CLEAN}, user=engineer)
    unused = post("review", {"code": MEAN, "path": "prices.py"}, user=engineer)
    assert (clean.status_code, unused.status_code) == (201, 201)
    assert (clean.json()["quality_score"], clean.json()["findings"]) == (1.0, [])
    [finding] = unused.json()["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("F401", "prices.py", 1)
    assert unused.json()["id"] == f"review_{AiCodeReview.objects.get(findings__len=1).pk}"


def test_tests_are_written_and_run(post: Post, engineer: User) -> None:
    mean = post("test/generate", {"code": MEAN, "path": "prices.py"}, user=engineer).json()
    double = post("test/generate", {"code": CLEAN}, user=engineer).json()
    assert (mean["edge_cases_found"], double["edge_cases_found"]) == (1, 0)
    assert "from prices import mean" in mean["test_code"]
    assert GeneratedTestSuite.objects.count() == 2


def test_coverage_of_a_text_depends_on_the_tests_sent_with_it(post: Post, engineer: User) -> None:
    code = "def sign(n: int) -> int:\n    if n < 0:\n        return -1\n    return 1\n"
    one = "from sign import sign\n\ndef test_sign():\n    assert sign(1) == 1\n"
    both = f"{one}    assert sign(-1) == -1\n"
    partly = post("coverage/analyze", {"code": code, "path": "sign.py", "tests": one}, user=engineer)
    wholly = post("coverage/analyze", {"code": code, "path": "sign.py", "tests": both}, user=engineer)
    assert (partly.status_code, partly.json()["line_percent"], partly.json()["branch_percent"]) == (201, 75.0, 50.0)
    assert partly.json()["files"][0]["missing_lines"] == [3]
    assert partly.json()["review"]["findings"][0]["message"] == "Line 3 is run by no test."
    assert (wholly.json()["line_percent"], wholly.json()["review"]["findings"]) == (100.0, [])
    assert AiCodeReview.objects.filter(review_type="coverage").count() == 2


def test_debt_of_two_texts_differs(post: Post, engineer: User) -> None:
    more = post("debt/assess", {"code": MEAN}, user=engineer)
    less = post("debt/assess", {"code": CLEAN}, user=engineer)
    assert (more.status_code, more.json()["remediation_minutes"], less.json()["remediation_minutes"]) == (201, 22, 15)
    assert more.json()["proposal"]["applied_at"] is None
    assert QualityImprovement.objects.filter(improvement_type="debt_repayment").count() == 2


def test_optimise_proposes_a_patch_or_says_there_is_none(post: Post, engineer: User) -> None:
    some = post("optimize", {"code": MEAN}, user=engineer).json()
    none = post("optimize", {"code": CLEAN}, user=engineer).json()
    assert (some["improvement_percentage"], none["improvement_percentage"]) == (100.0, 0.0)
    assert "-import os" in some["improved_metrics"]["patch"]
    assert QualityImprovement.objects.filter(improvement_type="safe_fixes", applied_at=None).count() == 2


@pytest.mark.parametrize(("path", "kind"), [("coverage/analyze", "quality.coverage"), ("debt/assess", "quality.debt")])
def test_a_repository_is_measured_in_the_background(
    post: Post, engineer: User, repository: Repository, path: str, kind: str
) -> None:
    answer = post(path, {"repository": "shop"}, user=engineer)
    job = jobs_asked().get()
    assert (answer.status_code, answer.json()["kind"], job.kind) == (202, kind, kind)
    assert answer.headers["Location"] == f"/api/v1/jobs/job_{job.pk}"


@pytest.mark.parametrize("path", ["review", "test/generate", "optimize"])
def test_a_file_of_a_repository_is_looked_at(post: Post, engineer: User, repository: Repository, path: str) -> None:
    assert post(path, {"repository": "shop", "path": "shop/prices.py"}, user=engineer).status_code == 201
    assert post(path, {"repository": "shop", "path": "shop/nowhere.py"}, user=engineer).status_code == 404
    bad = {"repository": "shop", "path": "shop/prices.py", "sha": "--all"}
    assert post(path, bad, user=engineer).status_code == 422


@pytest.mark.parametrize("path", PATHS)
def test_nobody_comes_in_without_signing_in(post: Post, db: None, path: str) -> None:
    assert post(path, {"code": CLEAN}).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_finds_no_repository_and_may_send_no_text(
    post: Post, stranger: User, repository: Repository, path: str
) -> None:
    there = post(path, {"repository": "shop", "path": "shop/prices.py"}, user=stranger)
    nowhere = post(path, {"repository": "nowhere", "path": "shop/prices.py"}, user=stranger)
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert post(path, {"code": CLEAN, "tests": "x"}, user=stranger).status_code == 403
    assert AuditEvent.objects.filter(outcome=AuditEvent.Outcome.DENIED).count() == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.CHAIR, Role.AUDITOR, Role.ADMIN])
def test_roles_that_only_read_may_not_measure(
    post: Post, person: Callable[..., User], repository: Repository, role: Role, path: str
) -> None:
    answer = post(path, {"repository": "shop", "path": "shop/prices.py"}, user=person("reader", role))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission.role_missing")
    assert jobs_asked().count() == AiCodeReview.objects.count() == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_token_needs_the_scope_to_measure(post: Post, engineer: User, path: str) -> None:
    refused = post(path, {"code": CLEAN}, secret=token(engineer, "quality:read"))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.token_scope_missing")


def test_a_token_with_the_scope_measures(post: Post, engineer: User) -> None:
    assert post("review", {"code": CLEAN}, secret=token(engineer, "quality:write")).status_code == 201


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body", [{}, {"code": CLEAN, "repository": "shop"}, {"code": "x" * 200_001}, {"code": 7}, {"path": "a.py"}]
)
def test_what_cannot_be_meant_is_refused(
    post: Post, engineer: User, repository: Repository, path: str, body: dict[str, Any]
) -> None:
    answer = post(path, body, user=engineer)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("test/generate", {"code": "def half(:\n"}),
        ("test/generate", {"code": CLEAN, "path": "../../x.py"}),
        ("debt/assess", {"code": "def half(:\n"}),
        ("optimize", {"code": "def half(:\n"}),
        ("coverage/analyze", {"code": CLEAN}),
        ("coverage/analyze", {"code": CLEAN, "tests": "x = 1\n"}),
        ("coverage/analyze", {"code": CLEAN, "tests": CLEAN, "path": "test_subject.py"}),
        ("review", {"code": "x = '\ud800'"}),
    ],
)
def test_code_that_cannot_be_measured_is_a_problem_with_a_sentence(
    post: Post, engineer: User, path: str, body: dict[str, Any]
) -> None:
    answer = post(path, body, user=engineer)
    assert answer.status_code == 422
    assert answer.json()["detail"]
