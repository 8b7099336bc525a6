"""From a submitted specification to the reviewers, with a provider behind a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GeneratedCodeArtifact
from apps.governance.models import User
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from tests.fault_server import Fault, FaultServer
from tests.git import git
from tests.policies import budget_ruled
from tests.shop import work_off

# The job takes its own connections, so that what it wrote survives its death.
pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
Status = CodeGenerationRequest.Status

CLAMP = """Write `def clamp(value: int, low: int, high: int) -> int` that keeps a value inside a range.

- A value inside the range is returned as it is.
- A value outside becomes the nearest end.

>>> clamp(5, 0, 10)
5
>>> clamp(-3, 0, 10)
0
>>> clamp(99, 0, 10)
10
"""
RIGHT = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    return max(low, min(value, high))\n```"
WRONG = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    return value\n```"
ALSO_WRONG = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    result = value\n    return result\n```"
UNPARSABLE = "```python\ndef clamp(value: int:\n```"
ENDLESS = "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    while True:\n        pass\n```"


def _chosen(request: CodeGenerationRequest) -> str:
    consensus = CodeGenerationConsensus.objects.get(request=request)
    assert consensus.selected_implementation is not None
    return consensus.selected_implementation.generated_code


def test_the_persons_examples_decide_against_two_wrong_answers(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([WRONG, RIGHT, ALSO_WRONG])
    request = submit(CLAMP)
    job = work_off(request)
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    assert request.status == Status.IN_REVIEW
    assert "max(low" in _chosen(request)


def test_each_candidate_has_an_implementation_a_test_and_a_documentation(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([RIGHT, UNPARSABLE, WRONG])
    request = submit(CLAMP)
    work_off(request)
    assert sorted(GeneratedCodeArtifact.objects.filter(request=request).values_list("code_type", flat=True)) == (
        ["documentation"] * 3 + ["implementation"] * 3 + ["test"] * 3
    )


@pytest.mark.usefixtures("ended_soon")
def test_answers_that_cannot_be_used_say_why_and_stop_nothing(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([UNPARSABLE, ENDLESS, RIGHT])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    assert "max(low" in _chosen(request)
    unusable = Candidate.objects.get(request=request, state=Candidate.State.UNPARSABLE)
    assert unusable.reason


def test_a_request_that_a_budget_stops_says_which_and_who_can_raise_it(
    submit: Submit, provider: Provider, server: FaultServer, client: Client, engineer: User
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    budget_ruled(request.run.repository.scope, "request", token_limit=10)
    work_off(request)
    assert (request.status, server.requests) == (Status.FAILED, [])
    request.run.refresh_from_db()
    for text in (request.run.failure, Candidate.objects.filter(request=request).first().reason):
        assert "for one request has 10 of 10 tokens left" in text
        assert "can raise it; each new request begins with the whole of it." in text
    client.force_login(engineer)
    page = client.get(reverse("generation:request-detail", args=[request.pk])).content.decode()
    assert "has 10 of 10 tokens left" in page
    assert reverse("generation:request-again", args=[request.pk]) in page


CUT = f"{RIGHT.removesuffix('```')}\n\ndef clamp_all(values: list[int]) -> list[int]:\n    return [clamp("


def test_what_is_complete_of_an_answer_that_was_cut_is_kept_and_said(
    submit: Submit, provider: Provider, server: FaultServer, client: Client, owner: User, engineer: User
) -> None:
    server.answers([Fault.truncated(CUT), Fault.truncated(CUT[:60]), WRONG])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.IN_REVIEW
    kept = Candidate.objects.get(request=request, implementation__generated_code__contains="max(low")
    assert kept.note == "The answer was cut at its limit; what was complete is kept."
    assert "clamp_all" not in kept.patch
    assert kept.note not in kept.documentation.generated_code
    lost = Candidate.objects.get(request=request, state=Candidate.State.UNPARSABLE)
    assert "cut at its limit" in lost.note
    review = reverse("generation:review", args=[request.pk])
    client.force_login(owner)
    assert kept.note not in client.get(review).content.decode()
    client.force_login(engineer)
    assert kept.note in client.get(review).content.decode()


def test_nothing_usable_fails_with_a_way_on(submit: Submit, provider: Provider, server: FaultServer) -> None:
    server.answers([UNPARSABLE])
    request = submit(CLAMP)
    job = work_off(request)
    assert job.state == Job.State.FAILED
    assert request.status == Status.FAILED
    assert request.run.failure == "None of the answers is code that can be run."
    assert request.run.remedy


def test_where_nobody_had_an_answer_it_is_said(submit: Submit, provider: Provider, server: FaultServer) -> None:
    server.answers([Fault.failure(400)])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == Status.FAILED
    assert request.run.failure == "No provider had an answer."
    assert "switches an endpoint on" in request.run.remedy


def test_a_second_run_of_the_job_asks_nobody_again(submit: Submit, provider: Provider, server: FaultServer) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    job = work_off(request)
    asked = len(server.requests)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)
    CodeGenerationRequest.objects.filter(pk=request.pk).update(status=Status.GENERATING)
    work_off(request)
    assert len(server.requests) == asked == 3
    assert ModelCall.objects.filter(subject_id=request.pk).count() == 3
    assert CodeGenerationConsensus.objects.filter(request=request).count() == 1


def test_a_text_with_nothing_to_run_is_still_reviewed(submit: Submit, provider: Provider, server: FaultServer) -> None:
    server.answers(["```python\nLIMIT = 5\n```"])
    request = submit("A basket must never hold more items than a limit that the shop sets.", title="A limit")
    work_off(request)
    assert request.status == Status.IN_REVIEW
    details = CodeGenerationConsensus.objects.get(request=request).voting_details
    assert details["is_compared"] is False
    assert "No behaviour could be compared." in details["reasons"]


@pytest.mark.slow
def test_a_function_that_imports_its_neighbours_is_run_with_them(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    text = (
        "Change `def with_discount(price: str, percent: int) -> int` so that a percent over 100 leaves nothing.\n\n"
        ">>> with_discount('2.00', 50)\n100\n>>> with_discount('2.00', 150)\n0\n"
    )
    server.answers(
        [
            "```python\nfrom shop.money import parse_amount\n\ndef with_discount(price: str, percent: int) -> int:\n"
            "    return max(0, parse_amount(price) * (100 - percent) // 100)\n```"
        ]
    )
    request = submit(text, title="No negative prices")
    work_off(request)
    best = Candidate.objects.get(request=request, state=Candidate.State.EXECUTED)
    assert (best.examples_passed, best.examples_total) == (2, 2)
    assert request.run.target_path == "shop/prices.py"
    assert "+++ b/shop/prices.py" in best.patch


@pytest.mark.slow
def test_state_in_a_class_is_compared(submit: Submit, provider: Provider, server: FaultServer) -> None:
    text = (
        "Write a class `Tally` with `add(n: int) -> None` and `total() -> int`.\n\n"
        ">>> t = Tally()\n>>> t.add(2)\n>>> t.add(3)\n>>> t.total()\n5\n"
    )
    right = (
        "```python\nclass Tally:\n    def __init__(self) -> None:\n        self._n = 0\n\n"
        "    def add(self, n: int) -> None:\n        self._n += n\n\n"
        "    def total(self) -> int:\n        return self._n\n```"
    )
    server.answers([right.replace("+= n", "= n"), right])
    request = submit(text, title="A tally")
    work_off(request)
    assert "+= n" in _chosen(request)


@pytest.mark.slow
def test_models_that_wrote_the_same_program_outweigh_one_that_differs(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    once = "```python\ndef initials(name: str) -> str:\n    return ''.join(c for c in name.title() if c.isupper())\n```"
    twice = "```python\ndef initials(name: str) -> str:\n    return ''.join(w[0].upper() for w in name.split())\n```"
    server.answers([once, twice, twice.replace("def", "# the same\ndef")])
    request = submit(
        "Write `def initials(name: str) -> str`.\n\n>>> initials('ada lovelace')\n'AL'\n", title="Initials"
    )
    work_off(request)
    assert "split()" in _chosen(request)


def test_neither_tests_nor_a_page_of_somebody_else_are_overwritten(
    submit: Submit, provider: Provider, server: FaultServer, code: Path
) -> None:
    for path in ("tests/test_clamp.py", "docs/clamp.md"):
        (code / path).parent.mkdir(exist_ok=True)
        (code / path).write_text("# by a person\n")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "By hand")
    server.answers([RIGHT])
    request = submit(CLAMP)
    work_off(request)
    patch = Candidate.objects.exclude(patch="").get(request=request, duplicate_of=None).patch
    start = str(request.pk)[:8]
    assert f"+++ b/tests/test_clamp_{start}.py" in patch
    assert f"+++ b/docs/clamp_{start}.md" in patch
    assert "by a person" not in patch


TOTAL = """Change `total(prices: list[int]) -> int` in shop/totals.py: it adds prices up.

