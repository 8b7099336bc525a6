"""What a request's page can do with it while it is under way, done by the API: by the same people, and by no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.generation.models import (
    CanarySetting,
    Candidate,
    CodeGenerationRequest,
    Contribution,
    GenerationRun,
    Guidance,
)
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import verdict_cast
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, User
from apps.governance.services import NotEligible, token_issue
from apps.governance.types import Verdict
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP
from tests.shop import Role
from tests.written import ENDS, THE_ENDS, written

pytestmark = pytest.mark.django_db(transaction=True)

Person = Callable[..., User]
Made = tuple[CodeGenerationRequest, list[Candidate]]
SAID = "low is never above high."


@pytest.fixture
def in_review(engineer: User, repository: Repository, reviewer: User, owner: User, person: Person) -> Made:
    person("dora", Role.REVIEWER)
    return written(engineer, repository, THE_ENDS, ENDS, to=Status.IN_REVIEW)


def send(user: User, request: CodeGenerationRequest, verb: str, body: Any, *scopes: str) -> HttpResponse:
    _, secret = token_issue(
        user=user, name="laptop", scopes=scopes or ["requests:write"], lifetime=timedelta(days=1), issued_by=user
    )
    return Client().post(
        f"/api/ai/requests/req_{request.pk}/{verb}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def parts(made: Made) -> dict[str, Any]:
    base, donor = made[1]
    part = {"function": "last", "candidate": f"cand_{donor.pk}"}
    return {"base": f"cand_{base.pk}", "parts": [part], "reason": "Each has one right."}


@pytest.mark.bar(2)
def test_whoever_guides_by_the_api_has_a_part_in_the_request(
    submit: Callable[..., CodeGenerationRequest], engineer: User
) -> None:
    request = submit(CLAMP)
    answer = send(engineer, request, "guidance", {"text": SAID})
    given = Guidance.objects.get()
    assert answer.status_code == 201, answer.content
    assert (given.text, given.given_by) == (SAID, engineer)
    assert answer["Location"] == f"/api/v1/guidance/guide_{given.pk}"
    assert answer.json() == {
        "guidance_id": f"guide_{given.pk}",
        "request_id": f"req_{request.pk}",
        "version": 1,
        "digest": given.digest,
        "status": "queued",
    }
    assert Contribution.objects.filter(user=engineer, kind=Contribution.Kind.GUIDANCE).exists()


def test_guidance_in_review_has_models_asked_again(in_review: Made, engineer: User) -> None:
    answer = send(engineer, in_review[0], "guidance", {"text": SAID})
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")


@pytest.mark.parametrize(("verb", "body"), [("guidance", {"text": SAID}), ("attempts", {})])
def test_only_whoever_asked_for_the_code_guides_it_or_raises_its_limit(
    in_review: Made, reviewer: User, person: Person, verb: str, body: dict[str, str]
) -> None:
    for other in (reviewer, person("eve", Role.ENGINEER), person("root", Role.ADMIN)):
        answer = send(other, in_review[0], verb, body)
        assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert AuditEvent.objects.filter(outcome="denied").count() == 3
    assert send(person("stranger"), in_review[0], verb, body).status_code == 404


def test_what_is_no_guidance_is_refused_with_a_way_on(
    submit: Callable[..., CodeGenerationRequest], engineer: User
) -> None:
    request = submit(CLAMP)
    empty = send(engineer, request, "guidance", {"text": "  "})
    assert (empty.status_code, empty.json()["code"]) == (422, "guidance.refused")
    assert empty.json()["remedy"]
    assert send(engineer, request, "guidance", {}).json()["errors"][0]["pointer"] == "/body/text"


def test_a_request_that_stopped_at_its_limit_goes_on(
    engineer: User, repository: Repository, reviewer: User, owner: User
) -> None:
    request, _ = written(engineer, repository, CLAMP, ["nothing", "nothing"], to=Status.FAILED)
    answer = send(engineer, request, "attempts", {})
    assert answer.status_code == 202, answer.content
    assert answer.json() == {"request_id": f"req_{request.pk}", "before": 2, "limit": 4, "status": "queued"}
    assert Candidate.objects.filter(request=request).count() == 4


def test_one_that_did_not_stop_is_a_conflict(submit: Callable[..., CodeGenerationRequest], engineer: User) -> None:
    answer = send(engineer, submit(CLAMP), "attempts", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "attempts.not_raised")


@pytest.mark.bar(2)
def test_whoever_puts_candidates_together_by_the_api_is_the_editor_and_does_not_approve(
    in_review: Made, person: Person
) -> None:
    dora = User.objects.get(username="dora")
    before = selected_candidate(run=run_of(in_review))
    answer = send(dora, in_review[0], "grafts", parts(in_review))
    assert answer.status_code == 202, answer.content
    made = Candidate.objects.get(grafted_by=dora)
    assert answer.json() == {
        "candidate_id": f"cand_{made.pk}",
        "request_id": f"req_{in_review[0].pk}",
        "state": "written",
    }
    assert "min(values)" in made.implementation.generated_code and "max(values)" in made.implementation.generated_code
    assert selected_candidate(run=run_of(in_review)) == before
    with pytest.raises(NotEligible, match="candidate editor"):
        verdict_cast(
            request_id=in_review[0].pk,
            reviewer=dora,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run_of(in_review)),
            is_interactive=True,
        )


def test_who_has_no_vote_puts_nothing_together(in_review: Made, engineer: User, person: Person) -> None:
    for other in (engineer, person("eve", Role.ENGINEER)):
        answer = send(other, in_review[0], "grafts", parts(in_review))
        assert (answer.status_code, answer.json()["code"]) == (403, "quorum.not_eligible")


def test_candidates_of_another_request_are_not_known_to_this_one(in_review: Made, engineer: User) -> None:
    body = {**parts(in_review), "base": "cand_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"}
    assert send(User.objects.get(username="dora"), in_review[0], "grafts", body).status_code == 404


def test_where_one_may_be_wrong_on_purpose_candidates_are_chosen_by_letter_only(
    in_review: Made, repository: Repository, engineer: User
) -> None:
    CanarySetting.objects.create(repository=repository, percent=10, set_by=engineer)
    answer = send(User.objects.get(username="dora"), in_review[0], "grafts", parts(in_review))
    assert (answer.status_code, "review page" in answer.json()["remedy"]) == (404, True)


def test_a_function_is_taken_from_one_candidate(in_review: Made) -> None:
    body = parts(in_review)
    twice = {**body, "parts": body["parts"] * 2}
    answer = send(User.objects.get(username="dora"), in_review[0], "grafts", twice)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/parts")


@pytest.mark.parametrize("verb", ["guidance", "attempts", "grafts"])
def test_a_token_for_reading_does_none_of_it(in_review: Made, engineer: User, verb: str) -> None:
    answer = send(engineer, in_review[0], verb, {}, "requests:read", "requests:stop")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission.token_scope_missing")


def run_of(made: Made) -> GenerationRun:
    return GenerationRun.objects.select_related("request", "repository__scope").get(pk=made[0].pk)
