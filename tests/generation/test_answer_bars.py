"""How each model's answers went: a bar an answer, in the order in which they were asked for."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from apps.generation.models import Candidate
from apps.generation.types import RequestStatus as Status
from apps.generation.views.answer_bars import HEIGHT, LEAST, answers_by_model
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.generation.test_progress_page import page_of
from tests.written import ENDS, THE_ENDS, written

State = Candidate.State


def answered(
    provider: Provider, ordinal: int, passed: int | None, state: str = State.EXECUTED, **more: object
) -> Candidate:
    return Candidate(
        pk=uuid4(), provider_id=provider.pk, model_id=provider.model_id, ordinal=ordinal, state=state,
        examples_passed=passed, examples_total=None if passed is None else 4, **more
    )  # fmt: skip


def test_each_answer_is_a_bar_and_a_copy_met_what_its_original_met() -> None:
    asked, alone = (Provider(pk=uuid4(), model_id=name) for name in ("asked", "alone"))
    first = answered(asked, 0, 1)
    rows = [
        answered(asked, 5, 4),
        first,
        answered(asked, 2, None, State.UNPARSABLE),
        answered(asked, 3, None, State.DUPLICATE, duplicate_of_id=first.pk),
        answered(asked, 4, 0),
        answered(asked, 6, None, State.ASKED),
        answered(alone, 1, 4),
    ]
    [found] = answers_by_model(rows)
    assert (found.model, found.words, found.examples) == ("asked", "1, not run, 1, 0, 4", 4)
    assert [bar.height for bar in found.bars] == [HEIGHT // 4, LEAST, HEIGHT // 4, LEAST, HEIGHT]
    assert [bar.is_run for bar in found.bars] == [True, False, True, True, True]
    assert all(bar.y + bar.height == HEIGHT and bar.x < found.width for bar in found.bars)


def test_without_examples_there_is_nothing_to_show() -> None:
    provider = Provider(pk=uuid4(), model_id="asked")
    assert answers_by_model([answered(provider, at, None, State.UNPARSABLE) for at in range(3)]) == []


@pytest.mark.django_db
def test_whoever_may_see_the_models_sees_how_their_answers_went(
    engineer: User, repository: Repository, reviewer: User, owner: User, client: Client
) -> None:
    request, _ = written(engineer, repository, THE_ENDS, ENDS, to=Status.IN_REVIEW)
    Candidate.objects.filter(request=request).update(examples_passed=1, examples_total=1)
    assert "Examples met, answer by answer" in page_of(client, engineer, request)
    assert "Examples met, answer by answer" not in page_of(client, reviewer, request)
