"""Verdicts: who may give one, on what, and what the last one starts."""

from __future__ import annotations

import random
from collections.abc import Callable
from string import ascii_uppercase
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NofxError
from apps.generation.forms import VerdictForm
from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    GeneratedCodeArtifact,
    GenerationRun,
)
from apps.generation.selectors import candidates_of, lettered, models_are_visible
from apps.generation.services.ratings import RatingRefused
from apps.generation.services.review_subject import REVIEWABLE, review_digest, selected_candidate
from apps.generation.services.reviews import NotInReview, review_decision, selection_change, verdict_cast
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.reauthentication import KEPT
from apps.governance.services import ContentChanged, NotEligible, NotInteractive
from apps.governance.sessions import AUTHENTICATED, RECENT
from apps.governance.types import Verdict
from apps.jobs.models import Job
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

Status = CodeGenerationRequest.Status


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    """A request in review, with a right and a wrong candidate."""
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range")


def vote(run: GenerationRun, reviewer: User, verdict: Verdict = Verdict.APPROVE, **options: object) -> Ballot:
    values = {"digest": review_digest(run=run), "is_interactive": True, **options}
    if "digest" not in options:
        look_at(run, reviewer)
    return verdict_cast(request_id=run.pk, reviewer=reviewer, verdict=verdict, **values)


def status_of(run: GenerationRun) -> str:
    return CodeGenerationRequest.objects.values_list("status", flat=True).get(pk=run.pk)


def test_two_people_of_whom_one_is_owner_approve(run: GenerationRun, reviewer: User, owner: User) -> None:
    vote(run, reviewer)
    assert status_of(run) == Status.IN_REVIEW
    vote(run, owner)
    assert status_of(run) == Status.APPROVED
    assert CodeGenerationConsensus.objects.get(request=run.request).human_approved is True
    assert Job.objects.filter(kind="generation.deliver", subject_id=run.pk).count() == 1


@pytest.mark.bar(2)
def test_the_requester_cannot_approve_their_own_request(run: GenerationRun, engineer: User) -> None:
    with pytest.raises(NotEligible, match="requester of this request"):
        vote(run, engineer)


@pytest.mark.bar(2)
def test_a_token_cannot_vote(run: GenerationRun, reviewer: User) -> None:
    with pytest.raises(NotInteractive):
        vote(run, reviewer, is_interactive=False)


@pytest.mark.bar(4)
def test_a_vote_on_what_is_no_longer_there_is_not_counted(run: GenerationRun, reviewer: User) -> None:
    seen = review_digest(run=run)
    Candidate.objects.filter(request=run.request).update(patch="something else")
    with pytest.raises(ContentChanged):
        vote(run, reviewer, digest=seen)
    assert not Ballot.objects.exists()


def test_a_block_rejects_and_says_why(run: GenerationRun, owner: User) -> None:
    vote(run, owner, Verdict.BLOCK, rationale="It divides by zero.")
    assert status_of(run) == Status.REJECTED
    assert CodeGenerationConsensus.objects.get(request=run.request).human_approved is False


def test_nothing_is_voted_on_twice_or_after_the_end(run: GenerationRun, reviewer: User, owner: User) -> None:
    vote(run, reviewer)
    with pytest.raises(NofxError, match="voted on this already"):
        vote(run, reviewer)
    vote(run, owner)
    with pytest.raises(NotInReview):
        vote(run, owner)


