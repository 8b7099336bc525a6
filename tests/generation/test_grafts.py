"""Putting candidates together by hand: what becomes of it, and who may do it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, Contribution, GenerationRun
from apps.generation.services.evidence import evidence_of
from apps.generation.services.grafts import VOID_REASON, GraftRefused, candidate_graft, grafts_check
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import RequirementsUnmet, selection_change, verdict_cast
from apps.generation.services.threads import At, thread_open
from apps.generation.services.viewing import NotLookedAt
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import NotEligible
from apps.governance.types import Verdict
from tests.shop import Role, work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

Person = Callable[..., User]

TWO = """Write `def first(values: list[int]) -> int` that returns the smallest value and
`def last(values: list[int]) -> int` that returns the greatest one.

>>> first([3, 1, 2])
1
"""


def answer_of(first: str, last: str) -> str:
    return (
        f"```python\ndef first(values: list[int]) -> int:\n    return {first}\n\n\n"
        f"def last(values: list[int]) -> int:\n    return {last}\n```"
    )


ALIKE = answer_of("min(values)", "values[-1]")
OTHER = answer_of("sorted(values)[0] if values else 0", "max(values)")


@pytest.fixture
def third(person: Person) -> User:
    """A reviewer without whom the others can still approve."""
    return person("dora", Role.REVIEWER)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun], third: User) -> GenerationRun:
    """A request in review with two programs, each of which has one function right."""
    return in_review(TWO, [ALIKE, ALIKE, OTHER], title="The ends")


def with_code(run: GenerationRun, code: str) -> Candidate:
    found = Candidate.objects.filter(request=run.request, duplicate_of=None, grafted_by=None)
    return found.get(implementation__generated_code__contains=code)


def put_together(run: GenerationRun, actor: User, reason: str = "Each has one function right.") -> Candidate:
    base, donor = with_code(run, "min(values)"), with_code(run, "max(values)")
    return candidate_graft(request_id=run.pk, actor=actor, base_id=base.pk, parts={"last": donor.pk}, reason=reason)


@pytest.mark.bar(4)
def test_it_is_a_candidate_of_its_own_checked_and_run_before_it_can_be_chosen(
    run: GenerationRun, third: User, owner: User, reviewer: User
) -> None:
    seen = review_digest(run=run)
    look_at(run, reviewer)
    verdict_cast(request_id=run.pk, reviewer=reviewer, verdict=Verdict.APPROVE, digest=seen, is_interactive=True)
    voters = len(evidence_of(run).voters)
    made = put_together(run, third)
    assert made.state == "written"
    assert Ballot.objects.get(voter=reviewer).void_reason == VOID_REASON
    assert "min(values)" in made.patch
    assert "max(values)" in made.patch
    with pytest.raises(Exception, match="cannot be chosen"):
        selection_change(request_id=run.pk, actor=owner, candidate_id=made.pk, reason="It is right.")
    assert work_off(run.request).error == ""
    made.refresh_from_db()
    assert made.state == "executed"
    assert {check["tool"] for check in made.checks} >= {"ruff", "mypy", "bandit"}
    assert (made.examples_passed, made.examples_total) == (1, 1)
    assert made.implementation.performance_metrics["points"]
    assert len(made.outcomes) == run.inputs.count() > 0
    assert len(evidence_of(run).voters) == voters
    run.refresh_from_db()
    assert run.review_digest == review_digest(run=run) != seen
    selection_change(request_id=run.pk, actor=owner, candidate_id=made.pk, reason="It is right.")
    assert selected_candidate(run=run) == made
    event = AuditEvent.objects.get(action="review.graft")
    assert event.detail["candidate"] == str(made.pk)


@pytest.mark.bar(2)
def test_whoever_made_it_is_its_editor_and_neither_approves_nor_chooses(run: GenerationRun, third: User) -> None:
    made = put_together(run, third)
    work_off(run.request)
    assert Contribution.objects.filter(run=run, user=third, kind="candidate_edit").exists()
    with pytest.raises(NotEligible, match="candidate editor"):
        verdict_cast(
            request_id=run.pk,
            reviewer=third,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
    with pytest.raises(NotEligible):
        selection_change(request_id=run.pk, actor=third, candidate_id=made.pk, reason="Mine.")


def test_an_issue_of_a_part_stands_in_the_way_of_what_it_was_put_into(
    run: GenerationRun, third: User, owner: User, reviewer: User
) -> None:
    donor, made = with_code(run, "max(values)"), put_together(run, third)
    work_off(run.request)
    at = At(donor.pk, run.target_path, line=5)
    thread_open(request_id=run.pk, author=owner, text="It raises on [].", at=at, is_issue=True, is_interactive=True)
    selection_change(request_id=run.pk, actor=owner, candidate_id=made.pk, reason="It is right.")
    look_at(run, reviewer)
    with pytest.raises(NotLookedAt, match="1 issue is open"):
        verdict_cast(
            request_id=run.pk,
            reviewer=reviewer,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run),
            is_interactive=True,
        )


def test_who_has_no_vote_puts_nothing_together(run: GenerationRun, engineer: User, person: Person) -> None:
    for other in (engineer, person("eve", Role.ENGINEER), person("root", Role.ADMIN)):
        with pytest.raises(NotEligible):
            put_together(run, other)
    assert AuditEvent.objects.filter(action="review.graft", outcome="done").count() == 0


def test_what_makes_no_sense_is_refused_and_changes_nothing(run: GenerationRun, third: User) -> None:
    base, donor = with_code(run, "min(values)"), with_code(run, "max(values)")
    before = review_digest(run=run)
    wrong = [
        ({}, "Why not."),
        ({"last": donor.pk}, " "),
        ({"middle": donor.pk}, "Why not."),
        ({"last": base.pk}, "So."),
    ]
    for parts, reason in wrong:
        with pytest.raises(GraftRefused):
            candidate_graft(request_id=run.pk, actor=third, base_id=base.pk, parts=parts, reason=reason)
    assert review_digest(run=run) == before
    put_together(run, third)
    with pytest.raises(NotEligible):
        put_together(run, third)


def test_reviewers_put_functions_together_at_the_page_and_others_read_where_it_comes_from(
    run: GenerationRun, third: User, owner: User, client: Client
) -> None:
    client.force_login(third)
    address = reverse("generation:review", args=[run.pk])
    page = client.get(address).content.decode()
    choices = page.split(">Functions</legend>")[1].split("</fieldset>")[0]
    letter = choices.split('value="')[1].split(":")[0]
    assert f'value="{letter}:last"' in choices
    base = page.split('name="base" value="')[1][0]
    sent = {"base": base, "part": f"{letter}:last", "reason": "It is right."}
    assert client.post(reverse("generation:graft", args=[run.pk]), sent).status_code == 302
    assert "Nobody approves before that is done" in client.get(address).content.decode()
    work_off(run.request)
    assert 'name="base"' not in client.get(address).content.decode()
    client.force_login(owner)
    shown = client.get(address).content.decode()
    assert "with last of" in shown
    assert "test-model" not in shown


class Watched:
    """The run of a job in whose middle something happens once."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self.happens = [happens]

    def progress(self, *_: object, **__: object) -> None:
        if self.happens:
            self.happens.pop()()

    def raise_if_cancelled(self) -> None:
        """Nobody stops it."""


def test_nobody_approves_while_it_is_checked_so_that_what_was_approved_can_be_delivered(
    run: GenerationRun, third: User, reviewer: User
) -> None:
    put_together(run, third)
    refused: list[str] = []

    def approve() -> None:
        look_at(run, reviewer)
        with pytest.raises(RequirementsUnmet) as problem:
            verdict_cast(
                request_id=run.pk,
                reviewer=reviewer,
                verdict=Verdict.APPROVE,
                digest=review_digest(run=run),
                is_interactive=True,
            )
        refused.append(problem.value.message)

    approve()
    grafts_check(job=Watched(approve), request_id=run.pk)
    assert len(refused) == 2
    assert "being checked or measured" in refused[0]
    work_off(run.request)
    verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.APPROVE,
        digest=review_digest(run=run),
        is_interactive=True,
    )