>>> total([1, 2, 3])
6
"""
SLOW_TOTAL = "def total(prices: list[int]) -> int:\n    return prices[0] + total(prices[1:]) if prices else 0\n"


@pytest.mark.slow
def test_candidates_are_timed_beside_the_code_they_replace(
    submit: Submit, provider: Provider, server: FaultServer, code: Path, reviewer: User, client: Client
) -> None:
    (code / "shop/totals.py").write_text(
        "def total(prices: list[int]) -> int:\n    return sum(prices[: len(prices)][i] for i in range(len(prices)))\n"
    )
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Add totals")
    server.answers(
        ["```python\ndef total(prices: list[int]) -> int:\n    return sum(prices)\n```", f"```python\n{SLOW_TOTAL}```"]
    )
    request = submit(TOTAL)
    work_off(request)
    # Two samples are asked for at once: which of them gets which answer is open.
    candidates = Candidate.objects.filter(request=request, duplicate_of=None)
    slow, fast = sorted((one.implementation.performance_metrics for one in candidates), key=lambda m: len(m["points"]))
    assert [point["size"] for point in fast["points"]] == [16, 64, 256, 1024, 4096]
    assert fast["ratio"] < 0.5 and fast["replaces"]["points"]
    assert slow["stopped_at"] == 1024  # Python's own limit of recursion
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[request.pk])).content.decode()
    assert "ms at 4,096" in page and "times the code before" in page and "did not end at 1,024" in page


TWO = """Write a module with two functions.

