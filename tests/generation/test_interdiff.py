"""What whoever voted before sees of what changed since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, GenerationRun, ReviewedContent
from apps.generation.own_records import _code_forget
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import selection_change, verdict_cast
from apps.governance.models import User
from apps.governance.types import Verdict
from tests.generation.test_questions import FIRST, MIDDLE, SORTED, answer
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun], reviewer: User) -> GenerationRun:
    """A request in review that a reviewer approved as it stood, with another program beside it."""
    run = in_review(MIDDLE, [FIRST, FIRST, SORTED], title="The middle")
    look_at(run, reviewer)
    verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.APPROVE,
        digest=review_digest(run=run),
        is_interactive=True,
    )
    return run


def choose_other(run: GenerationRun, actor: User) -> Candidate:
    other = Candidate.objects.get(request=run.request, implementation__generated_code__contains="sorted")
    selection_change(request_id=run.pk, actor=actor, candidate_id=other.pk, reason="It sorts.")
    return other


def page_of(client: Client, user: User, run: GenerationRun) -> str:
    client.force_login(user)
    return client.get(reverse("generation:review", args=[run.pk])).content.decode()


def since(page: str) -> str:
    return page.split('id="since"')[1].split("</section>")[0]


def test_who_voted_sees_what_is_up_for_approval_now_against_what_they_voted_on(
    run: GenerationRun, reviewer: User, owner: User, client: Client
) -> None:
    assert 'id="since"' not in page_of(client, reviewer, run)
    choose_other(run, owner)
    shown = since(page_of(client, reviewer, run))
    assert "You voted on" in shown
    assert "Another candidate was chosen." in shown
    removed = shown.split("removed ")[1].split("\n")[0]
    assert "sorted" not in removed
    assert "sorted" in shown.split("added ")[1].split("\n")[0]
    assert "test-model" not in shown
    assert 'data-key="i"' in shown


def test_who_did_not_vote_sees_no_difference(run: GenerationRun, owner: User, client: Client) -> None:
    choose_other(run, owner)
    assert 'id="since"' not in page_of(client, owner, run)


def test_an_answer_changes_the_tests_of_what_was_voted_on(
    run: GenerationRun, reviewer: User, engineer: User, client: Client
) -> None:
    before = selected_candidate(run=run)
    answer(run, engineer, "any")
    assert selected_candidate(run=run) == before
    assert "An answer changed what the code must do." in since(page_of(client, reviewer, run))


def test_what_they_voted_on_goes_with_the_code_of_its_candidate(
    run: GenerationRun, reviewer: User, owner: User, client: Client
) -> None:
    choose_other(run, owner)
    kept = ReviewedContent.objects.get()
    patch = Candidate.objects.get(pk=kept.candidate_id).patch
    assert kept.patch == patch != ""
    _code_forget([kept.candidate_id])
    Candidate.objects.filter(pk=kept.candidate_id).update(patch=patch)
    kept.refresh_from_db()
    assert kept.patch == ""
    assert "was deleted since, as retention asks" in since(page_of(client, reviewer, run))
