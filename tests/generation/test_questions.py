"""Questions: what is asked, what an answer changes, and who may give one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.engine.inputs import input_restored
from apps.generation.engine.outcomes import expected_restored
from apps.generation.engine.specification import analyse
from apps.generation.engine.specification.model import SpecExample
from apps.generation.models import Answer, Candidate, CodeGenerationConsensus, GenerationRun
from apps.generation.services.answers import doctest_text
from apps.generation.services.evidence import MAX_ANSWERS, evidence_of
from apps.generation.services.questions import (
    VOID_REASON,
    AlreadyAnswered,
    AnswerRefused,
    answer_withdraw,
    question_answer,
    reply_key,
)
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import NotInReview, verdict_cast
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import NotAllowed, NotEligible, Unsatisfiable
from apps.governance.types import Verdict
from tests.shop import Role
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

MIDDLE = """Write `def middle(values: list[int]) -> int` that returns the middle of some numbers.

>>> middle([3])
3
"""
FIRST = "```python\ndef middle(values: list[int]) -> int:\n    return values[len(values) // 2]\n```"
SORTED = "```python\ndef middle(values: list[int]) -> int:\n    return sorted(values)[len(values) // 2]\n```"
ALSO_FIRST = (
    "```python\ndef middle(values: list[int]) -> int:\n    half = len(values) // 2\n    return values[half]\n```"
)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    """A request in review on which two of three candidates agree, and are not what the person means."""
    return in_review(MIDDLE, [FIRST, SORTED, ALSO_FIRST], title="The middle")


def example_of(
    call: str, args: tuple[object, ...], expected: object, *, raises: str | None = None, steps: tuple[str, ...] = ()
) -> SpecExample:
    function = "Counter" if steps else "f"
    return SpecExample(
        call=call, function=function, args=args, kwargs={}, expected=expected, raises=raises, steps=steps
    )


def asked(run: GenerationRun) -> int:
    evidence = evidence_of(run)
    question = evidence.question()
    assert question is not None
    return evidence.rows[question.index].position


def meant(run: GenerationRun) -> str:
    """Return the key of what the candidate that sorts does on the input that is asked about."""
    evidence = evidence_of(run)
    question = evidence.question()
    assert question is not None
    right = next(one for one in evidence.candidates if "sorted" in one.implementation.generated_code)
    return reply_key(evidence.outcomes[right.pk][question.index])


def answer_said(run: GenerationRun, actor: User, reply: str, value: str = "") -> Answer:
    return question_answer(request_id=run.pk, actor=actor, position=asked(run), reply=reply, value=value)


def answer(run: GenerationRun, actor: User, reply: str = "", value: str = "") -> Answer:
    return answer_said(run, actor, reply or meant(run), value)


def chosen(run: GenerationRun) -> str:
    return selected_candidate(run=run).implementation.generated_code


def test_an_answer_decides_against_the_majority_and_becomes_a_test(run: GenerationRun, engineer: User) -> None:
    assert "sorted" not in chosen(run)
    before = set(Candidate.objects.filter(request=run.request).values_list("patch_digest", flat=True))
    with CaptureQueriesContext(connection) as queries_before:
        evidence_of(run)
    given = answer(run, engineer)
    with CaptureQueriesContext(connection) as queries_after:
        evidence_of(run)
    assert len(queries_after) == len(queries_before) <= 5
    assert given.kind == "returns"
    assert "sorted" in chosen(run)
    consensus = CodeGenerationConsensus.objects.get(request=run.request)
    assert consensus.voting_details["answers"][0]["by"] == str(engineer.pk)
    right = Candidate.objects.get(implementation=consensus.selected_implementation)
    assert (right.examples_passed, right.examples_total) == (2, 2)
    values = given.input.call["args"]["$tuple"][0]
    for candidate in Candidate.objects.filter(request=run.request, duplicate_of=None):
        assert f"middle({values})" in candidate.patch
        assert candidate.patch_digest not in before


def test_the_input_that_tells_them_apart_is_reduced_and_an_answer_about_another_leaves_it(
    run: GenerationRun, engineer: User
) -> None:
    details = CodeGenerationConsensus.objects.get(request=run.request).voting_details
    assert len(details["distinguishing"]["call"]) <= len("middle([1, 0])")
    # The inputs are drawn by a seed of the run's own: the smallest of them may be as small as it goes already.
    assert details["distinguishing"].get("reduced_from") == details.get("reduced", {}).get("of")
    given = answer(run, engineer)
    answer_withdraw(request_id=run.pk, answer_id=given.pk, actor=engineer)
    after = CodeGenerationConsensus.objects.get(request=run.request).voting_details
    assert after["distinguishing"] == details["distinguishing"]
    assert after.get("reduced") == details.get("reduced")


@pytest.mark.bar(4)
def test_what_reviewers_saw_changed_so_their_verdicts_are_void(
    run: GenerationRun, engineer: User, reviewer: User
) -> None:
    seen = review_digest(run=run)
    look_at(run, reviewer)
    verdict_cast(request_id=run.pk, reviewer=reviewer, verdict=Verdict.APPROVE, digest=seen, is_interactive=True)
    answer(run, engineer)
    run.refresh_from_db()
    assert review_digest(run=run) == run.review_digest != seen
    assert Ballot.objects.get(voter=reviewer).void_reason == VOID_REASON
    event = AuditEvent.objects.get(action="question.answer")
    assert (event.before_digest, event.after_digest) == (seen, run.review_digest)


def test_who_may_answer_and_what_it_costs_them(
    run: GenerationRun, owner: User, reviewer: User, person: Callable[..., User]
) -> None:
    with pytest.raises(NotAllowed):
        answer(run, person("eve", Role.AUDITOR))
    with pytest.raises(Unsatisfiable):
        answer(run, owner)
    assert not Answer.objects.exists()
    helper = person("dora", Role.REVIEWER)
    given = answer(run, helper)
    with pytest.raises(NotEligible, match="co-author"):
        verdict_cast(
            request_id=run.pk,
            reviewer=helper,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
    with pytest.raises(NotAllowed):
        answer_withdraw(request_id=run.pk, answer_id=given.pk, actor=reviewer)


def test_an_answer_may_be_what_no_candidate_did(run: GenerationRun, engineer: User) -> None:
    raised = answer(run, engineer, "raises", "ValueError")
    assert (raised.kind, raised.expected["raises"]) == ("raises", "ValueError")
    assert all("pytest.raises(ValueError)" in one.patch for one in Candidate.objects.filter(duplicate_of=None))
    answer_withdraw(request_id=run.pk, answer_id=raised.pk, actor=engineer)
    given = answer(run, engineer, "returns", "-12345")
    assert given.expected["value"] == -12345
    assert set(
        Candidate.objects.filter(request=run.request, duplicate_of=None).values_list("examples_passed", flat=True)
    ) == {1}


def test_what_says_nothing_is_refused_with_a_way_on(run: GenerationRun, engineer: User, client: Client) -> None:
    for reply, value in (("returns", "print(1)"), ("returns", ""), ("raises", "not a name"), ("0" * 16, ""), ("", "")):
        with pytest.raises(AnswerRefused) as refused:
            answer_said(run, engineer, reply, value)
        assert refused.value.remedy
    client.force_login(engineer)
    fields = {"position": asked(run), "reply": "returns", "value_returns": "seven"}
    response = client.post(reverse("generation:answer", args=[run.pk]), fields)
    assert response.status_code == 422
    assert "That is no Python value." in response.content.decode()
    assert not Answer.objects.exists()


def test_a_question_is_answered_once_and_only_so_many_are(run: GenerationRun, engineer: User) -> None:
    position = asked(run)
    answer(run, engineer, "any")
    assert asked(run) != position
    assert position not in {row.position for row in evidence_of(run).rows}
    with pytest.raises(AlreadyAnswered):
        question_answer(request_id=run.pk, actor=engineer, position=position, reply="any")
    while Answer.objects.count() < MAX_ANSWERS:
        answer(run, engineer, "any")
    assert evidence_of(run).question() is None
    with pytest.raises(AlreadyAnswered, match="as many as there are"):
        question_answer(request_id=run.pk, actor=engineer, position=position + 1, reply="any")


def test_a_withdrawn_answer_leaves_everything_as_it_was(run: GenerationRun, engineer: User) -> None:
    before = chosen(run), sorted(Candidate.objects.values_list("patch_digest", "examples_passed", "cluster"))
    given = answer(run, engineer)
    answer_withdraw(request_id=run.pk, answer_id=given.pk, actor=engineer)
    assert (chosen(run), sorted(Candidate.objects.values_list("patch_digest", "examples_passed", "cluster"))) == before
    again = answer(run, engineer)
    assert Answer.objects.count() == 2
    with pytest.raises(IntegrityError, match="generation_answer_one_stands"), transaction.atomic():
        Answer.objects.create(run=run, input=given.input, kind="any", answered_by=engineer)
    with pytest.raises(IntegrityError, match="generation_answer_says_what"), transaction.atomic():
        Answer.objects.filter(pk=again.pk).update(expected=None)


def test_nothing_is_answered_after_the_review(run: GenerationRun, engineer: User, owner: User) -> None:
    position = asked(run)
    verdict_cast(
        request_id=run.pk,
        reviewer=owner,
        verdict=Verdict.BLOCK,
        digest=review_digest(run=run),
        is_interactive=True,
        rationale="It is the wrong idea.",
    )
    with pytest.raises(NotInReview):
        question_answer(request_id=run.pk, actor=engineer, position=position, reply="any")


def test_a_person_answers_on_the_page_and_takes_it_back(
    run: GenerationRun, engineer: User, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "cannot approve this request any more" in page and "test-model" not in page
    client.force_login(engineer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "What must the code do here?" in page and "cannot approve this request any more" not in page
    fields = {"position": asked(run), "reply": "returns", "value_returns": "7"}
    response = client.post(reverse("generation:answer", args=[run.pk]), fields)
    assert response.status_code == 302
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "returns 7." in page and "Withdraw" in page
    given = Answer.objects.get()
    client.post(reverse("generation:withdraw", args=[run.pk, given.pk]))
    assert Answer.objects.get().withdrawn_at is not None


def test_answers_are_offered_as_examples_of_the_changed_specification(
    run: GenerationRun, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    editor = f"{reverse('generation:spec-new')}?request={run.pk.hex}"
    assert "Answers that are not in this text yet" not in client.get(editor).content.decode()
    given = answer(run, engineer)
    offered = client.get(editor)
    assert "Answers that are not in this text yet" in offered.content.decode()
    assert offered.context["form"].initial["text"] == run.request.specification
    added = client.get(f"{editor}&answers=add")
    assert "Answers that are not in this text yet" not in added.content.decode()
    read = analyse(added.context["form"].initial["text"], title=run.title, known_symbols=[])
    assert read.examples[0].call == "middle([3])"
    assert [(example.args, example.expected) for example in read.examples[1:]] == [
        (input_restored(given.input.call).args, expected_restored(given.expected).value)
    ]
    answer_withdraw(request_id=run.pk, answer_id=given.pk, actor=engineer)
    assert "Answers that are not in this text yet" not in client.get(editor).content.decode()


@pytest.mark.parametrize(
    "example",
    [
        example_of("f('a\\n>>> b')", ("a\n>>> b",), "x\n\ny"),
        example_of("f(None)", (None,), None),
        example_of("f([1, {'a': (2,)}])", ([1, {"a": (2,)}],), {3}),
        example_of("f(0)", (0,), None, raises="ZeroDivisionError"),
        example_of("c.value()", (), 3, steps=("c = Counter()", "c.add(3)")),
    ],
)
def test_an_answer_written_as_a_doctest_is_read_as_what_it_says(example: SpecExample) -> None:
    head = "Write `class Counter` with `add(n: int)` and `value() -> int`." if example.steps else "Write `def f(x)`."
    read = analyse(f"{head}\n\n{doctest_text(example)}", title="T", known_symbols=[]).examples
    assert [(one.args, one.expected, one.raises, one.steps) for one in read] == [
        (example.args, example.expected, example.raises, example.steps)
    ]
