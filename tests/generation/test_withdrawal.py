"""Taking a request back while people review it: who may, when, and what becomes of verdicts, news and words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.errors import NofxError
from apps.generation.models import CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.stages import stage_enter, status_change
from apps.generation.services.withdrawal import NotWithdrawable, request_withdraw
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import NotAllowed, token_issue
from apps.governance.types import Verdict
from apps.jobs.models import Notification
from tests.generation.test_pipeline import CLAMP
from tests.generation.test_progress_page import primary_actions
from tests.generation.test_review import run, status_of, vote
from tests.shop import approve

__all__ = ["run"]

pytestmark = pytest.mark.django_db(transaction=True)

Status = CodeGenerationRequest.Status
REASON = "We need decimals, not floats."


@pytest.fixture
def waiting(submit: Callable[..., CodeGenerationRequest]) -> GenerationRun:
    """A request in review for which nobody wrote code; what becomes of verdicts is shown on one with candidates."""
    request = submit(CLAMP, title="Keep values in range")
    run = GenerationRun.objects.select_related("request").get(pk=request.pk)
    status_change(run=run, allowed=[Status.QUEUED], to=Status.IN_REVIEW)
    stage_enter(run=run, stage="review")
    return run


def withdraw(run: GenerationRun, actor: User, reason: str = REASON) -> None:
    request_withdraw(request_id=run.pk, actor=actor, reason=reason)


def test_the_requester_takes_a_request_back_that_is_in_review(waiting: GenerationRun, engineer: User) -> None:
    withdraw(waiting, engineer)
    assert status_of(waiting) == Status.CANCELLED
    entry = AuditEvent.objects.get(action="request.withdraw")
    assert (entry.actor_id, entry.reason, entry.outcome) == (str(engineer.pk), REASON, "done")


def test_verdicts_become_void_and_say_why_while_who_stepped_aside_stays_aside(
    run: GenerationRun, engineer: User, reviewer: User, owner: User
) -> None:
    vote(run, reviewer)
    vote(run, owner, Verdict.RECUSE, rationale="I wrote the module next to it.")
    withdraw(run, engineer)
    ballots = dict(Ballot.objects.values_list("voter__username", "void_reason"))
    assert ballots == {reviewer.username: "The request was withdrawn.", owner.username: ""}
    assert CodeGenerationConsensus.objects.get(request=run.request).human_approved is None
    with pytest.raises(NofxError, match="cancelled, so there is nothing to vote on"):
        vote(run, owner)


def test_nobody_else_takes_it_back_and_the_attempt_is_recorded(
    waiting: GenerationRun, owner: User, client: Client
) -> None:
    with pytest.raises(NotAllowed):
        withdraw(waiting, owner)
    client.force_login(owner)
    answer = client.post(reverse("generation:request-withdraw", args=[waiting.pk]), {"reason": REASON})
    assert (answer.status_code, status_of(waiting)) == (403, Status.IN_REVIEW)
    assert AuditEvent.objects.get(action="request.withdraw").outcome == "denied"
    assert b"Withdraw this request" not in client.get(reverse("generation:request-detail", args=[waiting.pk])).content


def test_a_requester_who_lost_every_role_there_takes_nothing_back(waiting: GenerationRun, engineer: User) -> None:
    engineer.role_assignments.all().delete()
    with pytest.raises(NotAllowed):
        withdraw(waiting, User.objects.get(pk=engineer.pk))


def test_it_needs_a_reason(waiting: GenerationRun, engineer: User) -> None:
    with pytest.raises(NofxError, match="Say why"):
        withdraw(waiting, engineer, "  \n")
    assert status_of(waiting) == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("status", "way_on"),
    [
        (Status.GENERATING, "Stop it instead"),
        (Status.APPROVED, "unmerged"),
        (Status.DELIVERED, "unmerged"),
        (Status.OBSERVED, "revert"),
        (Status.CANCELLED, "begin anew"),
    ],
)
def test_what_is_not_in_review_is_not_taken_back(
    waiting: GenerationRun, engineer: User, reviewer: User, owner: User, status: str, way_on: str
) -> None:
    approve(waiting.request, reviewer, owner, status=status)
    with pytest.raises(NotWithdrawable) as refused:
        withdraw(waiting, engineer)
    assert way_on in refused.value.remedy
    assert status_of(waiting) == status
    assert Ballot.objects.filter(voided_at=None).count() == 2


def test_whoever_was_asked_for_a_verdict_is_told_and_waits_for_it_no_longer(
    waiting: GenerationRun, engineer: User, reviewer: User, owner: User
) -> None:
    approve(waiting.request, reviewer, status=Status.IN_REVIEW)
    withdraw(waiting, engineer)
    for person in (reviewer, owner):
        news = Notification.objects.get(recipient=person, read_at=None)
        assert (news.title, news.kind) == ("“Keep values in range” was withdrawn", "review_ended")
        assert REASON not in news.text
    assert not Notification.objects.filter(recipient=engineer, title__contains="withdrawn").exists()
    told = Notification.objects.filter(recipient=engineer, subject_id=str(waiting.pk))
    assert told.exists() and not told.filter(read_at=None).exists()


def test_the_page_takes_it_back_says_what_is_kept_and_begins_a_copy(
    waiting: GenerationRun, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    address = reverse("generation:request-detail", args=[waiting.pk])
    page = client.get(address).content.decode()
    assert "Withdraw this request" in page and f'href="{address}?withdraw=1#withdraw"' in page
    assert '<details class="fold" open>' in client.get(f"{address}?withdraw=1").content.decode()
    answer = client.post(reverse("generation:request-withdraw", args=[waiting.pk]), {"reason": f"<b>{REASON}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    page = client.get(address).content.decode()
    assert f"It was withdrawn: &lt;b&gt;{REASON}" in page
    assert "every candidate and the verdicts are kept" in page
    assert "Withdraw this request" not in page
    assert primary_actions(page) == ["Change the specification"]
    editor = client.get(f"/specs/new?request={waiting.pk.hex}").content.decode()
    assert "Keep values in range" in editor


def test_the_api_takes_it_back_with_the_scope_that_stops(
    waiting: GenerationRun, engineer: User, client: Client
) -> None:
    path = f"/api/ai/requests/req_{waiting.pk}/withdraw"

    def send(*scopes: str) -> tuple[int, dict[str, str]]:
        _, secret = token_issue(
            user=engineer, name="cli", scopes=scopes, lifetime=timedelta(days=1), issued_by=engineer
        )
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.post(path, {"reason": REASON}, content_type="application/json", headers=headers)
        return answer.status_code, json.loads(answer.content)

    assert send("requests:read")[0] == 403
    status, told = send("requests:read", "requests:stop")
    assert (status, told["status"]) == (200, "cancelled")
    assert "copy" in told["remedy"]
    assert send("requests:stop")[0] == 409


def test_a_stopped_request_is_not_called_withdrawn(
    submit: Callable[..., CodeGenerationRequest], engineer: User, client: Client
) -> None:
    request = submit(CLAMP, title="Keep values in range")
    CodeGenerationRequest.objects.filter(pk=request.pk).update(status=Status.CANCELLED)
    client.force_login(engineer)
    assert b"withdrawn" not in client.get(reverse("generation:request-detail", args=[request.pk])).content
