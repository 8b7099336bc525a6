"""Every POST of the API is done once for a key: each operation of the document, sent again and sent changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory

from apps.console.models import Baseline
from apps.governance.models import Ballot, Organisation, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.repositories.models import Repository
from nofx.api.boundary import api_boundary
from nofx.api.document import openapi_document
from tests.governance.committee import Figures, committee_make, measures_replaced

pytestmark = [pytest.mark.django_db, pytest.mark.bar(11)]

KEY = {"Idempotency-Key": "once"}
# Its answer is a secret, which is kept nowhere; it makes a token each time, for whoever shows the password.
SECRET = "/api/auth/token"
POSTS = sorted(path for path, operations in openapi_document()["paths"].items() if "post" in operations)


def one_more(request: HttpRequest) -> HttpResponse:
    """Answer as an operation that makes one object each time it is reached."""
    made = Organisation.objects.create(name=f"made-{Organisation.objects.count()}")
    return JsonResponse({"id": made.pk}, status=201)


def send(path: str, body: dict[str, Any], user: User) -> HttpResponse:
    request = RequestFactory(headers=KEY).post(path, json.dumps(body), content_type="application/json")
    request.user, request.request_id = user, "r"
    return api_boundary(one_more)(request)


@pytest.mark.parametrize("path", [path for path in POSTS if path != SECRET])
def test_whatever_stands_behind_it_is_reached_once(path: str, person: Any) -> None:
    erin = person("erin", Role.ENGINEER)
    before = Organisation.objects.count()
    address = path.replace("{", "").replace("}", "")
    first, again, other = (send(address, body, erin) for body in ({"a": 1}, {"a": 1}, {"a": 2}))
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content and again["Idempotent-Replayed"] == "true"
    assert json.loads(other.content)["code"] == "idempotency.key_reused"
    assert Organisation.objects.count() == before + 1


def test_only_what_answers_with_a_secret_is_left_out(person: Any) -> None:
    assert SECRET in POSTS
    erin = person("erin", Role.ENGINEER)
    assert "Idempotent-Replayed" not in send(SECRET, {}, erin)
    assert "Idempotent-Replayed" not in send(SECRET, {}, erin)


def test_a_ballot_sent_twice_is_one_ballot(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures()
    measures_replaced(figures, monkeypatch)
    places = [scope_create(organisation="Acme", repository=name, created_by=None) for name in ("", "one", "two")]
    committee = committee_make(*places, figures)
    gate = committee.opened()
    path = f"/api/governance/gates/gate_{gate.pk}/ballot"
    body = {"choice": "approve", "rationale": "Fine.", "evidence_digest": gate.digest}
    first = call("POST", path, body, user=committee.chair, headers=KEY)
    again = call("POST", path, body, user=committee.chair, headers=KEY)
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    other = call("POST", path, {**body, "choice": "reject"}, user=committee.chair, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert Ballot.objects.count() == 1


def test_baselines_sent_twice_are_one_version(call: Any, person: Any, scope: Any) -> None:
    Repository.objects.create(scope=scope, name="shop", path="/srv/shop")
    lead = person("quentin", Role.QUALITY_LEAD)
    row = {"metric": "console.velocity", "value": 0.5, "from": "2025-01-01", "to": "2025-12-31", "source": "Tickets"}
    body = {"repository": "shop", "content": json.dumps([row])}
    answers = [call("POST", "/api/metrics/baselines", body, user=lead, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].content
    assert Baseline.objects.count() == 1
