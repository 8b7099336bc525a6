"""What a request through the API takes, what of it has an effect, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pydantic import BaseModel

from apps.generation import schemas, schemas_analysis, schemas_requests
from apps.generation.models import CodeGenerationRequest
from apps.generation.services.requirement_gates import asked_of
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from nofx.api.document import openapi_document
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

SPECIFICATION = "Write `double(n: int) -> int`.\n\n>>> double(2)\n4"
BODY: dict[str, Any] = {"title": "Double", "specification": SPECIFICATION, "repository": "shop"}
Post = Callable[..., Any]


@pytest.fixture
def post(engineer: User, reviewer: User, owner: User, repository: Repository) -> Post:
    client = Client(raise_request_exception=False)
    client.force_login(engineer)

    def send(body: dict[str, Any], path: str = "generate/code") -> Any:
        return client.post(f"/api/ai/{path}", json.dumps(body), content_type="application/json")

    return send


def places(answer: Any) -> list[str]:
    assert answer.status_code == 422
    return [error["pointer"] for error in answer.json()["errors"]]


def test_the_schemas_have_the_fields_of_the_mission() -> None:
    known = openapi_document()["components"]["schemas"]
    asked = {"specification", "context", "constraints", "target_language", "quality_requirements"}
    assert asked <= known["GenerationRequest"]["properties"].keys()
    assert set(known["GeneratedCode"]["properties"]) == {
        "implementation",
        "tests",
        "documentation",
        "performance_profile",
        "security_assessment",
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("generate/code", BODY),
        ("generate/tests", {"specification": SPECIFICATION}),
        ("generate/refactor", {"code": "x = 1\n"}),
        ("analyze/specification", {"specification": SPECIFICATION}),
        ("consensus/vote", {"specification": SPECIFICATION, "candidates": [{"name": "a", "code": "x = 1"}]}),
    ],
)
def test_a_field_that_nobody_knows_is_refused_by_its_name(post: Post, path: str, body: dict[str, Any]) -> None:
    assert places(post({**body, "bogus": 1}, path)) == ["/body/bogus"]
    assert CodeGenerationRequest.objects.count() == 0


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"context": {"repo": "shop"}}, "/body/context/repo"),
        ({"context": {"repository": "other"}}, "/body/repository"),
        ({"repository": ""}, "/body/repository"),
        ({"constraints": {"forbiden": ["math"]}}, "/body/constraints/forbiden"),
        ({"constraints": {"forbidden": ["a b"]}}, "/body/constraints/forbidden/0"),
        ({"constraints": {"forbidden": ["numpy"], "required": ["NumPy"]}}, "/body/constraints/required"),
        ({"constraints": {"security": ["one\ntwo"]}}, "/body/constraints/security/0"),
        ({"constraints": {"performance": ["  "]}}, "/body/constraints/performance/0"),
        ({"quality_requirements": {"coverage": 101}}, "/body/quality_requirements/coverage"),
        ({"quality_requirements": {"complexity": 0}}, "/body/quality_requirements/complexity"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(post: Post, part: dict[str, Any], place: str) -> None:
    assert places(post({**BODY, **part})) == [place]
    assert CodeGenerationRequest.objects.count() == 0


def test_the_repository_may_stand_in_the_context_alone(post: Post) -> None:
    body = {"title": "Double", "specification": SPECIFICATION}
    answer = post({**body, "context": {"repository": "shop", "target_path": "shop/double.py"}})
    assert answer.status_code == 202
    assert CodeGenerationRequest.objects.get().run.target_path == "shop/double.py"
    assert places(post(body)) == ["/body/repository"]


def test_constraints_become_part_of_what_is_asked_and_gated(post: Post) -> None:
    constraints = {"forbidden": ["math"], "required": ["house-rules"], "security": ["The number is secret."]}
    answer = post({**BODY, "constraints": constraints, "quality_requirements": {"coverage": 90, "complexity": 5}})
    assert answer.status_code == 202
    request = CodeGenerationRequest.objects.get()
    assert request.specification.startswith(SPECIFICATION)
    read = {(one["kind"], one["subject"]) for one in request.run.analysis["constraints"]}
    assert {("forbidden", "math package"), ("required", "house-rules package"), ("security", "")} <= read
    asked = asked_of(request.run)
    assert [(one.kind.value, one.subject) for one in asked.packages] == [
        ("forbidden", "math package"),
        ("required", "house-rules package"),
    ]
    assert [(one.measure, one.at) for one in asked.quality] == [("coverage", 90.0), ("complexity", 5.0)]
    assert request.constraints["forbidden"] == ["math"]


@pytest.mark.slow
def test_a_forbidden_package_reaches_the_model_and_the_gate(
    post: Post, provider: Provider, server: FaultServer
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    server.answers([RIGHT.replace("def clamp", "import math\n\n\ndef clamp").replace("max(", "math.floor(0) + max(")])
    body = {**BODY, "specification": CLAMP, "constraints": {"forbidden": ["math"]}}
    assert post(body).status_code == 202
    request = CodeGenerationRequest.objects.get()
    work_off(request)
    assert any("Do not use the `math` package." in json.dumps(asked.body) for asked in server.requests)
    candidate = request.candidates.get(state="executed")
    assert [gate["status"] for gate in candidate.gates if "math" in json.dumps(gate)] == ["failed"]


def test_the_result_comes_with_what_was_written_and_measured_beside_it(
    post: Post, provider: Provider, server: FaultServer, reviewer: User, client: Client
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    server.answers([RIGHT])
    post({**BODY, "specification": CLAMP})
    request = CodeGenerationRequest.objects.get()
    work_off(request)
    client.force_login(reviewer)
    answer = client.get(f"/api/ai/consensus/vote?request_id={request.pk}").json()
    found = answer["generated"]
    assert found["implementation"] == answer["code"]
    assert "def test" in found["tests"]
    assert "clamp" in found["documentation"]
    assert 0 <= found["security_assessment"]["score"] <= 1
    assert [check["tool"] for check in found["security_assessment"]["checks"]] == ["bandit"]


def test_every_verb_is_documented_with_an_example_that_fits() -> None:
    document = openapi_document()
    for path, operations in document["paths"].items():
        if not path.startswith("/api/ai/"):
            continue
        for operation in operations.values():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            answers = [answer for status, answer in operation["responses"].items() if status < "300"]
            for part in [*bodies, *answers]:
                name = part["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
                examples = document["components"]["schemas"][name]["examples"]
                module = next(one for one in (schemas, schemas_analysis, schemas_requests) if hasattr(one, name))
                model: type[BaseModel] = getattr(module, name)
                assert examples, name
                for example in examples:
                    assert model.model_validate(example), name