def test_whoever_steps_aside_is_aside_in_every_later_version(
    run: GenerationRun, reviewer: User, owner: User, client: Client
) -> None:
    client.force_login(reviewer)
    answer = post_verdict(client, run, verdict="recuse", preference="", rationale="I wrote the module next to it.")
    assert answer.status_code == 302
    other = Candidate.objects.filter(request=run.request, duplicate_of=None).exclude(pk=selected_candidate(run=run).pk)
    selection_change(request_id=run.pk, actor=owner, candidate_id=other[0].pk, reason="Simpler.")
    ballot = Ballot.objects.get()
    assert (ballot.verdict, ballot.voided_at) == ("recuse", None)
    with pytest.raises(NofxError, match="or stepped aside"):
        vote(run, reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content
    assert b"You stepped aside, so you have no vote on this request" in page
    assert b'id="verdict"' not in page
    vote(run, owner)
    assert status_of(run) == Status.IN_REVIEW
    assert "Nobody is left who could give the missing approvals." in review_decision(run=run).reasons


def test_stepping_aside_voids_the_verdict_before_it(
    run: GenerationRun, reviewer: User, owner: User, client: Client
) -> None:
    vote(run, reviewer)
    client.force_login(reviewer)
    assert b"Step aside after all" in client.get(reverse("generation:review", args=[run.pk])).content
    form = {"digest": review_digest(run=run), "verdict": "recuse"}
    assert client.post(reverse("generation:verdict", args=[run.pk]), form).status_code == 302
    ballots = {ballot.verdict: ballot.void_reason for ballot in Ballot.objects.all()}
    assert ballots == {"approve": "Whoever gave it stepped aside afterwards.", "recuse": ""}
    vote(run, owner)
    assert status_of(run) == Status.IN_REVIEW
    with pytest.raises(NotEligible):
        selection_change(request_id=run.pk, actor=reviewer, candidate_id=uuid4(), reason="Simpler.")


def test_a_verdict_other_than_stepping_aside_says_which_candidate_it_would_take(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    answer = post_verdict(client, run, preference="")
    assert answer.status_code == 422
    assert b"Say which one you would take." in answer.content


def test_what_one_would_take_is_chosen_from_a_list_that_is_short_for_any_number_of_candidates() -> None:
    form = VerdictForm(letters=ascii_uppercase[:20], chosen="A")
    assert str(form["preference"]).startswith("<select")
    assert [value for value, _ in form.fields["preference"].choices] == ["", *ascii_uppercase[:20], "tie", "none"]
    alone = VerdictForm(letters="A", chosen="A")
    assert [value for value, _ in alone.fields["preference"].choices] == ["", "A", "none"]


@pytest.mark.bar(4)
def test_another_choice_voids_the_verdicts(run: GenerationRun, reviewer: User, owner: User) -> None:
    vote(run, reviewer)
    other = Candidate.objects.filter(request=run.request, duplicate_of=None).exclude(pk=selected_candidate(run=run).pk)
    chosen = other.first()
    assert chosen is not None
    selection_change(request_id=run.pk, actor=owner, candidate_id=chosen.pk, reason="Simpler.")
    assert selected_candidate(run=run) == chosen
    ballot = Ballot.objects.get(voter=reviewer)
    assert ballot.voided_at is not None
    assert ballot.void_reason == "Another candidate was chosen."


def test_models_are_hidden_from_a_reviewer_until_they_voted(run: GenerationRun, reviewer: User, engineer: User) -> None:
    assert models_are_visible(run, engineer)
    assert not models_are_visible(run, reviewer)
    vote(run, reviewer)
    assert models_are_visible(run, reviewer)


@pytest.mark.bar(5)
def test_the_page_does_not_name_a_model_before_the_verdict(run: GenerationRun, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    for name in ("generation:review", "generation:request-detail"):
        assert b"test-model" not in client.get(reverse(name, args=[run.pk])).content
    vote(run, reviewer)
    assert b"test-model" in client.get(reverse("generation:review", args=[run.pk])).content


@pytest.mark.bar(6)
def test_the_order_of_candidates_is_a_reviewers_own_and_audited(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    candidates = list(Candidate.objects.filter(request=run.request))
    assert lettered(run, reviewer, candidates) == lettered(run, reviewer, candidates[::-1][::-1])
    client.force_login(reviewer)
    look_at(run, reviewer)
    assert post_verdict(client, run).status_code == 302
    said = AuditEvent.objects.get(action="ballot.cast").detail["detail"]
    shuffled = list(candidates_of(run))
    random.Random(said["order_seed"]).shuffle(shuffled)  # noqa: S311  the order that was audited
    first = next(one for one in shuffled if one.state in REVIEWABLE)
    assert said["preference"] == str(first.pk)


@pytest.mark.bar(6)
def test_reviewers_see_five_candidates_in_orders_of_their_own() -> None:
    run = GenerationRun(seed=20261130)
    candidates = [Candidate(ordinal=ordinal, state="executed") for ordinal in range(5)]
    orders = {tuple(one.candidate.ordinal for one in lettered(run, User(pk=pk), candidates)) for pk in range(1, 61)}
    # Of 120 orders sixty people see about 47; an order by who wrote what would be one.
    assert len(orders) > 35
    assert {order[0] for order in orders} == set(range(5))


def ballot_form(run: GenerationRun, **values: str) -> dict[str, str]:
    form = {"digest": review_digest(run=run), "preference": "A", "verdict": "approve", **values}
    return {"confirmed": form["digest"], **form}


def post_verdict(client: Client, run: GenerationRun, **values: str) -> HttpResponse:
    return client.post(reverse("generation:verdict", args=[run.pk]), ballot_form(run, **values))


def test_ratings_are_optional_kept_by_candidate_and_shown_after_the_verdict(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    look_at(run, reviewer)
    assert b"Ratings from 1 to 5" not in client.get(reverse("generation:review", args=[run.pk])).content
    assert post_verdict(client, run, **{"correct-A": "5", "readable-A": "2", "secure-B": "4"}).status_code == 302
    shown = lettered(run, reviewer, candidates_of(run))
    ids = {one.letter: str(one.candidate.pk) for one in shown}
    assert Ballot.objects.get().detail["rubric"] == {ids["A"]: {"correct": 5, "readable": 2}, ids["B"]: {"secure": 4}}
    page = client.get(reverse("generation:review", args=[run.pk])).content
    assert b"Ratings from 1 to 5" in page
    assert b'<td class="num">5</td><td class="num">2</td>' in page


def test_a_verdict_without_ratings_shows_none(run: GenerationRun, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    look_at(run, reviewer)
    assert post_verdict(client, run).status_code == 302
    assert Ballot.objects.get().detail["rubric"] == {}
    assert b"Ratings from 1 to 5" not in client.get(reverse("generation:review", args=[run.pk])).content


def test_whoever_signs_has_lately_shown_who_they_are_and_loses_no_word(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    session = client.session
    session[AUTHENTICATED] = (now() - RECENT).timestamp()
    session.save()
    answer = post_verdict(client, run, rationale="It reads the seam.")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("governance:confirm"))
    assert not Ballot.objects.exists()
    kept = client.session[KEPT].values()
    assert ["rationale=It+reads+the+seam." in one["body"] for one in kept] == [True]


def test_whoever_has_no_vote_is_told_so_and_recorded_however_little_they_sent(
    run: GenerationRun, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    assert client.post(reverse("generation:verdict", args=[run.pk]), {"verdict": "approve"}).status_code == 403
    denied = AuditEvent.objects.get(action="ballot.cast", outcome="denied")
    assert (denied.actor_id, denied.object_id) == (str(engineer.pk), str(run.pk))


def test_a_form_that_comes_back_keeps_ratings_and_reason(run: GenerationRun, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    answer = post_verdict(client, run, **{"verdict": "block", "correct-A": "1", "preference": "none"})
    assert answer.status_code == 422
    assert b"A block or a wish for changes needs a reason." in answer.content
    assert b'<option value="1" selected>1</option>' in answer.content
    assert b'<details class="fold" open><summary>Rate the candidates' in answer.content
    wrong = post_verdict(client, run, **{"correct-A": "6", "rationale": "Because of this."})
    assert wrong.status_code == 422
    assert b"Because of this." in wrong.content
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("ratings", [{"correct": 6}, {"correct": 0}, {"beautiful": 3}])
def test_a_rating_outside_the_rubric_is_refused(run: GenerationRun, reviewer: User, ratings: dict[str, int]) -> None:
    with pytest.raises(RatingRefused):
        vote(run, reviewer, rubric={selected_candidate(run=run).pk: ratings})
    with pytest.raises(RatingRefused):
        vote(run, reviewer, rubric={uuid4(): {"correct": 3}})
    assert not Ballot.objects.exists()


def test_a_verdict_on_what_changed_is_asked_again_with_the_words_kept(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    seen = review_digest(run=run)
    Candidate.objects.filter(request=run.request).update(checks=[])
    answer = post_verdict(client, run, **{"digest": seen, "rationale": "Short and clear.", "correct-A": "4"})
    assert answer.status_code == 409
    assert b"This changed while you were reading, so your verdict was not counted. Below is what is there now" in (
        answer.content
    )
    assert b"Short and clear." in answer.content
    assert b'<option value="4" selected>4</option>' in answer.content
    assert review_digest(run=run).encode() in answer.content
    assert b'value="approve" checked' not in answer.content
    assert not Ballot.objects.exists()
    assert AuditEvent.objects.filter(action="ballot.cast", outcome="denied", actor_id=str(reviewer.pk)).exists()


@pytest.mark.parametrize(
    ("sent_from", "way_back"),
    [("/requests/1/review", "/requests/1/review"), ("http://elsewhere.test/x", "/"), ("", "/")],
)
def test_a_refusal_leads_back_to_a_page_that_can_be_loaded(
    run: GenerationRun, engineer: User, client: Client, sent_from: str, way_back: str
) -> None:
    client.force_login(engineer)
    url, form = reverse("generation:verdict", args=[run.pk]), ballot_form(run)
    answer = client.post(url, form, headers={"Referer": sent_from} if sent_from else None)
    assert answer.status_code == 403
    assert f'href="{way_back}">Back to the page</a>' in answer.content.decode()


@pytest.mark.bar(2)
def test_a_refused_vote_is_in_the_audit_chain(run: GenerationRun, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    answer = client.post(
        reverse("generation:verdict", args=[run.pk]),
        {"digest": review_digest(run=run), "preference": "A", "verdict": "approve"},
    )
    assert answer.status_code == 403
    assert AuditEvent.objects.filter(action="ballot.cast", outcome="denied", actor_id=str(engineer.pk)).exists()


def test_a_stranger_sees_no_request(run: GenerationRun, client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    for name in ("generation:review", "generation:request-detail"):
        assert client.get(reverse(name, args=[run.pk])).status_code == 404


def test_the_page_takes_the_same_number_of_queries_for_two_candidates_and_for_twelve(
    run: GenerationRun, provider: Provider, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("generation:review", args=[run.pk])).status_code == 200
        return len(captured)

    queries()
    before = queries()
    chosen = selected_candidate(run=run)
    for number in range(10):
        artifact = GeneratedCodeArtifact.objects.create(
            request=run.request, model_id="test-model", code_type="implementation", generated_code="x"
        )
        Candidate.objects.create(
            request=run.request,
            provider=provider,
            model_id="test-model",
            sample_index=10 + number,
            ordinal=10 + number,
            state=Candidate.State.EXECUTED,
            implementation=artifact,
            patch=chosen.patch,
        )
    assert queries() == before


@pytest.mark.bar(5)
def test_the_api_does_not_name_a_model_before_the_verdict(run: GenerationRun, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    for noun in ("candidates", "artifacts", "consensus", "model-calls", "requests", "stages"):
        answer = client.get(f"/api/v1/{noun}")
        assert answer.status_code == 200
        assert b"test-model" not in answer.content


def test_the_page_says_when_no_candidate_passes_all_examples(
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    reviewer: User,
    client: Client,
) -> None:
    server.answers([WRONG])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    client.force_login(reviewer)
    answer = client.get(reverse("generation:review", args=[request.pk]))
    assert b"No candidate passes all examples of the specification." in answer.content
