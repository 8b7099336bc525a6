"""Every POST of the API is done once for a key: each operation of the document, carried out, repeated, changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from apps.console.models import Baseline
from apps.docs.models import DocumentationArtifact, DocumentationSource
from apps.evolution.models import ArchitectureEvolutionPlan
from apps.evolution.services import plan_suggest, snapshot_take
from apps.generation.models import Candidate, CodeGenerationRequest, DirectArtifact, GenerationRun, Guidance
from apps.generation.services.stages import status_change
from apps.generation.services.submission import request_submit
from apps.governance.models import Ballot, CodeOwner, GateDecision, GateFreeze, IdempotencyKey, Scope, Suspension, User
from apps.governance.services import generation_suspend
from apps.governance.services.gates import evidence_read
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.quality import services as quality
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DefectReport,
    GeneratedTestSuite,
    QualityImprovement,
    SuiteRun,
)
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha
from nofx.api.document import openapi_document
from tests.governance.committee import Committee, Figures, committee_make, measures_replaced
from tests.people import PASSWORD
from tests.places import pilot_made
from tests.project import newest, repository
from tests.quality.test_reports import JUNIT, LCOV
from tests.written import ENDS, THE_ENDS, written

__all__ = ["repository"]

pytestmark = [pytest.mark.django_db, pytest.mark.bar(11)]

KEY = {"Idempotency-Key": "once"}
# Its answer is a secret, which is kept nowhere; it makes a token each time, for whoever shows the password.
LEFT_OUT = {"/api/auth/token"}
POSTS = {path for path, operations in openapi_document()["paths"].items() if "post" in operations}
OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.") and model is not IdempotencyKey]

CLAMP = "Write `clamp(n: int, low: int, high: int) -> int`.\n\n- clamp(5, 0, 3) == 3\n- clamp(-1, 0, 3) == 0\n"
CODE = "def half(n: int) -> float:\n    if n == 0:\n        return 0.0\n    else:\n        return n / 2\n"
FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": (
        '"""Prices."""\n\nimport os\n\n\n'
        "def mean(prices: list[float]) -> float:\n"
        '    """Return the mean price."""\n'
        "    return sum(prices) / len(prices)\n"
    ),
    "shop/a.py": "import shop.b\n",
    "shop/b.py": "import shop.a\n",
}


@dataclass(frozen=True)
class Post:
    """What is sent, by whom, and of what there is one more afterwards, if anything is made."""

    user: User
    body: Mapping[str, Any] | bytes
    makes: type[Model] | None = None
    subject: object = ""
    query: str = ""


class World:
    """A shop that is a pilot, with people who may do what its operations ask."""

    def __init__(self, shop: Repository, person: Callable[..., User]) -> None:
        self.shop, self.person = shop, person
        newest(shop)  # Its commit is known, so that nothing is begun for it but what is asked for.
        self.engineer = person("erin", Role.ENGINEER)
        for name in ("rita", "rosa"):
            CodeOwner.objects.create(scope=shop.scope, user=person(name, Role.REVIEWER))

    @property
    def organisation(self) -> Scope:
        return Scope.objects.get_or_create(organisation=self.shop.scope.organisation, repository="")[0]

    def committee(self) -> Committee:
        other = Scope.objects.create(organisation=self.shop.scope.organisation, repository="billing")
        return committee_make(self.organisation, self.shop.scope, other, Figures())

    def suspension(self, chair: User, reason: str = "It deletes tests.") -> Suspension:
        return generation_suspend(kind="everything", scope=self.organisation, actor=chair, reason=reason)

    def proposal(self) -> QualityImprovement:
        code = quality.code_load(repository=self.shop, path="shop/prices.py")
        return quality.optimise_suggest(code=code, requested_by=self.engineer)

    def plan(self) -> ArchitectureEvolutionPlan:
        snapshot = snapshot_take(revision=newest(self.shop), actor=self.engineer)
        return plan_suggest(snapshot=snapshot, actor=self.engineer)

    def page(self) -> DocumentationArtifact:
        page = DocumentationArtifact.objects.create(
            artifact_type="api", target_code_version="1", generated_content="#", format="markdown"
        )
        DocumentationSource.objects.create(artifact=page, revision=newest(self.shop))
        return page


def generate(world: World) -> Post:
    body = {"title": "Clamp", "specification": CLAMP, "repository": "shop"}
    return Post(world.engineer, body, CodeGenerationRequest)


def withdraw(world: World) -> Post:
    request = request_submit(requester=world.engineer, repository=world.shop, title="Clamp", text=CLAMP)
    status_change(
        run=GenerationRun.objects.get(pk=request.pk),
        allowed=[CodeGenerationRequest.Status.QUEUED],
        to=CodeGenerationRequest.Status.IN_REVIEW,
    )
    return Post(world.engineer, {"reason": "We need decimals."}, subject=f"req_{request.pk}")


def guide(world: World) -> Post:
    request = request_submit(requester=world.engineer, repository=world.shop, title="Clamp", text=CLAMP)
    return Post(world.engineer, {"text": "low is never above high."}, Guidance, f"req_{request.pk}")


def raise_limit(world: World) -> Post:
    request, _ = written(world.engineer, world.shop, CLAMP, ["nothing"], to=CodeGenerationRequest.Status.FAILED)
    return Post(world.engineer, {}, Candidate, f"req_{request.pk}")


def graft(world: World) -> Post:
    request, (base, donor) = written(
        world.engineer, world.shop, THE_ENDS, ENDS, to=CodeGenerationRequest.Status.IN_REVIEW
    )
    body = {
        "base": f"cand_{base.pk}",
        "parts": [{"function": "last", "candidate": f"cand_{donor.pk}"}],
        "reason": "Each has one right.",
    }
    return Post(world.person("dora", Role.REVIEWER), body, Candidate, f"req_{request.pk}")


def vote(world: World) -> Post:
    candidates = [{"name": name, "code": f"def clamp(n, low, high):\n    return {what}\n"} for name, what in BODIES]
    return Post(world.engineer, {"specification": CLAMP, "candidates": candidates})


BODIES = (("a", "max(low, min(n, high))"), ("b", "min(max(n, low), high)"))


def gate_ballot(world: World) -> Post:
    committee = world.committee()
    gate = committee.opened()
    body = {"choice": "approve", "rationale": "Fine.", "evidence_digest": gate.digest}
    return Post(committee.chair, body, Ballot, f"gate_{gate.pk}")


def gate_open(world: World) -> Post:
    committee = world.committee()
    gate = committee.seat(committee.request())
    evidence_read(gate_id=gate.pk, asked_by=committee.chair)
    return Post(committee.chair, {}, GateFreeze, f"gate_{gate.pk}")


def gate_refreeze(world: World) -> Post:
    committee = world.committee()
    return Post(committee.chair, {"reason": "A figure changed."}, GateFreeze, f"gate_{committee.opened().pk}")


def gate_close(world: World) -> Post:
    committee = world.committee()
    gate = committee.opened()
    for seat in committee.people:
        committee.vote(gate, seat)
    return Post(committee.chair, {}, GateDecision, f"gate_{gate.pk}")


def suspend(world: World) -> Post:
    chair = world.person("chair", Role.CHAIR, where=world.organisation)
    return Post(chair, {"kind": "repository", "scope": "Acme/shop", "reason": "It deletes tests."}, Suspension)


def explain(world: World) -> Post:
    chair = world.person("chair", Role.CHAIR, where=world.organisation)
    suspended = world.suspension(chair, reason="")
    return Post(chair, {"reason": "It deletes tests."}, subject=f"suspension_{suspended.pk}")


def resume(world: World) -> Post:
    chair = world.person("chair", Role.CHAIR, where=world.organisation)
    suspended = world.suspension(chair)
    body = {"verdict": "resume", "rationale": "It is mended.", "digest": suspended.content_digest}
    return Post(chair, body, Ballot, f"suspension_{suspended.pk}")


def baselines(world: World) -> Post:
    row = {"metric": "console.velocity", "value": 0.5, "from": "2025-01-01", "to": "2025-12-31", "source": "Tickets"}
    lead = world.person("quentin", Role.QUALITY_LEAD)
    return Post(lead, {"repository": "shop", "content": json.dumps([row])}, Baseline)


def uploaded(content: bytes, makes: type[Model], more: str = "") -> Callable[[World], Post]:
    return lambda world: Post(
        world.engineer, content, makes, query=f"?repository=shop&sha={head_sha(world.shop)}{more}"
    )


def of_engineer(makes: type[Model] | None, **body: Any) -> Callable[[World], Post]:
    return lambda world: Post(world.engineer, body, makes)


def of_architect(world: World) -> Post:
    architect = world.person("archie", Role.ARCHITECT)
    return Post(architect, {"plan": f"plan_{world.plan().pk}", "dry_run": True})


def of_snapshot(world: World) -> Post:
    snapshot = snapshot_take(revision=newest(world.shop), actor=world.engineer)
    return Post(world.engineer, {"snapshot": f"snap_{snapshot.pk}"}, ArchitectureEvolutionPlan)


def of_proposal(world: World) -> Post:
    return Post(world.engineer, {"improvement": f"improvement_{world.proposal().pk}"}, Job)


def of_applied(world: World) -> Post:
    proposal = world.proposal()
    quality.proposal_apply(proposal_id=proposal.pk, actor=world.engineer)
    return Post(world.engineer, {"improvement": f"improvement_{proposal.pk}"}, Job)


def of_page(world: World) -> Post:
    return Post(world.engineer, {"page": f"page_{world.page().pk}"}, Job)


CASES: dict[str, Callable[[World], Post]] = {
    "/api/ai/analyze/specification": of_engineer(None, specification=CLAMP),
    "/api/ai/consensus/vote": vote,
    "/api/ai/generate/code": generate,
    "/api/ai/generate/refactor": of_engineer(DirectArtifact, code=CODE),
    "/api/ai/generate/tests": of_engineer(DirectArtifact, specification=CLAMP, module="m"),
    "/api/ai/requests/{request_id}/attempts": raise_limit,
    "/api/ai/requests/{request_id}/grafts": graft,
    "/api/ai/requests/{request_id}/guidance": guide,
    "/api/ai/requests/{request_id}/withdraw": withdraw,
    "/api/docs/generate": of_engineer(Job, repository="shop"),
    "/api/docs/validate": of_page,
    "/api/evolution/analyze": of_engineer(Job, repository="shop"),
    "/api/evolution/migrate": of_architect,
    "/api/evolution/suggest": of_snapshot,
    "/api/governance/gates/{gate_id}/ballot": gate_ballot,
    "/api/governance/gates/{gate_id}/close": gate_close,
    "/api/governance/gates/{gate_id}/open": gate_open,
    "/api/governance/gates/{gate_id}/refreeze": gate_refreeze,
    "/api/governance/suspensions": suspend,
    "/api/governance/suspensions/{suspension_id}/ballot": resume,
    "/api/governance/suspensions/{suspension_id}/reason": explain,
    "/api/knowledge/index": of_engineer(Job, repository="shop"),
    "/api/metrics/baselines": baselines,
    "/api/quality/apply": of_proposal,
    "/api/quality/coverage/analyze": of_engineer(Job, repository="shop"),
    "/api/quality/coverage/upload": uploaded(LCOV, CoverageReport, "&format=lcov"),
    "/api/quality/debt/assess": of_engineer(Job, repository="shop"),
    "/api/quality/defects/upload": of_engineer(DefectReport, repository="shop", defects=[]),
    "/api/quality/discard": of_applied,
    "/api/quality/optimize": of_engineer(QualityImprovement, code=CODE),
    "/api/quality/review": of_engineer(AiCodeReview, code=CODE),
    "/api/quality/test/generate": of_engineer(GeneratedTestSuite, code=CODE),
    "/api/quality/tests/upload": uploaded(JUNIT, SuiteRun),
}


@pytest.fixture
def files() -> dict[str, str]:
    return FILES


@pytest.fixture
def scope(db: None) -> Scope:
    organisation = Scope.objects.create(organisation=_acme())
    return pilot_made(organisation, "shop")


def _acme() -> Any:
    return apps.get_model("governance", "Organisation").objects.create(name="Acme")


@pytest.fixture
def world(
    repository: Repository, person: Callable[..., User], tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> World:
    settings.NOFX_HOME = tmp_path / "home"
    measures_replaced(Figures(), monkeypatch)
    return World(repository, person)


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in OURS}


def test_each_post_of_the_document_is_among_the_cases() -> None:
    assert set(CASES) == POSTS - LEFT_OUT


def test_a_token_is_made_each_time_for_whoever_shows_the_password(person: Callable[..., User], call: Any) -> None:
    person("erin", Role.ENGINEER)
    body = {"username": "erin", "password": PASSWORD, "name": "laptop", "scopes": ["requests:read"]}
    answers = [call("POST", "/api/auth/token", body, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].content
    assert "Idempotent-Replayed" not in answers[1]
    assert answers[0].json()["token"] != answers[1].json()["token"]
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("path", CASES)
def test_what_it_does_is_done_once(path: str, world: World, call: Any) -> None:
    post = CASES[path](world)
    address = "/".join(str(post.subject) if part.startswith("{") else part for part in path.split("/"))
    before = rows()

    def send(body: Any, query: str) -> Any:
        if isinstance(body, bytes):
            sent = {"data": body, "content_type": "application/xml"}
            return call("POST", address + query, user=post.user, headers=KEY, **sent)
        return call("POST", address + query, body, user=post.user, headers=KEY)

    first = send(post.body, post.query)
    assert first.status_code in {200, 201, 202}, first.content
    made = rows()
    if post.makes is not None:
        assert made[post.makes._meta.label] == before[post.makes._meta.label] + 1

    again = send(post.body, post.query)
    assert (again.status_code, again["Idempotent-Replayed"]) == (first.status_code, "true")
    assert again.content == first.content and again.get("Location") == first.get("Location")

    changed = post.body + b"\n" if isinstance(post.body, bytes) else {**post.body, "other": 1}
    for other in (send(changed, post.query), send(post.body, f"{post.query or '?'}&other=1")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert rows() == made
