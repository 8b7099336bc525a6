"""Each operation of the API, asked by each role: who gets in, who is told no, and who is not told that it exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from apps.core.errors import NofxError
from apps.docs.models import DocumentationArtifact, DocumentationSource
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource
from apps.governance.engine.permissions import MATRIX
from apps.governance.models import AuditEvent
from apps.governance.types import Action, Condition, Role
from apps.quality.models import MeasuredCode, QualityImprovement
from apps.repositories.models import Repository, Revision
from nofx.api.document import openapi_document

pytestmark = pytest.mark.django_db

CODE = "def f(x: int) -> int:\n    return x\n"
SNAPSHOT, PLAN, PAGE, PROPOSAL = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


class Reached(NofxError):
    """The operation passed its checks and began its work."""

    code = "test.reached"
    status = 418


@dataclass(frozen=True)
class Verb:
    """One operation: what to send, the service that does its work, and the action that allows it."""

    method: str
    path: str
    body: dict[str, Any]
    work: str
    action: Action
    names_repository: bool = True
    query: str = ""

    @property
    def address(self) -> str:
        return self.path + self.query


VERBS = (
    Verb(
        "POST",
        "/api/ai/generate/code",
        {"title": "T", "specification": "S", "repository": "shop"},
        "apps.generation.services.planning.head_sha",
        Action.SPEC_WRITE,
    ),
    Verb(
        "POST",
        "/api/ai/analyze/specification",
        {"specification": "S"},
        "apps.generation.api.specification_analyse",
        Action.SPEC_WRITE,
        names_repository=False,
    ),
    Verb(
        "POST",
        "/api/ai/generate/tests",
        {"title": "T", "specification": "S", "module": "m"},
        "apps.generation.api.tests_write",
        Action.SPEC_WRITE,
        names_repository=False,
    ),
    Verb(
        "POST",
        "/api/ai/generate/refactor",
        {"code": CODE},
        "apps.generation.api.refactoring_suggest",
        Action.SPEC_WRITE,
        names_repository=False,
    ),
    Verb(
        "POST",
        "/api/ai/consensus/vote",
        {
            "title": "T",
            "specification": "S",
            "candidates": [{"name": "a", "code": CODE}, {"name": "b", "code": CODE}],
        },
        "apps.generation.api.vote_take",
        Action.SPEC_WRITE,
        names_repository=False,
    ),
    *(
        Verb("POST", f"/api/quality/{path}", {"code": CODE}, f"apps.quality.api.{work}", Action.QUALITY_MEASURE, False)
        for path, work in (
            ("review", "review_create"),
            ("test/generate", "test_suite_generate"),
            ("debt/assess", "debt_of_code"),
            ("optimize", "optimise_suggest"),
        )
    ),
    Verb(
        "POST",
        "/api/quality/coverage/analyze",
        {"repository": "shop"},
        "apps.quality.api.measurement_start",
        Action.QUALITY_MEASURE,
    ),
    Verb(
        "POST",
        "/api/quality/debt/assess",
        {"repository": "shop"},
        "apps.quality.api.measurement_start",
        Action.QUALITY_MEASURE,
    ),
    *(
        Verb(
            "POST",
            f"/api/quality/{path}",
            {"improvement": f"improvement_{PROPOSAL}"},
            f"apps.quality.api.proposal_{path}_start",
            Action.SPEC_WRITE,
        )
        for path in ("apply", "discard")
    ),
    Verb(
        "POST",
        "/api/quality/coverage/upload",
        {},
        "apps.quality.api_uploads.coverage_upload",
        Action.QUALITY_MEASURE,
        query=f"?repository=shop&sha={'0' * 40}&format=lcov",
    ),
    Verb(
        "POST",
        "/api/quality/tests/upload",
        {},
        "apps.quality.api_uploads.suite_upload",
        Action.QUALITY_MEASURE,
        query=f"?repository=shop&sha={'0' * 40}",
    ),
    Verb(
        "POST",
        "/api/quality/defects/upload",
        {"repository": "shop", "defects": []},
        "apps.quality.api_uploads.defects_upload",
        Action.QUALITY_MEASURE,
    ),
    Verb(
        "POST",
        "/api/metrics/baselines",
        {"repository": "shop", "content": "[]"},
        "apps.console.metrics.baselines.read_baselines",
        Action.THRESHOLD_EDIT,
    ),
    Verb(
        "POST",
        "/api/governance/suspensions",
        {"kind": "repository", "scope": "Acme/shop", "reason": "It deletes tests."},
        "apps.governance.services.suspensions.work_stop",
        Action.GENERATION_SUSPEND,
    ),
    Verb(
        "POST",
        "/api/knowledge/index",
        {"repository": "shop"},
        "apps.repositories.services.reindexing.head_sha",
        Action.QUALITY_MEASURE,
    ),
    Verb(
        "POST",
        "/api/evolution/analyze",
        {"repository": "shop"},
        "apps.evolution.api.analysis_start",
        Action.ARCHITECTURE_ANALYSE,
    ),
    Verb(
        "POST",
        "/api/evolution/suggest",
        {"snapshot": f"snap_{SNAPSHOT}"},
        "apps.evolution.api.plan_suggest",
        Action.ARCHITECTURE_ANALYSE,
    ),
    Verb(
        "POST",
        "/api/evolution/migrate",
        {"plan": f"plan_{PLAN}", "dry_run": True},
        "apps.evolution.api.plan_dry_run",
        Action.ARCHITECTURE_PLAN,
    ),
    Verb(
        "POST",
        "/api/docs/generate",
        {"repository": "shop"},
        "apps.docs.api.generation_start",
        Action.DOCS_GENERATE,
    ),
    Verb(
        "POST",
        "/api/docs/validate",
        {"page": f"page_{PAGE}"},
        "apps.docs.api.validation_start",
        Action.DOCS_GENERATE,
    ),
)
# Shown elsewhere: signing in (test_sign_in), what a request's models said, what is done with a
# request under way (tests/generation), the platform's status, taking the audit
# chain away (tests/governance/test_audit_export), the gates of a committee (test_gates) and what follows a suspension
# (test_suspensions), which no token reaches.
ELSEWHERE = {
    ("POST", "/api/auth/token"),
    ("GET", "/api/ai/consensus/vote"),
    *(("POST", f"/api/ai/requests/{{request_id}}/{verb}") for verb in ("attempts", "grafts", "guidance", "withdraw")),
    ("GET", "/api/status"),
    ("GET", "/api/audit/export"),
    *(("POST", f"/api/governance/gates/{{gate_id}}/{verb}") for verb in ("ballot", "open", "refreeze", "close")),
    *(("POST", f"/api/governance/suspensions/{{suspension_id}}/{verb}") for verb in ("reason", "ballot")),
}


def named(verb: Verb) -> str:
    return f"{verb.path} {'repository' if 'repository' in verb.body else 'text'}"


@pytest.fixture
def repository(scope):
    shop = Repository.objects.create(scope=scope, name="shop", path="/srv/shop")
    revision = Revision.objects.create(repository=shop, sha="0" * 40, committed_at="2026-11-01T00:00Z")
    snapshot = ArchitectureSnapshot.objects.create(id=SNAPSHOT, snapshot_date="2026-11-01", architecture_graph={})
    SnapshotSource.objects.create(snapshot=snapshot, revision=revision)
    ArchitectureEvolutionPlan.objects.create(
        id=PLAN, current_snapshot=snapshot, target_architecture={}, migration_steps=[], status="suggested"
    )
    page = DocumentationArtifact.objects.create(
        id=PAGE, artifact_type="api", target_code_version="1", generated_content="#", format="markdown"
    )
    DocumentationSource.objects.create(artifact=page, revision=revision)
    code = MeasuredCode.objects.create(revision=revision, path="a.py", digest="d")
    QualityImprovement.objects.create(id=PROPOSAL, original_code_id=code.pk, improvement_type="safe_fixes")
    return shop


@pytest.mark.parametrize("verb", VERBS, ids=named)
def test_each_role_gets_the_answer_of_the_matrix(call, person, repository, monkeypatch, verb):
    def reached(*args: object, **options: object) -> None:
        raise Reached("reached")

    monkeypatch.setattr(verb.work, reached)
    answers = {
        role: call(verb.method, verb.address, verb.body, user=person(role.value, role, is_service=role is Role.SERVICE))
        for role in Role
    }
    for role, answer in answers.items():
        is_allowed = MATRIX[verb.action].get(role) is Condition.ALWAYS
        assert answer.status_code == (418 if is_allowed else 403), (role, answer.content)
    refused = [role for role in Role if MATRIX[verb.action].get(role) is not Condition.ALWAYS]
    denials = AuditEvent.objects.filter(outcome="denied", action=verb.action.value)
    assert denials.count() == len(refused)


@pytest.mark.parametrize("verb", VERBS, ids=named)
def test_without_a_role_or_a_name_there_is_no_way_in(call, person, repository, verb):
    assert call(verb.method, verb.address, verb.body).status_code == 401
    stranger = call(verb.method, verb.address, verb.body, user=person("stranger"))
    assert stranger.status_code == (404 if verb.names_repository else 403)


@pytest.mark.parametrize("verb", VERBS, ids=named)
def test_a_token_needs_the_operations_scope(call, person, repository, token, verb):
    engineer = person("erin", Role.ENGINEER)
    refused = call(verb.method, verb.address, verb.body, headers=token(engineer, "audit:read"))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.token_scope_missing")


def test_every_operation_of_the_document_is_in_this_table():
    verbs = {
        (method.upper(), path)
        for path, operations in openapi_document()["paths"].items()
        for method in operations
        if not path.startswith("/api/v1/")
    }
    assert verbs == {(verb.method, verb.path) for verb in VERBS} | ELSEWHERE


@pytest.mark.bar(2)
def test_no_scope_of_a_token_votes_approves_or_merges():
    document = openapi_document()
    scopes = {
        scope
        for operations in document["paths"].values()
        for operation in operations.values()
        for way in operation["security"]
        for scope in way.get("token", [])
    }
    assert not {scope for scope in scopes if any(word in scope for word in ("vote", "approve", "merge", "verdict"))}
