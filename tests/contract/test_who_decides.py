"""
Whatever approves, votes or signs, asked by those who never may: 403 as problem+json, and an entry in the audit chain.

The endpoints come from the addresses of the platform: whoever adds one that changes something says here whether it
decides, and if so, how it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.generation.models import Candidate, Contribution, GenerationRun, PullRequest
from apps.generation.services.requirement_gates import asked_of, gates_basis
from apps.generation.services.review_subject import review_digest
from apps.governance.http import PROBLEM_TYPE
from apps.governance.models import (
    AccountLink,
    ApprovalPolicyVersion,
    AuditEvent,
    Ballot,
    Erasure,
    Gate,
    GateDefinitionVersion,
    GateWaiver,
    LegalHold,
    Override,
    PolicyVersion,
    RetentionSetting,
    RoleAssignment,
    Scope,
    Suspension,
    User,
)
from apps.governance.services import TOKEN_SCOPES, scope_create, token_issue
from apps.governance.types import Role
from tests.addresses import address, pages
from tests.contract.world import World

pytestmark = pytest.mark.django_db

FAILED = {"gate": "lint", "status": "failed", "detail": "", "findings": []}
TOMORROW = str((now() + timedelta(days=2)).date())
# Roles that nobody holds beside each other are left out: an administrator and an auditor never decide.
ROLES = [role for role in Role if role not in {Role.ADMIN, Role.AUDITOR, Role.SERVICE}]


@dataclass
class Ask:
    """How something that decides is asked: the parts of its address, and what the form sends."""

    parts: Callable[[Decided], Mapping[str, Any]]
    form: Mapping[str, Any] = field(default_factory=dict)
    is_about_request: bool = False


@dataclass
class Decided:
    """One of everything that waits for a decision."""

    run: GenerationRun
    delivered: GenerationRun

    @property
    def gate(self) -> Gate:
        return Gate.objects.latest("requested_at")


def in_review(decided: Decided) -> Mapping[str, Any]:
    return {"request_id": decided.run.pk}


def at_gate(decided: Decided) -> Mapping[str, Any]:
    return {"gate_id": decided.gate.pk}


OVERRIDE = {"gate": "lint", "digest": "d", "reason": "It is the linter that is wrong.", "until": TOMORROW}
DECIDING: dict[str, Ask] = {
    "generation:verdict": Ask(
        in_review, {"digest": "d", "preference": "A", "verdict": "approve"}, is_about_request=True
    ),
    "generation:choose": Ask(in_review, {"letter": "A", "reason": "Simpler."}, is_about_request=True),
    "generation:graft": Ask(
        in_review, {"base": "A", "part": "A:parse", "reason": "Both are half right."}, is_about_request=True
    ),
    "generation:refreeze": Ask(in_review, {"reason": "Now."}),
    "generation:review-override": Ask(in_review, OVERRIDE, is_about_request=True),
    "generation:override": Ask(lambda decided: {"request_id": decided.delivered.pk}, OVERRIDE, is_about_request=True),
    "generation:override-confirm": Ask(
        lambda decided: {
            "request_id": decided.run.pk,
            "override_id": Override.objects.get(subject_id=decided.run.pk).pk,
        },
        is_about_request=True,
    ),
    "generation:request-merge": Ask(lambda decided: {"request_id": decided.delivered.pk}),
    "governance:gate-present": Ask(at_gate),
    "governance:gate-ballot": Ask(at_gate, {"digest": "d" * 64, "choice": "approve", "rationale": "Fine."}),
    "governance:gate-open": Ask(at_gate),
    "governance:gate-refreeze": Ask(at_gate, {"reason": "Now."}),
    "governance:gate-close": Ask(at_gate),
    "governance:gate-seats": Ask(at_gate, {"holder_chair": "member-1"}),
    "governance:waiver-ask": Ask(at_gate, {"key": "lint", "reason": "Known.", "until": TOMORROW}),
    "governance:waiver-confirm": Ask(lambda decided: {"waiver_id": GateWaiver.objects.latest("asked_at").pk}),
    "governance:gate-definition-publish": Ask(
        lambda decided: {"version_id": GateDefinitionVersion.objects.latest("proposed_at").pk}
    ),
    "governance:policy-publish": Ask(
        lambda decided: {"version_id": ApprovalPolicyVersion.objects.latest("proposed_at").pk}
    ),
    "governance:version-publish": Ask(lambda decided: {"version_id": PolicyVersion.objects.latest("proposed_at").pk}),
    "governance:suspension-vote": Ask(
        lambda decided: {"suspension_id": Suspension.objects.latest("suspended_at").pk},
        {"verdict": "approve", "digest": "d", "rationale": "It is over."},
    ),
    "governance:retention-sign": Ask(lambda decided: {"setting_id": RetentionSetting.objects.latest("asked_at").pk}),
    "governance:hold-release": Ask(
        lambda decided: {"hold_id": LegalHold.objects.get(release_asked_at__isnull=False).pk}
    ),
    "governance:retention-new": Ask(lambda decided: {}, {"data_class": "sessions", "days": 40, "reason": "Shorter."}),
    "governance:hold-new": Ask(lambda decided: {}, {"scope": "", "reason": "A case."}),
    "governance:hold-release-ask": Ask(
        lambda decided: {"hold_id": LegalHold.objects.get(release_asked_at__isnull=True).pk}
    ),
    "governance:erasure-new": Ask(
        lambda decided: {"person_id": User.objects.get(username="gone-1").pk}, {"reason": "They asked."}
    ),
    "governance:erasure-sign": Ask(lambda decided: {"erasure_id": Erasure.objects.latest("asked_at").pk}),
    "governance:account-link-new": Ask(lambda decided: {}, {"account": "gone-1", "other": "", "reason": "They said."}),
    "governance:account-link-sign": Ask(lambda decided: {"link_id": AccountLink.objects.latest("asked_at").pk}),
    "providers:model-approve": Ask(lambda decided: {"provider_id": Candidate.objects.first().provider_id}),
}


def named(space: str, names: str) -> set[str]:
    """Return the names of addresses of one app."""
    return {f"{space}:{name}" if space else name for name in names.split()}


# What else changes something: it approves nothing, and what it may and for whom is tested beside it.
OTHERS = {
    *named(
        "",
        "account_login login logout mfa_authenticate sign-in-anew sign-in-stay sign-on",
    ),
    *named(
        "console",
        "baselines gate-refresh metrics-measure model-cancel model-fetch model-remove pack-ask preference-set "
        "steps-hide version-simulate",
    ),
    *named(
        "docs",
        "check follow generate",
    ),
    *named(
        "evolution",
        "analyse dry-run plan-new",
    ),
    *named(
        "generation",
        "answer canary-share direct-refactoring direct-tests override-withdraw request-again request-guide "
        "request-push request-raise request-stop request-watch request-withdraw review-measure review-viewed spec-ask "
        "spec-attach spec-confirm spec-delete spec-detach spec-put-back spec-save spec-submit thread-answer "
        "thread-move thread-new withdraw",
    ),
    *named(
        "governance",
        "absence-new absence-remove account-link-withdraw audit-verify codes-renew confirm erasure-withdraw "
        "gate-definitions gate-minutes gate-new gate-withdraw incident-close incident-open keys ladder-suspend "
        "organisation-rename password pilot-end policy-new policy-simulate profile retention-withdraw rung-end "
        "second-factor second-factor-end session-end session-end-others suspension-explain token-end token-new "
        "token-renew version-new waiver-withdraw",
    ),
    *named(
        "jobs",
        "cancel delivery-redeliver mute-remove notification-mark notification-mark-all notification-mute "
        "notification-open notification-settings notification-snooze webhook-delete webhook-detail "
        "webhook-new webhook-retire webhook-rotate webhook-test",
    ),
    *named(
        "knowledge",
        "code-index-start mined-decide mined-start",
    ),
    *named(
        "providers",
        "model-withdraw",
    ),
    *named(
        "quality",
        "measure measure-history mutation-new proposal-apply proposal-discard proposal-new quarantine quarantine-lift "
        "rerun review-new suite-new text-new",
    ),
}


def changing(client: Client) -> set[str]:
    """Return the pages that take a POST: each says so when it is asked with a method that there is none of."""
    found = set()
    for name, pattern in pages():
        answer = client.generic("BREW", address(name, pattern))
        if "POST" in answer.headers.get("Allow", "POST") and name != "api-schema":
            found.add(name)
    return found


@pytest.fixture
def everywhere(scope: Scope) -> list[Scope]:
    return [scope, scope_create(organisation="Acme", created_by=None)]


@pytest.fixture
def decided(scope: Scope, everywhere: list[Scope], person: Any) -> Decided:
    olga = person("olga", Role.ENGINEER)
    world = World(scope, olga)
    waiting, delivered = world.grow(status="in_review"), world.grow()
    chosen = Candidate.objects.get(request=waiting)
    basis = gates_basis(waiting.run, chosen, asked_of(waiting.run))
    Candidate.objects.filter(pk=chosen.pk).update(gates=[FAILED], gates_basis=basis)
    PullRequest.objects.filter(request=delivered).update(gates=[FAILED], state="open")
    asked = LegalHold.objects.order_by("pk")[:1].values("pk")
    LegalHold.objects.filter(pk__in=asked).update(release_asked_by=olga, release_asked_at=now())
    return Decided(waiting.run, delivered.run)


def account(name: str, everywhere: list[Scope], *, is_service: bool = False) -> User:
    """Return an account with every role that decides anything, in the repository and in its organisation."""
    user = User.objects.create_user(username=name, password="correct horse battery", is_service=is_service)
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=user, scope=place, role=role.value) for place in everywhere for role in ROLES
    )
    return user


def by_token(user: User) -> Client:
    """Return a client with a token of every scope there is."""
    _, secret = token_issue(
        user=user, name="all", scopes=sorted(TOKEN_SCOPES), lifetime=timedelta(days=1), issued_by=user
    )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def by_session(user: User) -> Client:
    """Return a program with a session of *user*, which reads JSON."""
    client = Client(headers={"Accept": "application/json"})
    client.force_login(user)
    return client


def refused(client: Client, name: str, decided: Decided) -> str:
    """Ask for *name* and return what is wrong with the answer; nothing when it is a recorded refusal."""
    ask = DECIDING[name]
    form = dict(ask.form)
    if form.get("digest") == "d":
        form["digest"] = review_digest(run=decided.run)
    before = AuditEvent.objects.filter(outcome="denied").count()
    answer = client.post(reverse(name, kwargs=ask.parts(decided)), form)
    recorded = AuditEvent.objects.filter(outcome="denied").count() - before
    if (answer.status_code, answer["Content-Type"], recorded) == (403, PROBLEM_TYPE, 1):
        return ""
    return f"{name}: {answer.status_code} {answer['Content-Type']}, {recorded} in the chain; {answer.content[:200]!r}"


def all_refused(client: Client, decided: Decided, names: Collection[str] = tuple(DECIDING)) -> None:
    ballots = Ballot.objects.count()
    assert [said for name in names if (said := refused(client, name, decided))] == []
    assert Ballot.objects.count() == ballots


@pytest.mark.bar(2)
def test_whatever_changes_something_is_known_to_decide_or_not_to(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    assert changing(client) == DECIDING.keys() | OTHERS, "Say of each new one whether it approves, votes or signs."


@pytest.mark.bar(2)
def test_a_token_decides_nothing_whatever_its_scopes_and_the_roles_of_its_person(
    decided: Decided, everywhere: list[Scope]
) -> None:
    all_refused(by_token(account("erin", everywhere)), decided)


@pytest.mark.bar(2)
@pytest.mark.parametrize("name", ["robot", "qwen2.5-coder-1.5b"], ids=["machine", "model"])
@pytest.mark.parametrize("knock", [by_token, by_session], ids=["token", "session"])
def test_the_account_of_a_machine_or_a_model_decides_nothing_whatever_its_roles(
    decided: Decided, everywhere: list[Scope], name: str, knock: Callable[[User], Client]
) -> None:
    all_refused(knock(account(name, everywhere, is_service=True)), decided)


@pytest.mark.bar(2)
@pytest.mark.parametrize("part", Contribution.Kind)
def test_who_has_a_part_in_a_request_decides_nothing_about_it(
    decided: Decided, everywhere: list[Scope], part: Contribution.Kind
) -> None:
    author = account("author", everywhere)
    for run in (decided.run, decided.delivered):
        Contribution.objects.create(run=run, user=author, kind=part)
    about = [name for name, ask in DECIDING.items() if ask.is_about_request]
    all_refused(by_session(author), decided, about)


class TestAtAPage:
    """Pages are for people: a token opens none, and a program that asks for JSON is told in problem+json."""

    def test_a_token_opens_none_and_the_attempt_is_recorded(self, everywhere: list[Scope]) -> None:
        answer = by_token(account("erin", everywhere)).get("/governance")
        assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM_TYPE)
        event = AuditEvent.objects.get(outcome="denied")
        assert (event.action, event.detail["path"]) == ("token.use", "/governance")

    def test_a_token_that_is_none_is_not_known(self, db: None) -> None:
        answer = Client(headers={"Authorization": "Bearer nofx_pat_nobody"}).get("/governance")
        assert (answer.status_code, answer["Content-Type"]) == (401, PROBLEM_TYPE)

    def test_what_a_proxy_in_front_sends_is_not_ours(self, everywhere: list[Scope]) -> None:
        client = Client(headers={"Authorization": "Basic ZXJpbjpwdw=="})
        client.force_login(account("erin", everywhere))
        assert client.get("/governance").status_code == 200

    def test_a_program_reads_a_failure_as_a_problem_and_a_person_as_a_page(self, everywhere: list[Scope]) -> None:
        erin = account("erin", everywhere)
        path = f"/requests/{UUID(int=1)}"
        program, person = by_session(erin), Client()
        person.force_login(erin)
        assert (program.get(path).status_code, program.get(path)["Content-Type"]) == (404, PROBLEM_TYPE)
        for accept in ({}, {"Accept": "*/*"}, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}):
            assert person.get(path, headers=accept)["Content-Type"].startswith("text/html")
