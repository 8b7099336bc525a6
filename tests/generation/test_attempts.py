"""How many answers a request may have: what stops it, and who has more asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.selectors import candidates_of
from apps.generation.services.attempts import MOST_ATTEMPTS, AttemptsNotRaised, attempts_of, attempts_raise
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import verdict_cast
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import NotAllowed
from apps.governance.types import Verdict
from apps.providers.models import ModelCall, Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE
from tests.generation.test_questions import FIRST, MIDDLE, SORTED
from tests.policies import budget_ruled
from tests.shop import Role, work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def failed(in_review: Callable[..., GenerationRun]) -> CodeGenerationRequest:
    """A request of which none of three answers was code, and no more may be asked for."""
    return in_review(CLAMP, [UNPARSABLE], title="Keep values in range").request


def run_of(request: CodeGenerationRequest) -> GenerationRun:
    return GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)


def test_a_request_says_at_which_limit_it_stopped_and_goes_on_where_it_is_raised(
    failed: CodeGenerationRequest, server: FaultServer, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    page, address = (reverse(f"generation:request-{name}", args=[failed.pk]) for name in ("detail", "raise"))
    shown = client.get(page).content.decode()
    assert "Stopped: 3 of 3 answers" in shown
    assert "Raise to 6 and continue" in shown
    server.answers([RIGHT])
    assert client.post(address).status_code == 302
    work_off(failed)
    assert failed.status == Status.IN_REVIEW
    assert len(server.requests) == 6
    event = AuditEvent.objects.get(action="request.raise")
    assert event.detail == {"before": 3, "after": 6}


@pytest.mark.slow
def test_in_review_verdicts_are_void_and_all_candidates_stay_in_the_vote(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, reviewer: User
) -> None:
    server.answers([FIRST, FIRST, SORTED])
    request = submit(MIDDLE, title="The middle")
    work_off(request)
    run = run_of(request)
    digest = review_digest(run=run)
    look_at(run, reviewer)
    verdict_cast(request_id=run.pk, reviewer=reviewer, verdict=Verdict.APPROVE, digest=digest, is_interactive=True)
    assert "sorted" not in selected_candidate(run=run).implementation.generated_code
    server.answers([SORTED])
    attempts_raise(request_id=run.pk, actor=engineer)
    assert Ballot.objects.get(voter=reviewer).void_reason == "More answers were asked for."
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert "sorted" in selected_candidate(run=run).implementation.generated_code
    assert Candidate.objects.filter(request=request, state="executed").count() == 2


def test_only_the_requester_raises_it(
    failed: CodeGenerationRequest, reviewer: User, person: Callable[..., User]
) -> None:
    for other in (reviewer, person("eve", Role.ENGINEER), person("root", Role.ADMIN)):
        with pytest.raises(NotAllowed):
            attempts_raise(request_id=failed.pk, actor=other)


def test_what_did_not_stop_at_its_limit_is_not_raised(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User
) -> None:
    server.answers([RIGHT])
    Provider.objects.update(further_samples=3)
    request = submit(CLAMP)
    with pytest.raises(AttemptsNotRaised, match="did not stop"):
        attempts_raise(request_id=request.pk, actor=engineer)
    work_off(request)
    run = run_of(request)
    attempts = attempts_of(run, candidates_of(run))
    assert attempts.used < attempts.of
    with pytest.raises(AttemptsNotRaised, match="did not stop"):
        attempts_raise(request_id=request.pk, actor=engineer)


def test_a_budget_that_is_used_up_is_not_exceeded_and_names_who_can_raise_it(
    failed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    run = run_of(failed)
    used = sum(ModelCall.objects.filter(subject_id=failed.pk).values_list("counted_tokens", flat=True))
    budget_ruled(run.repository.scope, "request", token_limit=used)
    client.force_login(engineer)
    page = client.get(reverse("generation:request-detail", args=[failed.pk])).content.decode()
    assert f"{used:,} of {used:,} tokens" in page
    with pytest.raises(AttemptsNotRaised, match=r"has nothing left\. An administrator can raise it"):
        attempts_raise(request_id=failed.pk, actor=engineer)


def test_there_is_an_end_to_raising(failed: CodeGenerationRequest, engineer: User) -> None:
    Candidate.objects.bulk_create(
        Candidate(
            request=failed,
            provider=Provider.objects.get(),
            model_id="test-model",
            sample_index=index,
            ordinal=index,
            state="unparsable",
        )
        for index in range(3, MOST_ATTEMPTS)
    )
    with pytest.raises(AttemptsNotRaised, match="Nobody can be asked again"):
        attempts_raise(request_id=failed.pk, actor=engineer)


def test_answers_that_agree_are_enough(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    work_off(request)
    client.force_login(engineer)
    page = client.get(reverse("generation:request-detail", args=[request.pk])).content.decode()
    assert "3 of 3" in page
    assert "Stopped" not in page
    with pytest.raises(AttemptsNotRaised, match="did not stop"):
        attempts_raise(request_id=request.pk, actor=engineer)
