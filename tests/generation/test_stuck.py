"""Where a request stands still for one reason, its page names it in a sentence, with the way on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from apps.core.clock import now
from apps.generation.models import CanarySetting, Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.selectors import candidates_of, run_get
from apps.generation.stuck import stuck_of
from apps.generation.types import RequestStatus as Status
from apps.generation.views.costs import cost_words
from apps.governance.models import User
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from apps.repositories.models import Repository
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP
from tests.generation.test_progress_page import page_of
from tests.shop import work_off
from tests.written import ENDS, THE_ENDS, written

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
LOW = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    return low\n```"
HIGH = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    return high\n```"
SAME = "Write `clamp(value: int, low: int, high: int) -> int`.\n\nclamp(0, 0, 0) == 0\nclamp(5, 1, 9) == 5\n"


def said(request: CodeGenerationRequest, user: User) -> str:
    run = run_get(user=user, request_id=request.pk)
    stuck = stuck_of(run, candidates_of(run))
    return stuck.sentence if stuck else ""


def test_every_model_takes_no_more_requests(
    engineer: User, repository: Repository, reviewer: User, owner: User, client: Client
) -> None:
    request, made = written(engineer, repository, CLAMP, ["nothing", "nothing"], to=Status.FAILED)
    limited = {"state": Candidate.State.UNAVAILABLE, "reason": "model takes no more requests for now (HTTP 429)."}
    Candidate.objects.filter(pk=made[0].pk).update(**limited)
    assert said(request, engineer) == ""
    Candidate.objects.filter(pk=made[1].pk).update(**limited)
    assert said(request, engineer) == "The one model that was asked takes no more requests for now."
    other = Provider.objects.create(name="other", kind=Provider.Kind.OPENAI, base_url="http://o.test", model_id="o")
    Candidate.objects.filter(pk=made[1].pk).update(provider=other)
    page = page_of(client, engineer, request)
    assert "Every model that was asked takes no more requests for now." in page
    assert "Start the request again in some minutes" in page


def test_what_a_limited_endpoint_says_is_what_is_looked_for(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User
) -> None:
    Provider.objects.update(samples=1)
    server.answers([Fault.too_many(retry_after="0")])
    request = submit(CLAMP)
    work_off(request)
    assert said(request, engineer) == "The one model that was asked takes no more requests for now."


def test_all_programs_fail_the_same_example(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client
) -> None:
    server.answers([LOW, HIGH, LOW])
    request = submit(SAME)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert said(request, engineer) == "All 2 programs fail the same example: clamp(5, 1, 9)"
    page = page_of(client, engineer, request)
    assert "All 2 programs fail the same example: clamp(5, 1, 9)" in page
    assert "add guidance that says why" in page


def test_before_the_verdict_it_is_not_said_where_one_may_be_wrong_on_purpose(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, reviewer: User, client: Client
) -> None:
    server.answers([LOW, HIGH, LOW])
    request = submit(SAME)
    work_off(request)
    CanarySetting.objects.create(repository=GenerationRun.objects.get().repository, percent=10, set_by=engineer)
    assert "fail the same example" not in page_of(client, reviewer, request)


def test_no_worker_takes_it_up(submit: Submit, engineer: User) -> None:
    request = submit(CLAMP)
    Job.objects.exclude(subject_id=request.pk).delete()
    assert said(request, engineer) == ""
    Job.objects.filter(subject_id=request.pk).update(created_at=now() - timedelta(minutes=3))
    assert "no worker takes it up" in said(request, engineer)
    Job.objects.create(
        kind="generation.run", subject_kind="request", subject_id=uuid4(), created_at=now() - timedelta(hours=1)
    )
    assert said(request, engineer) == ""


def test_each_candidate_has_its_cost_and_what_is_not_known_is_not_nothing(
    engineer: User, repository: Repository, reviewer: User, owner: User, client: Client
) -> None:
    request, made = written(engineer, repository, THE_ENDS, ENDS, to=Status.IN_REVIEW)
    for sample, cost in ((0, Decimal("0.25")), (0, Decimal("0.5")), (1, Decimal("0.125")), (1, None)):
        ModelCall.objects.create(
            provider=made[0].provider,
            subject_kind="request",
            subject_id=request.pk,
            sample_index=sample,
            model_id="model",
            prompt_digest="d" * 64,
            outcome=ModelCall.Outcome.ANSWERED,
            cost=cost,
        )
    page = page_of(client, engineer, request)
    rows = page[page.index("Cost in USD") : page.index("Calls of models")]
    assert rows.count(">0.750000<") == rows.count(">unknown<") == 1
    assert "0.75" not in page_of(client, reviewer, request)


def test_what_is_free_costs_nothing_in_as_few_digits_as_among_the_calls(provider: Provider) -> None:
    candidate = Candidate(provider=provider, sample_index=0)
    key = (provider.pk, 0)
    costs = [Decimal(0), Decimal("0.75"), None]
    assert [cost_words(candidate, {key: cost}) for cost in costs] == ["0", "0.750000", "unknown"]
