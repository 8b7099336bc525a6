"""The requirement lens: one requirement of a request, and of the code in view what belongs to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.selectors import candidates_of
from apps.generation.services.lens import lens_of
from apps.generation.services.pipeline import workspace_open
from apps.governance.models import User
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
HALF = """Write `def half(n: int) -> int` that halves a number.

- R1: It returns 2 for 4.
- R2: It raises ValueError for odd numbers, as `check_even` says.
- R3: It is short.

>>> half(4)
2
"""
BODY = "\n\ndef check_even(n: int) -> None:\n    if n % 2:\n        raise ValueError(n)\n"
RIGHT = f"```python\ndef half(n: int) -> int:\n    check_even(n)\n    return n // 2\n{BODY}```"
WRONG = "```python\ndef half(n: int) -> int:\n    return n\n```"


@pytest.fixture
def made(in_review: Callable[..., GenerationRun]) -> CodeGenerationRequest:
    return in_review(HALF, [RIGHT, WRONG, RIGHT], title="Halve").request


def page(client: Client, request: CodeGenerationRequest, **query: str) -> str:
    answer = client.get(reverse("generation:review", args=[request.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_requirement_shows_its_words_examples_tests_and_only_its_code(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    shown = page(client, made, requirement="R1")
    assert "Requirement R1" in shown
    assert "It returns 2 for 4." in shown
    assert "Of the code only what its examples call (half) is shown." in shown
    assert '<code class="wrap-anywhere">returns 4</code>' in shown
    assert ">met<" in shown
    assert "test_half_4_gives_2" in shown
    assert "lines are not shown" in shown


def test_a_requirement_without_example_is_found_by_the_names_in_its_words(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    shown = page(client, made, requirement="R2")
    assert "No example of the specification shows R2." in shown
    assert "Of the code only what its words name (check_even) is shown." in shown
    assert "has one of these names, so all of it is shown." in shown
    assert "none names R2" in shown


def test_where_nothing_can_be_mapped_all_code_is_shown_and_the_page_says_so(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    shown = page(client, made, requirement="R3")
    assert "No example shows R3 and its words name no code, so all of the code is shown." in shown
    assert "not shown</span>" not in shown
    assert "lines are not shown" not in shown


def test_of_other_languages_all_code_is_shown_and_the_page_says_so(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    GenerationRun.objects.filter(pk=made.pk).update(target_path="src/half.mjs")
    client.force_login(reviewer)
    shown = page(client, made, requirement="R1")
    assert "Functions are told apart in Python only, so all of the code is shown." in shown


def test_the_links_name_each_requirement_and_q_goes_to_the_next(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    shown = page(client, made, requirement="R1", show="A")
    assert 'href="?show=A&amp;requirement=R2#lens" data-key="q"' in shown
    assert 'href="?show=B&amp;requirement=R1#code"' in shown
    last = page(client, made, requirement="R3")
    assert 'href="?#lens" data-key="q"' in last
    assert 'href="?requirement=R1#lens" data-key="q"' in page(client, made)


def test_an_address_that_names_no_requirement_shows_all_and_says_so(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    shown = page(client, made, requirement="<b>R99")
    assert "The specification has no requirement &lt;b&gt;R99, so all of the code is shown." in shown


def test_a_specification_without_requirements_has_an_empty_lens(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User, client: Client
) -> None:
    server.answers([RIGHT, WRONG, RIGHT])
    request = submit("Write `def half(n: int) -> int`.\n\n>>> half(4)\n2\n", title="Halve")
    work_off(request)
    GenerationRun.objects.filter(pk=request.pk).update(analysis={})
    client.force_login(reviewer)
    assert "The specification has no numbered requirements" in page(client, request, requirement="R1")


def test_the_lens_takes_one_query_however_many_candidates_there_are(
    made: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)

    def queries(**query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, made, **query)
        return len(captured)

    queries()
    assert queries(requirement="R1") == queries() + 1
    assert queries(requirement="R1", show="A") == queries(show="A") + 1


@pytest.mark.bar(5)
def test_tests_that_a_model_wrote_itself_are_named_only_when_its_author_may_be_known(
    made: CodeGenerationRequest,
) -> None:
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=made.pk)
    workspace = workspace_open(run)
    [candidate, *_] = candidates_of(run)
    assert candidate.test is not None
    candidate.test.generated_code = 'def test_of_its_own():\n    """R1"""\n'

    def tests(*, are_authors_known: bool) -> tuple[str, ...]:
        found = lens_of(
            workspace=workspace, requirement="R1", candidates=[candidate], are_authors_known=are_authors_known
        )
        assert found is not None
        return found.tests[0]

    assert tests(are_authors_known=False) == ("test_half_4_gives_2",)
    assert tests(are_authors_known=True) == ("test_half_4_gives_2", "test_of_its_own")


def test_a_candidate_that_was_not_run_is_said_to_be(made: CodeGenerationRequest) -> None:
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=made.pk)
    [candidate, *_] = candidates_of(run)
    candidate.state = Candidate.State.CHECKED
    found = lens_of(workspace=workspace_open(run), requirement="R1", candidates=[candidate], are_authors_known=False)
    assert found is not None
    assert [(one.is_met, one.text) for one in found.examples[0].shown] == [(None, "not run")]
