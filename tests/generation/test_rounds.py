"""Further rounds of answers: where nobody meets the examples, and where those that do disagree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, StageRecord
from apps.generation.services.asking import code_task
from apps.generation.services.pipeline import workspace_open
from apps.governance.models import User
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from apps.providers.services.budgets import reservation_of
from tests.fault_server import Fault, FaultServer, Request
from tests.policies import budget_ruled
from tests.shop import work_off

# The job takes its own connections, so that what it wrote survives its death.
pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
Status = CodeGenerationRequest.Status
State = Candidate.State

CLAMP = """Write `def clamp(value: int, low: int, high: int) -> int` that keeps a value inside a range.

>>> clamp(5, 0, 10)
5
>>> clamp(-3, 0, 10)
0
>>> clamp(99, 0, 10)
10
"""


def _answer(body: str) -> str:
    return f"```python\ndef clamp(value: int, low: int, high: int) -> int:\n    {body}\n```"


RIGHT = _answer("return max(low, min(value, high))")
ALSO_RIGHT = _answer("return sorted([low, value, high])[1] if low <= high else max(low, min(value, high))")
WRONG = _answer("return value")
PARTLY = _answer("return min(value, high)")
SHOWN = "Its author was shown how a first attempt failed 1 of 3 examples."
UNPARSABLE = "```python\ndef clamp(value: int:\n```"


@pytest.fixture
def patient(provider: Provider) -> Provider:
    provider.samples, provider.further_samples = 1, 4
    provider.save()
    return provider


def _is_correction(request: Request) -> bool:
    return "Your program was run." in request.prompt


def test_a_model_is_shown_how_its_program_fails_and_corrects_it(
    submit: Submit, patient: Provider, server: FaultServer, client: Client, engineer: User
) -> None:
    server.by_prompt(lambda request: RIGHT if _is_correction(request) else PARTLY)
    request = submit(CLAMP)
    job = work_off(request)
    assert (job.state, job.error, request.status) == (Job.State.SUCCEEDED, "", Status.IN_REVIEW)
    correction = next(one for one in server.requests if _is_correction(one))
    assert "- clamp(-3, 0, 10) must give: 0. The program: returns -3." in correction.prompt
    assert "It fails 1 of 3 examples" in correction.prompt
    chosen = CodeGenerationConsensus.objects.get(request=request).selected_implementation
    assert chosen is not None
    repaired = Candidate.objects.get(implementation=chosen)
    assert repaired.repairs is not None
    assert "min(value, high)" in repaired.repairs.implementation.generated_code
    assert repaired.note == SHOWN
    client.force_login(engineer)
    assert repaired.note in client.get(reverse("generation:review", args=[request.pk])).content.decode()


def test_what_agrees_at_once_costs_nothing_more(submit: Submit, patient: Provider, server: FaultServer) -> None:
    patient.samples = 2
    patient.save()
    server.answers([RIGHT])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert len(server.requests) == 2


@pytest.mark.slow
def test_a_lone_program_that_meets_the_examples_gets_somebody_to_agree_with(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    server.answers([RIGHT, ALSO_RIGHT])
    request = submit(CLAMP)
    work_off(request)
    assert len(server.requests) == 3
    assert not any(_is_correction(one) for one in server.requests)
    assert (
        Candidate.objects.filter(request=request, repairs=None).count()
        == Candidate.objects.filter(request=request).count()
    )


@pytest.mark.slow
def test_asking_ends_with_what_the_settings_allow(submit: Submit, patient: Provider, server: FaultServer) -> None:
    server.answers([WRONG])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert len(server.requests) == 1 + patient.further_samples
    assert sum(_is_correction(one) for one in server.requests) == 1


def test_answers_that_do_not_parse_are_asked_for_again(submit: Submit, patient: Provider, server: FaultServer) -> None:
    server.answers([UNPARSABLE, RIGHT, RIGHT])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert len(server.requests) == 3


def test_whoever_gives_no_answer_is_not_asked_for_further_ones(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    server.answers([Fault.failure(400)])
    request = submit(CLAMP)
    work_off(request)
    assert (request.status, request.run.failure) == (Status.FAILED, "No provider had an answer.")
    assert len(server.requests) == 1


@pytest.mark.slow
def test_a_budget_ends_the_rounds_and_keeps_what_there_is(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    server.answers([PARTLY])
    request = submit(CLAMP)
    first = reservation_of(patient, code_task(workspace_open(request.run)))
    budget_ruled(request.run.repository.scope, "request", token_limit=first.tokens)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert len(server.requests) == 1
    assert ModelCall.objects.filter(subject_id=request.pk, outcome="refused").exists()


@pytest.mark.slow
def test_a_worker_that_dies_in_the_second_round_asks_only_for_what_is_missing(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    server.by_prompt(lambda request: RIGHT if _is_correction(request) else PARTLY)
    request = submit(CLAMP)
    job = work_off(request)
    asked = len(server.requests)
    CodeGenerationConsensus.objects.filter(request=request).delete()
    lost = Candidate.objects.get(request=request, repairs__isnull=False)
    Candidate.objects.filter(pk=lost.pk).update(state=State.ASKED, patch="", implementation=None)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)
    CodeGenerationRequest.objects.filter(pk=request.pk).update(status=Status.GENERATING)
    work_off(request)
    assert len(server.requests) == asked + 1
    assert _is_correction(server.requests[-1])
    lost.refresh_from_db()
    assert (lost.state, lost.note) == (
        State.EXECUTED,
        "Its author was shown how a first attempt failed 1 of 3 examples.",
    )


def test_stages_are_done_once_and_in_order(submit: Submit, patient: Provider, server: FaultServer) -> None:
    server.answers([PARTLY, RIGHT, RIGHT])
    request = submit(CLAMP)
    work_off(request)
    stages = StageRecord.objects.filter(run=request.run).order_by("started_at", "pk")
    names = [one.stage for one in stages]
    assert names == ["analysed", "queued", "generating", "checking", "consensus", "review"]
    assert all(one.finished_at for one in stages[:5])
    assert stages.get(stage="generating").note == "3 asked, 2 usable and different, 1 the same as another"
