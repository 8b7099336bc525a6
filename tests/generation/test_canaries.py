"""Candidates that are wrong on purpose: planted among others, given away by nothing, counted, and told afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.generation.engine.seeding import is_drawn
from apps.generation.models import (
    Canary,
    CanarySetting,
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    GenerationRun,
    PullRequest,
    ReviewCount,
)
from apps.generation.selectors import candidates_of, lettered, seeded
from apps.generation.services.canaries import CanaryRefused, ShareRefused, canary_share_set
from apps.generation.services.group_counts import canary_count
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import selection_change, verdict_cast
from apps.generation.services.trace import trace_of
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import NotAllowed
from apps.governance.types import Role, Verdict
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.kept import Keep
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

PASSED = """Write `def passed(points: int) -> str` that says whether an exam is passed.

- R1: From 50 points on it returns 'pass', for 80 points too.
- R2: Otherwise it returns 'fail', for 20 points too.

>>> passed(80)
'pass'
>>> passed(20)
'fail'
"""
ONE = '```python\ndef passed(points: int) -> str:\n    return "pass" if points >= 50 else "fail"\n```'
OTHER = '```python\ndef passed(points: int) -> str:\n    if points < 50:\n        return "fail"\n    return "pass"\n```'
DRAWN = next(seed for seed in range(1000) if is_drawn(seed, 20))
NOT_DRAWN = next(seed for seed in range(1000) if not is_drawn(seed, 20))
Made = Callable[..., GenerationRun]


@pytest.fixture
def lead(person: Callable[..., User]) -> User:
    return person("lena", Role.QUALITY_LEAD)


@pytest.fixture
def made(
    kept: Keep,
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    repository: Repository,
    lead: User,
) -> Made:
    """Return a function that brings a request to its reviewers, with a share and a seed."""

    def make(*, percent: int = 20, seed: int = DRAWN, text: str = PASSED) -> GenerationRun:
        def begin() -> UUID:
            if percent:
                canary_share_set(repository=repository, percent=percent, actor=lead)
            server.answers([ONE, OTHER, ONE])
            request = submit(text, title="Passed")
            GenerationRun.objects.filter(pk=request.pk).update(seed=seed)
            work_off(request)
            assert request.status == "in_review"
            return request.pk

        pk = kept(repr((percent, seed, text)), begin)
        return GenerationRun.objects.select_related("request", "repository__scope").get(pk=pk)

    return make


def letter_of(run: GenerationRun, user: User, key: object) -> str:
    shown = lettered(run, user, seeded(run, user).among(candidates_of(run)))
    return next(one.letter for one in shown if one.candidate.pk == key)


def cast(client: Client, run: GenerationRun, preference: str, **fields: str) -> None:
    look_at(run, User.objects.get(pk=client.session["_auth_user_id"]))
    digest = review_digest(run=run)
    form = {"digest": digest, "confirmed": digest, "preference": preference, "verdict": "approve", **fields}
    assert client.post(reverse("generation:verdict", args=[run.pk]), form).status_code == 302


def counted() -> dict[int | None, int]:
    rows = ReviewCount.objects.filter(measure="canary", reviews__gt=0)
    return {row.value: row.reviews for row in rows}


def get(client: Client, name: str, run: GenerationRun, **query: str) -> str:
    return client.get(reverse(f"generation:{name}", args=[run.pk]), query).content.decode()


def test_a_drawn_request_gets_one_that_passes_the_examples_and_is_known_to_be_wrong(made: Made) -> None:
    run = made()
    canary = Canary.objects.get(request=run.request)
    assert (canary.examples_passed, canary.examples_total) == (2, 2)
    assert "what it was made from returns" in canary.mistake
    assert {check["tool"] for check in canary.checks} >= {"ruff", "mypy", "bandit", "antipatterns", "dependencies"}
    assert len(canary.outcomes) == run.inputs.count()
    assert canary.quality_score is not None


@pytest.mark.parametrize(("percent", "seed"), [(0, DRAWN), (20, NOT_DRAWN)])
def test_there_is_none_unless_it_is_switched_on_and_drawn(made: Made, percent: int, seed: int) -> None:
    made(percent=percent, seed=seed)
    assert not Canary.objects.exists()


def test_there_is_none_where_it_would_be_the_one_without_figures(made: Made) -> None:
    made(text=f"{PASSED}\nCyclomatic complexity must be at most 9.\n")
    assert not Canary.objects.exists()


@pytest.mark.slow
def test_it_takes_no_part_in_what_is_counted_chosen_or_stored_of_candidates(
    made: Made, engineer: User, reviewer: User, client: Client
) -> None:
    run = made()
    key = str(Canary.objects.get().pk)
    consensus = CodeGenerationConsensus.objects.get(request=run.request)
    assert consensus.voting_details["candidates"] == 2
    assert key not in json.dumps(consensus.voting_details)
    assert Candidate.objects.filter(request=run.request).count() == 3
    assert run.request.artifacts.filter(code_type="implementation").count() == 3
    assert {row.candidates for row in trace_of(run=run, user=engineer, candidates=candidates_of(run))} == {2}
    client.force_login(engineer)
    items = client.get(f"/api/v1/candidates?request=req_{run.pk}").json()["items"]
    assert len(items) == 3
    assert key not in json.dumps(items)


def test_the_database_can_neither_put_it_up_for_approval_nor_deliver_it(made: Made) -> None:
    run = made()
    key = Canary.objects.get().pk
    with pytest.raises(IntegrityError), transaction.atomic():
        CodeGenerationConsensus.objects.filter(request=run.request).update(selected_implementation_id=key)
    with pytest.raises(IntegrityError), transaction.atomic():
        PullRequest.objects.create(request=run.request, candidate_id=key, branch="b", base_sha="0", head_sha="1")


def test_whoever_wants_to_choose_it_is_refused_in_a_sentence_and_everybody_is_told(
    made: Made, reviewer: User, owner: User, client: Client
) -> None:
    run = made()
    canary = Canary.objects.get()
    chosen = selected_candidate(run=run)
    with pytest.raises(CanaryRefused, match="made wrong on purpose"):
        selection_change(request_id=run.pk, actor=reviewer, candidate_id=canary.pk, reason="Simpler.")
    client.force_login(reviewer)
    form = {"letter": letter_of(run, reviewer, canary.pk), "reason": "Simpler."}
    answer = client.post(reverse("generation:choose", args=[run.pk]), form)
    assert answer.status_code == 409
    assert "made wrong on purpose" in answer.content.decode()
    assert selected_candidate(run=run) == chosen
    assert counted() == {0: 1}
    client.force_login(owner)
    assert "was made wrong on purpose" in get(client, "review", run)
    cast(client, run, letter_of(run, owner, canary.pk))
    assert counted() == {0: 1}


def test_whoever_was_told_and_tries_to_choose_it_is_refused_and_not_counted_again(
    made: Made, reviewer: User, client: Client
) -> None:
    run = made()
    client.force_login(reviewer)
    cast(client, run, "none")
    form = {"letter": letter_of(run, reviewer, Canary.objects.get().pk), "reason": "Simpler."}
    assert client.post(reverse("generation:choose", args=[run.pk]), form).status_code == 409
    assert counted() == {1: 1}


def test_whoever_steps_aside_has_neither_caught_nor_missed_it(made: Made, reviewer: User) -> None:
    run = made()
    digest = review_digest(run=run)
    verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.RECUSE,
        digest=digest,
        is_interactive=True,
        rationale="I sit beside the author.",
        depth=40,
    )
    assert not ReviewCount.objects.exists()


@pytest.mark.parametrize(
    ("prefers", "own", "chosens", "is_caught"),
    [
        ("canary", "", "", False),
        ("tie", "", "", False),
        ("canary", "2", "4", True),
        ("chosen", "", "", True),
        ("none", "", "", True),
        ("canary", "4", "4", False),
    ],
)
def test_a_verdict_catches_or_misses_it_and_nothing_says_whose_it_was(
    made: Made, reviewer: User, client: Client, prefers: str, own: str, chosens: str, is_caught: bool
) -> None:
    run = made()
    canary = Canary.objects.get()
    letters = {
        "canary": letter_of(run, reviewer, canary.pk),
        "chosen": letter_of(run, reviewer, selected_candidate(run=run).pk),
    }
    client.force_login(reviewer)
    ratings = {f"correct-{letters['canary']}": own, f"correct-{letters['chosen']}": chosens}
    cast(client, run, letters.get(prefers, prefers), **ratings)
    assert counted() == {int(is_caught): 1}
    stored = serializers.serialize("json", [*Ballot.objects.all(), *AuditEvent.objects.all()])
    assert str(canary.pk) not in stored
    assert Ballot.objects.get().detail["preference"] == ""


def test_each_reviewer_is_told_after_their_own_verdict(made: Made, reviewer: User, owner: User, client: Client) -> None:
    run = made()
    canary = Canary.objects.get()
    client.force_login(reviewer)
    assert "wrong on purpose, to see" not in get(client, "review", run)
    letter = letter_of(run, reviewer, canary.pk)
    cast(client, run, "none")
    page = get(client, "review", run)
    assert f"{letter} was made wrong on purpose" in page
    assert canary.change.replace(">", "&gt;").replace("<", "&lt;") in page
    client.force_login(owner)
    assert "was made wrong on purpose" not in get(client, "review", run)


def test_the_review_page_shows_it_like_any_other_and_no_figure_that_leaves_it_out(
    made: Made, reviewer: User, client: Client
) -> None:
    run = made()
    client.force_login(reviewer)
    page = get(client, "review", run, show="A,B,C")
    assert page.count('<div class="pane pane--') == 3
    for telling in ("nobody: wrong", "programs were run", "Groups of candidates that", ">Behaviour<td", ">Time<"):
        assert telling not in page
    assert "Shortest input on which they differ" in page
    assert '<option value="C">C</option>' in page


@pytest.mark.parametrize("seed", [DRAWN, NOT_DRAWN])
def test_before_the_verdict_no_page_and_no_noun_says_how_many_candidates_there_are(
    made: Made, reviewer: User, client: Client, seed: int
) -> None:
    run = made(seed=seed)
    client.force_login(reviewer)
    page = get(client, "request-detail", run)
    assert "Candidates are shown on the review page only until your verdict" in page
    assert "usable and different" not in page
    assert "What carries each requirement" not in page
    assert client.get(reverse("generation:request-trace", args=[run.pk])).status_code == 403
    for noun in ("candidates", "stages", "artifacts", "canaries", "job-events", "model-calls"):
        assert client.get(f"/api/v1/{noun}").json()["items"] == [], noun
    assert client.get("/api/v1/consensus").json()["items"][0]["voting_details"] is None
    vote = f"/api/ai/consensus/vote?request_id={run.pk}"
    told = client.get(vote).json()
    assert (told["vote"], told["cost"], told["calls"]) == (None, None, None) and told["status"] == "in_review"
    cast(client, run, "none")
    assert client.get(vote).json()["vote"]["clusters"]
    assert len(client.get("/api/v1/candidates").json()["items"]) == 3
    assert "usable and different" in get(client, "request-detail", run)


def test_whoever_has_no_vote_sees_none_of_it_before_the_decision(made: Made, engineer: User, client: Client) -> None:
    run = made()
    client.force_login(engineer)
    page = get(client, "review", run)
    assert page.count('<div class="pane pane--') == 2
    assert "wrong on purpose" not in page
    assert client.get("/api/v1/canaries").json()["items"] == []
    CodeGenerationRequest.objects.filter(pk=run.pk).update(status="rejected")
    assert len(client.get("/api/v1/canaries").json()["items"]) == 1


def test_the_lens_shows_it_like_any_other(made: Made, reviewer: User, client: Client) -> None:
    run = made()
    client.force_login(reviewer)
    page = get(client, "review", run, requirement="R1", show="A,B,C")
    assert page.count(">met<") == 3
    assert page.count("<dt>Tests of") == 3
    assert "none names R1" not in page


def test_a_changed_choice_takes_it_out(made: Made, owner: User) -> None:
    run = made()
    other = Candidate.objects.filter(request=run.request, duplicate_of=None)
    second = other.exclude(pk=selected_candidate(run=run).pk).get()
    selection_change(request_id=run.pk, actor=owner, candidate_id=second.pk, reason="Clearer.")
    assert not Canary.objects.exists()


def test_the_share_is_set_by_those_who_edit_thresholds_and_audited(
    repository: Repository, lead: User, reviewer: User, client: Client
) -> None:
    with pytest.raises(NotAllowed):
        canary_share_set(repository=repository, percent=10, actor=reviewer)
    for wrong in (-1, 21):
        with pytest.raises(ShareRefused):
            canary_share_set(repository=repository, percent=wrong, actor=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        CanarySetting.objects.create(repository=repository, percent=21, set_by=lead)
    address = reverse("generation:canary-share")
    client.force_login(reviewer)
    assert client.post(address, {"repository": "shop", "percent": "10"}).status_code == 403
    assert 'name="percent"' not in client.get(reverse("generation:depth")).content.decode()
    client.force_login(lead)
    assert client.post(address, {"repository": "shop", "percent": "nonsense"}).status_code == 422
    assert client.post(address, {"repository": "shop", "percent": "10"}).status_code == 302
    assert CanarySetting.objects.get().percent == 10
    assert AuditEvent.objects.get(action="canary.share").detail == {"before": 0, "after": 10}
    assert "<strong>10 %</strong>" in client.get(reverse("generation:depth")).content.decode()


def test_switching_it_off_takes_those_out_that_wait(made: Made, lead: User, repository: Repository) -> None:
    made()
    canary_share_set(repository=repository, percent=0, actor=lead)
    assert not Canary.objects.exists()


def test_the_figures_are_told_in_tens_with_an_interval(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    address: Any = reverse("generation:depth")
    canary_share_set(repository=repository, percent=5, actor=lead)
    for is_caught in [True] * 8 + [False]:
        canary_count(repository=repository, is_caught=is_caught)
    assert "9 of 10 reviews needed" in client.get(address).content.decode()
    canary_count(repository=repository, is_caught=False)
    assert "8 of 10, 49 to 94 %" in client.get(address).content.decode()