- `def first(text: str) -> str` returns the first word.
- `def last(text: str) -> str` returns the last word.

>>> first("a b c")
'a'
>>> first("x")
'x'
>>> last("a b c")
'c'
>>> last("x y")
'y'
"""
FIRST_RIGHT = (
    "```python\ndef first(text: str) -> str:\n    return text.split()[0]\n\n\n"
    "def last(text: str) -> str:\n    return text[0]\n```"
)
LAST_RIGHT = (
    "```python\ndef _words(text: str) -> list[str]:\n    return text.split()\n\n\n"
    "def first(text: str) -> str:\n    return text\n\n\ndef last(text: str) -> str:\n    return _words(text)[-1]\n```"
)


def test_where_nobody_is_right_everywhere_the_best_functions_are_put_together(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([FIRST_RIGHT, LAST_RIGHT])
    request = submit(TWO, title="First and last word")
    work_off(request)
    assert request.status == Status.IN_REVIEW
    added = Candidate.objects.get(request=request, provider=None)
    assert (added.examples_passed, added.examples_total) == (4, 4)
    assert added.reason.startswith("Put together function by function")
    chosen = _chosen(request)
    assert "text.split()[0]" in chosen and "_words(text)[-1]" in chosen
    written = Candidate.objects.filter(request=request).exclude(pk=added.pk)
    assert max(one.examples_passed for one in written if one.examples_passed is not None) < 4
    assert added.patch.count("+def test_") == 4
