"""What the pages and the API say where there is little or nothing to agree on: they all say the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.engine.calibration import PUBLIC
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest
from apps.generation.services.reviews import selection_change
from apps.generation.views.agreement import rests_on
from apps.governance.models import User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import ALSO_WRONG, CLAMP, RIGHT, UNPARSABLE, WRONG
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

RIGHT_TOO = RIGHT.replace("return max(low, min(value, high))", "value = min(value, high)\n    return max(low, value)")
HOPELESS = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    return low - 1\n```"
PROBABILITY = b"probability of being right"
PROSE = "Please add a limit to the shop. A basket must contain at most 5 items."

Answer = Callable[..., CodeGenerationRequest]


@pytest.fixture
def answered(submit: Answer, provider: Provider, server: FaultServer) -> Answer:
    """``answered([...], text)``: a request that was answered like this and worked off."""

    def make(answers: list[str], text: str = CLAMP) -> CodeGenerationRequest:
        Provider.objects.filter(pk=provider.pk).update(samples=len(answers))
        server.answers(answers)
        request = submit(text, title="Keep values in range")
        work_off(request)
        return request

    return make


@pytest.fixture
def said(reviewer: User, client: Client) -> Callable[[CodeGenerationRequest], tuple[bytes, bytes, dict[str, object]]]:
    """What a reviewer is told: by the review, by the progress page and by the API."""

    def read(request: CodeGenerationRequest) -> tuple[bytes, bytes, dict[str, object]]:
        client.force_login(reviewer)
        review = client.get(reverse("generation:review", args=[request.pk])).content
        progress = client.get(reverse("generation:request-detail", args=[request.pk])).content
        vote = client.get(f"/api/ai/consensus/vote?request_id={request.pk}").json()["vote"]
        return review, progress, vote

    return read


def test_what_simpler_rules_would_choose_stands_beside_the_choice_the_best_record_once_authors_are_known(
    answered: Answer, said: Callable[..., tuple[bytes, ...]], engineer: User, client: Client
) -> None:
    request = answered([RIGHT, RIGHT_TOO, WRONG])
    before = said(request)[0].decode()
    assert re.search(r"<dt>all votes alike</dt><dd class=\"num\">[ABC]</dd>", before)
    assert re.search(r"<dt>entropy</dt><dd class=\"num\">0\.9\d bits</dd>", before)
    assert "best record" not in before
    selectors = said(request)[2]["selectors"]
    assert selectors["unweighted"] and selectors["baseline"] is None
    client.force_login(engineer)
    told = client.get(reverse("generation:review", args=[request.pk])).content.decode()
    assert re.search(r"<dt>best record</dt><dd class=\"num\">[ABC]</dd>", told)


def test_one_candidate_has_no_score_anywhere(answered: Answer, said: Callable[..., tuple[bytes, ...]]) -> None:
    request = answered([RIGHT, UNPARSABLE])
    review, progress, vote = said(request)
    assert b"There is one candidate only, so there was no consensus to reach." in review
    assert b'<p class="tally__words">One candidate</p>' in review
    assert PROBABILITY not in review
    assert b"No input was found on which they differ." not in review
    assert b"one candidate" in progress
    assert (vote["score"], vote["standing"]) == (None, "single")
    assert CodeGenerationConsensus.objects.get(request=request).consensus_score is None


@pytest.mark.slow
def test_nothing_executable_has_no_score_anywhere(answered: Answer, said: Callable[..., tuple[bytes, ...]]) -> None:
    request = answered(["```python\nLIMIT = 5\n```", "```python\nLIMIT = 6\n```"], PROSE)
    review, progress, vote = said(request)
    assert b"No behaviour could be compared, so there was no consensus to reach." in review
    assert b'<p class="tally__words">No behaviour compared</p>' in review
    assert PROBABILITY not in review
    assert b"no behaviour compared" in progress
    assert (vote["score"], vote["standing"], vote["is_compared"]) == (None, "not_compared", False)


@pytest.mark.slow
def test_candidates_that_work_nowhere_have_no_score_anywhere(
    answered: Answer, said: Callable[..., tuple[bytes, ...]]
) -> None:
    request = answered([HOPELESS.replace("low - 1", name) for name in ("nosuch", "unknown")])
    review, progress, vote = said(request)
    assert b"No candidate works on any input, so there was no consensus to reach." in review
    assert b'<p class="tally__words">No candidate works</p>' in review
    assert PROBABILITY not in review
    assert b"no candidate works" in progress
    assert (vote["score"], vote["standing"]) == (None, "failed")


@pytest.mark.slow
def test_what_was_only_checked_is_not_called_executed(answered: Answer, said: Callable[..., tuple[bytes, ...]]) -> None:
    _, progress, _ = said(answered(["```python\nLIMIT = 5\n```"], PROSE))
    assert b"executed" not in progress
    assert b"checked" in progress


@pytest.mark.slow
def test_candidates_that_behave_alike_have_a_score_everywhere(
    answered: Answer, said: Callable[..., tuple[bytes, ...]]
) -> None:
    request = answered([RIGHT, RIGHT_TOO])
    score = CodeGenerationConsensus.objects.get(request=request).consensus_score
    review, progress, vote = said(request)
    assert f"<strong>{score}</strong>".encode() in review
    assert b"No input was found on which they differ." in review
    assert f'right with a probability of <span class="num">{score}</span>'.encode() in progress
    assert vote["standing"] == "agreed"
    assert b"so there was no consensus to reach" not in review


def test_a_probability_comes_with_its_interval_and_what_it_rests_on(
    answered: Answer, said: Callable[..., tuple[bytes, bytes, dict[str, object]]]
) -> None:
    request = answered([RIGHT, RIGHT_TOO, WRONG])
    review, progress, vote = said(request)
    sureness = vote["sureness"]
    assert isinstance(sureness, dict)
    assert 0 < sureness["low"] < sureness["probability"] == vote["score"] < sureness["high"] < 1
    assert (sureness["rests_on"], sureness["judged"], sureness["problems"]) == ("public", 0, PUBLIC.problems)
    assert f'<dd class="num">{sureness["low"]:.2f} to {sureness["high"]:.2f}</dd>'.encode() in review
    interval = f'<span class="num">{sureness["low"]:.2f}</span> to <span class="num">{sureness["high"]:.2f}</span>'
    assert f"(95 % interval {interval})".encode() in progress
    assert b"so far none has been." in review
    consensus = CodeGenerationConsensus.objects.get(request=request)
    CodeGenerationConsensus.objects.update(voting_details={**consensus.voting_details, "sureness": None})
    review, progress, _ = said(request)
    assert b"score of an earlier version, not a probability" in review
    assert b"right with a probability" not in progress


@pytest.mark.parametrize(("judged", "words"), [(0, "none has been"), (1, "1 has been"), (7, "7 have been")])
def test_until_enough_requests_are_judged_it_is_said_how_many_are(judged: int, words: str) -> None:
    sureness = {"rests_on": "public", "judged": judged, "problems": 684, "as_of": "2026-11-30"}
    assert rests_on(sureness) == (
        "The probability comes from 684 public problems (fitted 30 November 2026) until 20 requests with one are "
        f"judged here; so far {words}."
    )


def test_once_enough_requests_are_judged_they_are_what_it_rests_on() -> None:
    sureness = {"rests_on": "here", "judged": 34, "problems": 684, "as_of": "2026-12-03"}
    assert rests_on(sureness) == (
        "The probability rests on 34 requests that people judged here, the last on 3 December 2026, and on 684 public "
        "problems."
    )
    assert rests_on(None) == ""


def test_answers_that_are_one_program_agree_and_are_counted(
    answered: Answer, said: Callable[..., tuple[bytes, ...]]
) -> None:
    review, _, vote = said(answered([RIGHT, RIGHT, RIGHT]))
    assert b"All answers are the same program" in review
    assert PROBABILITY in review
    assert vote["standing"] == "agreed"


@pytest.mark.slow
def test_copies_of_a_program_are_counted_in_its_group(answered: Answer, said: Callable[..., tuple[bytes, ...]]) -> None:
    review, _, vote = said(answered([RIGHT, RIGHT, WRONG]))
    assert b"and 1 copy of the same code" in review
    assert vote["standing"] == "divided"


@pytest.mark.slow
def test_where_none_passes_an_example_it_is_said(answered: Answer, said: Callable[..., tuple[bytes, ...]]) -> None:
    review, _, _ = said(answered([HOPELESS, HOPELESS.replace("- 1", "- 2")]))
    assert b"No candidate passes any example of the specification." in review


@pytest.mark.slow
def test_a_worse_choice_is_compared_with_the_better_one(
    answered: Answer, said: Callable[..., tuple[bytes, ...]], owner: User
) -> None:
    request = answered([RIGHT, WRONG, ALSO_WRONG])
    worse = Candidate.objects.filter(request=request, examples_passed=1).first()
    assert worse is not None
    selection_change(request_id=request.pk, actor=owner, candidate_id=worse.pk, reason="Shorter.")
    review, _, _ = said(request)
    assert b"passes 1 of 3 examples of the specification" in review
    assert b"No candidate passes all examples" not in review
    assert b"<dt>models chose</dt>" in review


def test_no_usable_candidate_leaves_no_consensus(answered: Answer, reviewer: User, client: Client) -> None:
    request = answered([UNPARSABLE])
    client.force_login(reviewer)
    assert client.get(reverse("generation:review", args=[request.pk])).status_code == 302
    answer = client.get(f"/api/ai/consensus/vote?request_id={request.pk}").json()
    assert (answer["vote"], answer["code"]) == (None, None)
    assert answer["failure"]
