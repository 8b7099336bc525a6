"""Answers that miss the examples by a container or an order are converted, in the sight of the reviewers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, StageRecord
from apps.governance.models import User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.shop import work_off

# The job takes its own connections, so that what it wrote survives its death.
pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
State = Candidate.State

BETWEEN = """Write `def between(names: list[str], first: str, last: str) -> tuple[str, ...]`: the names between two.

>>> between(["a", "b", "c", "d"], "a", "d")
('b', 'c')
>>> between(["a", "b", "c"], "a", "c")
('b',)
"""
SIGNATURE = "def between(names: list[str], first: str, last: str) -> tuple[str, ...]:"


def _answer(body: str) -> str:
    return f"```python\n{SIGNATURE}\n    {body}\n```"


LIST = _answer("return names[names.index(first) + 1 : names.index(last)]")
LIST_TOO = _answer("at = names.index(first)\n    return [one for one in names[at + 1 : names.index(last)]]")
TUPLE = _answer("return tuple(names[names.index(first) + 1 : names.index(last)])")
NOTE = (
    "The program returned no tuple where the examples show one; the platform wrote tuple(...) around what it returns."
)


@pytest.fixture
def patient(provider: Provider) -> Provider:
    provider.samples, provider.further_samples, provider.prior = 2, 4, Decimal("0.8")
    provider.save()
    return provider


def _models(request: CodeGenerationRequest) -> list[dict[str, object]]:
    details = CodeGenerationConsensus.objects.get(request=request).voting_details or {}
    return list(details["weights"]["models"])


def _chosen(request: CodeGenerationRequest) -> Candidate:
    return Candidate.objects.get(
        implementation=CodeGenerationConsensus.objects.get(request=request).selected_implementation
    )


def test_lists_where_a_tuple_is_shown_become_tuples_and_nobody_is_asked_again(
    submit: Submit, patient: Provider, server: FaultServer, client: Client, engineer: User, owner: User
) -> None:
    server.answers([LIST, LIST_TOO])
    request = submit(BETWEEN, title="Names between")
    work_off(request)
    assert request.status == CodeGenerationRequest.Status.IN_REVIEW and len(server.requests) == 2
    converted = Candidate.objects.filter(request=request, provider=None).order_by("ordinal")
    assert [(one.note, one.examples_passed, one.state) for one in converted] == [(NOTE, 2, State.EXECUTED)] * 2
    assert {one.repairs.sample_index for one in converted if one.repairs} == {0, 1}
    checked = StageRecord.objects.get(run=request.run, stage="checking")
    assert checked.finished_at and converted[0].implementation
    assert checked.finished_at > converted[0].implementation.created_at
    (trust,) = [one for one in _models(request) if one["model"] == "nofx/conversion"]
    assert trust["expertise"] == pytest.approx(0.8)
    chosen = _chosen(request)
    assert chosen in converted and "return tuple(" in chosen.implementation.generated_code
    told = []
    for person in (engineer, owner):
        client.force_login(person)
        page = client.get(reverse("generation:review", args=[request.pk])).content.decode()
        told.append((NOTE in page, "nofx/conversion" in page))
    assert told == [(True, True), (False, False)]


@pytest.mark.slow
def test_a_program_that_somebody_wrote_already_is_no_further_candidate_but_a_further_voice(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    server.answers([LIST, TUPLE])
    request = submit(BETWEEN, title="Names between")
    work_off(request)
    assert len(server.requests) == 2
    (converted,) = Candidate.objects.filter(request=request, provider=None)
    assert converted.state == State.DUPLICATE and converted.duplicate_of == _chosen(request)
    assert _chosen(request).provider is not None


@pytest.mark.slow
def test_where_the_examples_convince_nothing_is_converted(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    patient.samples = 3
    patient.save()
    server.answers([TUPLE, TUPLE, LIST])
    request = submit(BETWEEN, title="Names between")
    work_off(request)
    assert not Candidate.objects.filter(request=request, provider=None).exists()


@pytest.mark.slow
def test_a_conversion_that_does_not_hold_when_it_is_run_is_a_candidate_that_fails(
    submit: Submit, patient: Provider, server: FaultServer
) -> None:
    hidden = _answer("tuple = list\n    return tuple(names[names.index(first) + 1 : names.index(last)])")
    server.answers([hidden])
    request = submit(BETWEEN, title="Names between")
    work_off(request)
    (converted,) = Candidate.objects.filter(request=request, provider=None)
    assert converted.examples_passed == 0
    assert len(server.requests) > 2
