"""The approval policy of a request: frozen when it is submitted, applied anew only with a reason, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NofxError
from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import policy_refreeze, verdict_cast
from apps.governance.models import ApprovalPolicyVersion, AuditEvent, Ballot, User
from apps.governance.services import (
    NotAllowed,
    NotInteractive,
    Unsatisfiable,
    policy_propose,
    policy_publish,
    policy_simulate,
)
from apps.governance.types import Policy, Seat, Verdict
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
OWNER_ALONE = Policy("an owner", (Seat("an owner", is_owner=True),))


@pytest.fixture
def rule(repository: Repository, reviewer: User, owner: User) -> Callable[..., ApprovalPolicyVersion]:
    """Publish a policy for low risk, as two administrators do."""
    first, second = (User.objects.create_user(name, is_superuser=True, is_staff=True) for name in ("root", "adam"))

    def publish(policy: Policy = OWNER_ALONE) -> ApprovalPolicyVersion:
        given = {"scope": repository.scope, "risk_tier": "low", "policy": policy, "reason": "Small changes."}
        version = policy_propose(**given, actor=first, is_interactive=True)
        policy_simulate(version_id=version.pk, actor=first, is_interactive=True)
        digest = version.content_digest
        return policy_publish(version_id=version.pk, digest=digest, actor=second, is_interactive=True)

    return publish


@pytest.fixture
def review(submit: Submit, provider: Provider, server: FaultServer) -> Callable[[], GenerationRun]:
    """Submit a request and take it to its review."""

    def make() -> GenerationRun:
        server.answers([WRONG, RIGHT])
        request = submit(CLAMP, title="Keep values in range")
        work_off(request)
        return fresh(request.pk)

    return make


def fresh(request_id: object) -> GenerationRun:
    return GenerationRun.objects.select_related("request", "approval_policy", "repository__scope").get(pk=request_id)


def vote(run: GenerationRun, voter: User) -> str:
    digest = review_digest(run=run)
    look_at(run, voter)
    verdict_cast(request_id=run.pk, reviewer=voter, verdict=Verdict.APPROVE, digest=digest, is_interactive=True)
    return fresh(run.pk).request.status


def test_the_policy_of_the_submission_decides_and_is_recorded(
    rule: Callable[..., ApprovalPolicyVersion], review: Callable[[], GenerationRun], owner: User
) -> None:
    version = rule()
    run = review()
    assert run.approval_policy == version
    assert vote(run, owner) == "approved"
    event = AuditEvent.objects.get(action="review.decide")
    assert event.detail["policy"] == {"id": str(version.pk), "version": 1, "digest": version.content_digest}
    assert event.detail["seats"] == {"an owner": owner.pk}


@pytest.mark.slow
def test_a_policy_published_during_a_vote_waits_until_it_is_applied(
    rule: Callable[..., ApprovalPolicyVersion],
    review: Callable[[], GenerationRun],
    reviewer: User,
    owner: User,
    client: Client,
) -> None:
    run = review()
    vote(run, reviewer)
    version = rule()
    assert fresh(run.pk).approval_policy is None
    client.force_login(owner)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "built-in policy" in page
    assert "Apply the policy that rules now" not in page
    client.force_login(User.objects.get(username="root"))
    assert "Apply the policy that rules now" in client.get(reverse("generation:review", args=[run.pk])).content.decode()
    answer = client.post(reverse("generation:refreeze", args=[run.pk]), {"reason": "One owner is enough."}, follow=True)
    assert "version 1 for low risk of" in answer.content.decode()
    run = fresh(run.pk)
    assert (run.approval_policy, run.review_digest) == (version, review_digest(run=run))
    assert Ballot.objects.get(voter=reviewer).void_reason == "Another policy applies now."
    assert AuditEvent.objects.get(action="review.refreeze").detail["before"] == {"version": "built in"}
    assert vote(run, owner) == "approved"


def test_a_policy_is_applied_by_whoever_manages_policies_with_a_reason_and_once(
    rule: Callable[..., ApprovalPolicyVersion], review: Callable[[], GenerationRun], owner: User
) -> None:
    run = review()
    rule()
    root = User.objects.get(username="root")
    given = {"request_id": run.pk, "actor": root, "reason": "Why not.", "is_interactive": True}
    for refused, options in (
        (NotAllowed, {"actor": owner}),
        (NotInteractive, {"is_interactive": False}),
        (NofxError, {"reason": " "}),
    ):
        with pytest.raises(refused):
            policy_refreeze(**{**given, **options})
    policy_refreeze(**given)
    with pytest.raises(NofxError, match="Nothing was changed"):
        policy_refreeze(**given)


def test_a_request_that_nobody_could_approve_under_the_policy_is_refused_at_once(
    rule: Callable[..., ApprovalPolicyVersion], submit: Submit, owner: User
) -> None:
    rule()
    owner.is_active = False
    owner.save()
    with pytest.raises(Unsatisfiable, match="an owner"):
        submit(CLAMP)


def test_sql_gives_a_request_no_other_policy_than_the_one_that_rules(
    rule: Callable[..., ApprovalPolicyVersion], review: Callable[[], GenerationRun], reviewer: User, owner: User
) -> None:
    weak = rule()
    strong = rule(Policy("two", (Seat("a reviewer"), Seat("an owner", is_owner=True))))
    run = review()
    assert run.approval_policy == strong

    def refuse(why: str, statement: str, *values: object) -> None:
        with pytest.raises(Error, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)

    change = "UPDATE generation_generationrun SET approval_policy_id = %s"
    refuse("policy that rules its repository", change, weak.pk)
    refuse("policy that rules its repository", change, None)
    vote(run, owner)
    refuse("1 of 2 people", "UPDATE code_generation_requests SET status = 'approved'")
    assert vote(run, reviewer) == "approved"
    rule()
    refuse("keeps the policy that decided it", change, weak.pk)


@pytest.mark.slow
def test_an_approval_that_ended_is_asked_for_again_and_sql_does_not_count_it(
    rule: Callable[..., ApprovalPolicyVersion],
    review: Callable[[], GenerationRun],
    reviewer: User,
    owner: User,
    client: Client,
) -> None:
    rule(Policy("short", (Seat("a reviewer"), Seat("an owner", is_owner=True)), ballot_life=timedelta(days=1)))
    run = review()
    Ballot.objects.create(
        subject_kind="request",
        subject_id=run.pk,
        subject_digest=review_digest(run=run),
        scope=run.repository.scope,
        voter=reviewer,
        verdict="approve",
        cast_at=now() - timedelta(days=2),
    )
    assert vote(run, owner) == "in_review"
    with pytest.raises(Error, match="1 of 2 people"), transaction.atomic():
        CodeGenerationRequest.objects.filter(pk=run.pk).update(status="approved")
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "Your verdict has ended by the policy of this request." in page
    assert 'id="verdict"' in page
    assert vote(run, reviewer) == "approved"
