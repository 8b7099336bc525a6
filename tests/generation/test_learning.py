"""Decisions of people teach how far a model is trusted in which tasks, and how sure a choice is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.generation.engine.calibration import ENOUGH
from apps.generation.engine.judging import DIFFERS, Cause
from apps.generation.engine.specification import analyse
from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    ExpertiseChange,
    GenerationRun,
    Judgement,
)
from apps.generation.services.calibration import calibration_here
from apps.generation.services.evidence import evidence_of
from apps.generation.services.learning import decision_learn, outcome_learn
from apps.generation.services.questions import question_answer, reply_key
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import verdict_cast
from apps.generation.services.weights import task_family, trust_in_tests, weights_now, weights_of, weights_restored
from apps.governance.models import User
from apps.governance.types import Verdict
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import ALSO_WRONG, CLAMP, RIGHT, UNPARSABLE, WRONG
from tests.shop import approved, work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

HOPELESS = RIGHT.replace("return max(low, min(value, high))", "return low - 1")
EDGE = RIGHT.replace("return max(low, min(value, high))", "return max(low, min(value, high)) if low <= high else 0")

Ask = Callable[..., GenerationRun]


@pytest.fixture
def second(db: None, server: FaultServer) -> Provider:
    return Provider.objects.create(
        name="second",
        kind=Provider.Kind.OPENAI,
        base_url=server.url,
        model_id="test-model-2",
        samples=1,
        timeout_s=5,
        **approved(),
    )


@pytest.fixture
def ask(submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer) -> Ask:
    """``ask(answers)``: a request in review that was answered like this."""

    def make(*answers: str, text: str = CLAMP) -> GenerationRun:
        Provider.objects.filter(pk=provider.pk).update(samples=len(answers))
        server.answers(list(answers))
        request = submit(text, title="Keep values in range")
        work_off(request)
        return GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)

    return make


@pytest.fixture
def decide(reviewer: User, owner: User) -> Callable[..., None]:
    """``decide(run)``: two people approve; ``decide(run, Verdict.BLOCK)``: one of them blocks."""

    def cast(run: GenerationRun, verdict: Verdict = Verdict.APPROVE) -> None:
        for voter in (reviewer, owner) if verdict is Verdict.APPROVE else (owner,):
            look_at(run, voter)
            verdict_cast(
                request_id=run.pk,
                reviewer=voter,
                verdict=verdict,
                digest=review_digest(run=run),
                is_interactive=True,
                rationale="Because of the edges.",
            )

    return cast


def details(run: GenerationRun) -> dict[str, Any]:
    found = CodeGenerationConsensus.objects.get(request_id=run.pk).voting_details
    assert found is not None
    return found


def causes(run: GenerationRun) -> list[tuple[str, float]]:
    return sorted(Judgement.objects.filter(run=run).values_list("cause", "right"))


def test_nothing_is_learned_before_people_decide(ask: Ask) -> None:
    ask(RIGHT, WRONG)
    assert not Judgement.objects.exists()
    assert not ExpertiseChange.objects.exists()


def test_an_approval_judges_every_candidate_and_says_how_it_moved_their_model(
    ask: Ask, decide: Callable[..., None]
) -> None:
    run = ask(RIGHT, EDGE, WRONG, UNPARSABLE)
    decide(run)
    assert causes(run) == [("approved", 1.0), ("differs", DIFFERS), ("fails", 0.0), ("unparsable", 0.0)]
    change = ExpertiseChange.objects.get(run=run)
    assert (change.model_id, change.family, change.verdict, change.answers) == ("test-model", "numbers", "approved", 4)
    assert change.before_mean == 0.5
    assert change.mean == pytest.approx((4 * 0.5 + 1 + DIFFERS) / 8)
    assert change.low < change.mean < change.high
    assert change.high - change.low < change.before_high - change.before_low


@pytest.mark.slow
def test_a_rejection_lowers_the_model_of_what_was_rejected(ask: Ask, decide: Callable[..., None]) -> None:
    run = ask(RIGHT, EDGE)
    decide(run, Verdict.BLOCK)
    assert causes(run) == [("rejected", 0.0)]
    change = ExpertiseChange.objects.get(run=run)
    assert change.verdict == "rejected"
    assert change.mean < change.before_mean


def test_nothing_is_learned_twice_from_one_request(ask: Ask, decide: Callable[..., None]) -> None:
    run = ask(RIGHT, WRONG)
    decide(run)
    assert decision_learn(run=run, is_approved=True) == []
    assert Judgement.objects.count() == 2


@pytest.mark.slow
@pytest.mark.parametrize("cause", [Cause.REVERTED, Cause.TESTS_FAILED])
def test_what_was_approved_and_turned_out_wrong_lowers_its_models_once(
    ask: Ask, decide: Callable[..., None], cause: Cause
) -> None:
    run = ask(RIGHT, EDGE)
    decide(run)
    approval = ExpertiseChange.objects.get(run=run)
    (change,) = outcome_learn(run=run, cause=cause)
    assert causes(run) == sorted([(cause.value, 0.0), ("differs", DIFFERS)])
    assert change.before_mean == approval.mean
    assert change.mean < change.before_mean
    assert change.answers == approval.answers
    assert outcome_learn(run=run, cause=Cause.REVERTED) == []


def test_tests_are_trusted_as_far_as_approved_code_meets_those_of_their_author(
    ask: Ask, decide: Callable[..., None], engineer: User, client: Client
) -> None:
    false = "assert clamp(7, 0, 3) == 7\n    assert clamp(8, 0, 3) == 3\n    assert clamp(9, 0, 3) == 0"
    run = ask(f"{RIGHT}\n\n```python\nfrom shop.limits import clamp\n\n\ndef test_clamp():\n    {false}\n```")
    tests = run.inputs.filter(origin="generated_test").order_by("position")
    assert {(one.author, one.weight, one.is_met) for one in tests} == {("test-model", 0.5, None)}
    decide(run)
    assert [one.is_met for one in tests.all()] == [False, True, False]
    known = trust_in_tests(["test-model", "other"])
    assert (known["test-model"].mean, known["test-model"].answers) == (pytest.approx(3 / 7), 3)
    assert (known["other"].mean, known["other"].answers) == (0.5, 0)
    client.force_login(engineer)
    page = client.get("/requests/learned").content.decode()
    assert '<td class="wrap-anywhere">test-model</td><td class="num">43 %</td>' in page
    again = ask(f"{RIGHT}\n\n```python\nfrom shop.limits import clamp\n\n\ndef test_clamp():\n    {false}\n```")
    assert again.inputs.filter(origin="generated_test").first().weight == pytest.approx(3 / 7)
    outcome_learn(run=run, cause=Cause.REVERTED)
    assert trust_in_tests() == {}


def test_nothing_is_learned_of_the_outcome_of_what_nobody_approved(ask: Ask, decide: Callable[..., None]) -> None:
    run = ask(RIGHT, EDGE)
    decide(run, Verdict.BLOCK)
    assert outcome_learn(run=run, cause=Cause.REVERTED) == []


@pytest.mark.slow
def test_each_change_begins_where_the_last_one_ended(ask: Ask, decide: Callable[..., None]) -> None:
    for _ in range(2):
        decide(ask(RIGHT, WRONG))
    first, second = ExpertiseChange.objects.order_by("changed_at")
    assert (second.before_mean, second.before_low, second.before_high) == (first.mean, first.low, first.high)
    assert second.answers == first.answers + 2


@pytest.mark.slow
def test_what_was_learned_weighs_in_the_next_vote_and_stands_with_it(
    ask: Ask, decide: Callable[..., None], second: Provider
) -> None:
    before = ask(RIGHT, RIGHT, RIGHT, RIGHT, RIGHT)
    known = {one["model"]: one for one in details(before)["weights"]["models"]}
    assert known["test-model"]["weight"] == known["test-model-2"]["weight"] == 0.125
    decide(before)
    Judgement.objects.filter(run=before, model_id="test-model-2").update(right=0.0)
    after = ask(RIGHT, WRONG)
    known = {one["model"]: one for one in details(after)["weights"]["models"]}
    assert known["test-model"]["expertise"] > 0.5 > known["test-model-2"]["expertise"]
    assert known["test-model"]["weight"] == pytest.approx(known["test-model"]["expertise"] ** 3, abs=1e-4)
    assert details(after)["weights"]["family"] == "numbers"


@pytest.mark.slow
def test_an_answer_is_weighed_as_the_vote_was_whatever_was_learned_meanwhile(
    ask: Ask, decide: Callable[..., None], engineer: User
) -> None:
    run, other = ask(RIGHT, EDGE), ask(RIGHT, WRONG)
    frozen = details(run)["weights"]
    decide(other)
    evidence = evidence_of(run)
    question = evidence.question()
    assert question is not None
    question_answer(
        request_id=run.pk,
        actor=engineer,
        position=evidence.rows[question.index].position,
        reply=reply_key(question.replies[0].outcome),
    )
    assert details(run)["weights"] == frozen
    assert weights_of(run, list(Candidate.objects.filter(request_id=run.pk))).stored() == frozen


@pytest.mark.slow
def test_models_that_erred_alike_are_kin_in_the_next_vote(ask: Ask, decide: Callable[..., None]) -> None:
    run = ask(WRONG, ALSO_WRONG, HOPELESS, RIGHT)
    decide(run)
    judged = list(Judgement.objects.filter(run=run, cause="fails").order_by("behaviour"))
    assert len(judged) == 3
    for one in judged:
        twins = [other for other in judged if other.behaviour == one.behaviour]
        one.model_id = f"twin-{twins.index(one)}" if len(twins) == 2 else "stranger"
        one.save()
    pool = [Candidate(model_id=name) for name in ("twin-0", "twin-1", "stranger")]
    degrees = weights_now(pool, family="numbers").kinship.degrees
    assert 0 < degrees["twin-0", "twin-1"] <= 1
    assert degrees["stranger", "twin-0"] == degrees["stranger", "twin-1"] == 0
    stored = weights_now(pool, family="numbers").stored()
    assert [one["models"] for one in stored["kinship"]] == [["twin-0", "twin-1"]]
    assert weights_restored(stored).stored() == stored


def test_a_vote_from_before_weights_were_kept_is_weighed_by_what_is_known_now(ask: Ask) -> None:
    run = ask(RIGHT, EDGE)
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    consensus.voting_details = {k: v for k, v in details(run).items() if k != "weights"}
    consensus.save()
    assert evidence_of(run).weights.trust("test-model") == 0.5


@pytest.mark.slow
def test_probabilities_rest_on_judged_requests_once_there_are_enough(
    ask: Ask, decide: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    public = details(ask(RIGHT, RIGHT))["sureness"]
    run = ask(RIGHT, RIGHT)
    decide(run, Verdict.BLOCK)
    choice = Judgement.objects.get(run=run, is_choice=True)
    assert choice.figures == details(run)["sureness"]["figures"]
    assert details(ask(RIGHT, RIGHT))["sureness"]["judged"] == 1
    monkeypatch.setattr("apps.generation.engine.calibration.ENOUGH", 1)
    here = calibration_here()
    assert here.calibration.is_local
    assert here.as_of == choice.judged_at.date()
    sureness = details(ask(RIGHT, RIGHT))["sureness"]
    assert (sureness["rests_on"], sureness["judged"]) == ("here", 1)
    assert sureness["probability"] < public["probability"]
    assert ENOUGH > 1


@pytest.mark.parametrize(
    ("text", "family"),
    [
        (CLAMP, "numbers"),
        ("Write `def f(word: str) -> str`.\n\n>>> f('a')\n'A'\n", "text"),
        ("Write a class `Counter` with a method `add(self, n: int) -> int`.", "classes"),
    ],
)
def test_the_family_of_a_request_is_that_of_its_specification(text: str, family: str) -> None:
    assert task_family(analyse(text, title="T")) == family


def test_tasks_in_another_language_are_families_of_their_own() -> None:
    text = "Write `function f(word)` that shouts.\n\nf('a') returns 'A'\n"
    assert task_family(analyse(text, title="T", target_path="src/f.js")).startswith("javascript ")
