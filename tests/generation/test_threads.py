"""Comments on a review: who says what where, who reads it when, and what stands in the way of an approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun, ReviewComment, ReviewThread
from apps.generation.selectors import candidates_of, lettered
from apps.generation.services import threads
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import NotInReview, verdict_cast
from apps.generation.services.threads import (
    At,
    CommentRefused,
    ThreadState,
    TooManyComments,
    thread_confirm,
    thread_open,
    thread_reopen,
    thread_reply,
    thread_resolve,
)
from apps.generation.services.viewing import NotLookedAt
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.services import NotEligible, NotInteractive
from apps.governance.types import Role, Verdict
from apps.jobs.models import Notification
from tests.generation.test_canaries import Made, lead, made
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.viewed import look_at

__all__ = ["lead", "made"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    """A request in review, with a right and a wrong candidate."""
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range")


def begin(run: GenerationRun, author: User, text: str = "Why not min()?", **options: Any) -> ReviewThread:
    at = At(selected_candidate(run=run).pk, run.target_path, line=1)
    values = {"at": at, "is_interactive": True, **options}
    return thread_open(request_id=run.pk, author=author, text=text, **values)


def on(run: GenerationRun, thread: ReviewThread, actor: User) -> dict[str, Any]:
    return {"request_id": run.pk, "thread_id": thread.pk, "actor": actor, "is_interactive": True}


def reply(run: GenerationRun, thread: ReviewThread, author: User, text: str) -> ReviewComment:
    return thread_reply(request_id=run.pk, thread_id=thread.pk, author=author, text=text, is_interactive=True)


def approve(run: GenerationRun, reviewer: User) -> None:
    look_at(run, reviewer)
    verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.APPROVE,
        digest=review_digest(run=run),
        is_interactive=True,
    )


def page_of(client: Client, run: GenerationRun, user: User, **query: str) -> HttpResponse:
    client.force_login(user)
    return client.get(reverse("generation:review", args=[run.pk]), query)


def letter_of(run: GenerationRun, user: User, candidate: Candidate) -> str:
    return next(one.letter for one in lettered(run, user, candidates_of(run)) if one.candidate == candidate)


class TestIssues:
    def test_an_open_issue_stands_in_the_way_of_an_approval(self, run: GenerationRun, reviewer: User) -> None:
        thread = begin(run, reviewer, is_issue=True)
        with pytest.raises(NotLookedAt, match="1 issue is open"):
            approve(run, reviewer)
        thread_resolve(**on(run, thread, reviewer))
        approve(run, reviewer)

    def test_a_comment_and_an_issue_of_another_candidate_do_not(self, run: GenerationRun, reviewer: User) -> None:
        begin(run, reviewer)
        other = Candidate.objects.filter(request=run.request, duplicate_of=None)
        second = other.exclude(pk=selected_candidate(run=run).pk)[0]
        begin(run, reviewer, is_issue=True, at=At(second.pk, run.target_path))
        approve(run, reviewer)

    def test_an_issue_of_the_request_as_a_whole_does_whoever_raised_it(
        self, run: GenerationRun, reviewer: User, owner: User
    ) -> None:
        begin(run, owner, is_issue=True, at=None)
        with pytest.raises(NotLookedAt):
            approve(run, reviewer)

    def test_it_holds_also_when_an_earlier_approval_comes_to_count(
        self,
        in_review: Callable[..., GenerationRun],
        person: Callable[..., User],
        reviewer: User,
        owner: User,
    ) -> None:
        run = in_review(CLAMP, [RIGHT], title="Keep values in range", target_path="shop/money.py")
        third = person("dora", Role.REVIEWER)
        approve(run, reviewer)
        held = RoleAssignment.objects.get(user=reviewer)
        RoleAssignment.objects.filter(pk=held.pk).delete()
        approve(run, owner)
        begin(run, third, is_issue=True)
        RoleAssignment.objects.create(user=reviewer, scope=held.scope, role=held.role)
        verdict_cast(
            request_id=run.pk,
            reviewer=third,
            verdict=Verdict.RECUSE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
        run.request.refresh_from_db()
        assert run.request.status == "in_review"

    def test_what_is_to_be_confirmed_is_not_settled_by_whoever_resolved_it(
        self, run: GenerationRun, engineer: User, reviewer: User, owner: User
    ) -> None:
        thread = begin(run, reviewer, is_issue=True, needs_confirmation=True)
        thread_resolve(**on(run, thread, engineer))
        with pytest.raises(NotEligible, match="did not resolve it"):
            thread_confirm(**on(run, thread, engineer))
        with pytest.raises(NotLookedAt):
            approve(run, reviewer)
        thread_confirm(**on(run, thread, reviewer))
        approve(run, reviewer)
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewThread.objects.filter(pk=thread.pk).update(confirmed_by=engineer)

    def test_whoever_opened_it_confirms_by_resolving_it(self, run: GenerationRun, reviewer: User) -> None:
        thread = begin(run, reviewer, is_issue=True, needs_confirmation=True)
        thread_resolve(**on(run, thread, reviewer))
        approve(run, reviewer)

    def test_opened_again_it_stands_in_the_way_again(self, run: GenerationRun, reviewer: User) -> None:
        thread = begin(run, reviewer, is_issue=True)
        with pytest.raises(ThreadState):
            thread_reopen(**on(run, thread, reviewer))
        thread_resolve(**on(run, thread, reviewer))
        with pytest.raises(ThreadState):
            thread_resolve(**on(run, thread, reviewer))
        with pytest.raises(ThreadState):
            thread_confirm(**on(run, thread, reviewer))
        thread_reopen(**on(run, thread, reviewer))
        with pytest.raises(NotLookedAt):
            approve(run, reviewer)

    def test_whoever_asked_for_the_code_is_told(self, run: GenerationRun, engineer: User, reviewer: User) -> None:
        begin(run, reviewer)
        told = Notification.objects.filter(recipient=engineer, title__contains="Answer an issue")
        assert not told.exists()
        begin(run, reviewer, is_issue=True)
        assert told.get().url == f"{reverse('generation:review', args=[run.pk])}#comments"


class TestWhoSpeaks:
    def test_reviewers_and_whoever_has_a_part_do_and_nobody_else(
        self, run: GenerationRun, engineer: User, person: Callable[..., User]
    ) -> None:
        begin(run, engineer)
        begin(run, person("lea", Role.QUALITY_LEAD))
        for other in (person("eve", Role.AUDITOR), person("eric", Role.ENGINEER)):
            with pytest.raises(NotEligible):
                begin(run, other)
        with pytest.raises(NotInteractive):
            begin(run, engineer, is_interactive=False)
        assert ReviewThread.objects.count() == 2

    def test_whoever_stepped_aside_is_silent(self, run: GenerationRun, reviewer: User) -> None:
        verdict_cast(
            request_id=run.pk,
            reviewer=reviewer,
            verdict=Verdict.RECUSE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
        with pytest.raises(NotEligible):
            begin(run, reviewer)

    def test_nothing_is_said_after_the_decision(self, run: GenerationRun, owner: User) -> None:
        thread = begin(run, owner)
        CodeGenerationRequest.objects.filter(pk=run.pk).update(status="rejected")
        with pytest.raises(NotInReview):
            reply(run, thread, owner, "One more thing.")

    def test_a_comment_is_bounded(self, run: GenerationRun, reviewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        chosen = selected_candidate(run=run).pk
        for text in ("", "  \r\n ", "x" * 4001):
            with pytest.raises(CommentRefused):
                begin(run, reviewer, text)
        for line in (0, 100_000):
            with pytest.raises(CommentRefused, match="no line"):
                begin(run, reviewer, at=At(chosen, run.target_path, line=line))
        with pytest.raises(NotFound):
            begin(run, reviewer, at=At(chosen, "shop/money.py"))
        monkeypatch.setattr(threads, "AN_HOUR", 1)
        begin(run, reviewer)
        with pytest.raises(TooManyComments):
            begin(run, reviewer)

    def test_each_step_is_in_the_chain_without_words_or_candidate(self, run: GenerationRun, reviewer: User) -> None:
        thread = begin(run, reviewer, "Secret plan", is_issue=True)
        reply(run, thread, reviewer, "Another word")
        thread_resolve(**on(run, thread, reviewer))
        thread_reopen(**on(run, thread, reviewer))
        said = AuditEvent.objects.filter(object_id=str(run.pk), action__startswith="review.").order_by("sequence")
        assert list(said.values_list("action", flat=True)) == [
            "review.issue",
            "review.comment",
            "review.resolve",
            "review.reopen",
        ]
        written = " ".join(str(one.detail) + one.reason for one in said)
        assert "Secret" not in written and str(selected_candidate(run=run).pk) not in written


class TestWhoReads:
    def test_a_reviewer_reads_others_only_after_their_own_verdict(
        self, run: GenerationRun, reviewer: User, owner: User, client: Client
    ) -> None:
        thread = begin(run, owner, "It fails for NaN.")
        page = page_of(client, run, reviewer).content.decode()
        assert "It fails for NaN." not in page and "1 comment of other reviewers is shown after your verdict" in page
        with pytest.raises(NotFound):
            reply(run, thread, reviewer, "Does it?")
        assert client.get("/api/v1/review-threads").json()["items"] == []
        assert client.get("/api/v1/review-comments").json()["items"] == []
        approve(run, reviewer)
        page = page_of(client, run, reviewer).content.decode()
        assert "It fails for NaN." in page and "grace" in page
        assert len(client.get("/api/v1/review-comments").json()["items"]) == 1

    def test_the_requester_reads_all_and_is_read_by_all(
        self, run: GenerationRun, engineer: User, reviewer: User, owner: User, client: Client
    ) -> None:
        thread = begin(run, reviewer, "It fails for NaN.", at=None)
        reply(run, thread, engineer, "NaN is out of scope.")
        begin(run, engineer, "Please look at the names.")
        assert "It fails for NaN." in page_of(client, run, engineer).content.decode()
        assert len(client.get("/api/v1/review-threads").json()["items"]) == 2
        own = page_of(client, run, reviewer).content.decode()
        assert all(text in own for text in ("It fails for NaN.", "NaN is out of scope.", "look at the names"))
        others = page_of(client, run, owner).content.decode()
        assert "look at the names" in others and "NaN" not in others

    def test_who_resolved_a_thread_is_not_named_before_the_verdict(
        self, run: GenerationRun, reviewer: User, owner: User, client: Client
    ) -> None:
        thread = begin(run, reviewer)
        ReviewThread.objects.filter(pk=thread.pk).update(resolved_by=owner, resolved_at=now())
        page = page_of(client, run, reviewer).content.decode()
        assert "Resolved by another reviewer" in page

    def test_a_thread_on_what_is_wrong_on_purpose_is_like_any_other_and_known_to_its_author_alone(
        self, made: Made, engineer: User, reviewer: User, owner: User, client: Client
    ) -> None:
        run = made()
        key = run.request.canary.pk
        begin(run, reviewer, "Is 50 enough?", is_issue=True, at=At(key, run.target_path, line=1))
        assert "Is 50 enough?" in page_of(client, run, reviewer).content.decode()
        assert not Notification.objects.filter(recipient=engineer, title__contains="issue").exists()
        client.force_login(engineer)
        assert "Is 50 enough?" not in page_of(client, run, engineer).content.decode()
        assert client.get("/api/v1/review-threads").json()["items"] == []
        assert "1 comment of other reviewers" in page_of(client, run, owner).content.decode()
        approve(run, reviewer)
        approve(run, owner)

    def test_tests_of_the_others_wait_where_one_may_be_wrong_on_purpose(
        self, made: Made, reviewer: User, client: Client
    ) -> None:
        run = made()
        files = page_of(client, run, reviewer).context["files"]
        chosen = files["letters"].index(files["chosen"])
        for row in files["rows"][1:]:
            labels = [cell["label"] for cell in row["cells"]]
            assert labels.pop(chosen) == "not yet" and labels == ["–", "–"]
            page = page_of(client, run, reviewer, file=row["path"], show="A,B,C")
            assert [pane["letter"] for pane in page.context["panes"]] == [files["chosen"]]


class TestThePage:
    def test_a_comment_is_written_escaped_at_its_line_and_answered(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        client.force_login(reviewer)
        letter = letter_of(run, reviewer, selected_candidate(run=run))
        form = {
            "thread-letter": letter,
            "thread-line": "1",
            "thread-side": "new",
            "thread-text": "<b>Why</b>?\r\nIndeed.",
            "path": run.target_path,
            "place": "only=differing",
        }
        answer = client.post(reverse("generation:thread-new", args=[run.pk]), form)
        thread = ReviewThread.objects.get()
        assert answer["Location"].endswith(f"?only=differing#thread-{thread.pk}")
        assert (thread.line, thread.side, thread.path) == (1, "new", run.target_path)
        page = client.get(answer["Location"]).content.decode()
        assert "&lt;b&gt;Why&lt;/b&gt;?<br>Indeed." in page
        assert f'data-thread-letter="{letter.lower()}"' in page
        sent = client.post(reverse("generation:thread-answer", args=[run.pk, thread.pk]), {"text": "Yes."})
        assert sent.status_code == 302
        for move in ("resolve", "reopen"):
            where = reverse("generation:thread-move", args=[run.pk, thread.pk])
            assert client.post(where, {"move": move}).status_code == 302
        assert client.post(where, {"move": "explode"}).status_code == 404
        assert [one.text for one in thread.comments.order_by("written_at")] == ["<b>Why</b>?\nIndeed.", "Yes."]

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"thread-line": "3"}, "Choose the candidate that the line is of."),
            ({"thread-letter": "A", "thread-line": "9999"}, "There is no line 9999"),
            ({"thread-letter": "A", "path": "elsewhere.py"}, "does not change such a file"),
        ],
    )
    def test_what_cannot_be_kept_comes_back_with_its_words(
        self, run: GenerationRun, reviewer: User, client: Client, fields: dict[str, str], why: str
    ) -> None:
        client.force_login(reviewer)
        form = {"thread-text": "Here is my thought.", "path": run.target_path, **fields}
        answer = client.post(reverse("generation:thread-new", args=[run.pk]), form)
        assert answer.status_code in {404, 422}
        page = answer.content.decode()
        assert why in page and "Here is my thought.</textarea>" in page
        assert not ReviewThread.objects.exists()

    def test_a_reply_that_cannot_be_kept_comes_back(self, run: GenerationRun, reviewer: User, client: Client) -> None:
        thread = begin(run, reviewer)
        client.force_login(reviewer)
        answer = client.post(reverse("generation:thread-answer", args=[run.pk, thread.pk]), {"text": "y" * 4001})
        assert answer.status_code == 422
        assert "at most 4000 characters" in answer.content.decode() and "yyyy</textarea>" in answer.content.decode()

    def test_what_changed_since_is_marked_outdated_and_kept(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        begin(run, reviewer)
        assert ">outdated<" not in page_of(client, run, reviewer).content.decode()
        chosen = selected_candidate(run=run)
        patch = chosen.patch.replace("+    return ", "+    return 0 or ", 1)
        assert patch != chosen.patch
        Candidate.objects.filter(pk=chosen.pk).update(patch=patch)
        page = page_of(client, run, reviewer).content.decode()
        assert ">outdated<" in page and "Why not min()?" in page

    def test_whoever_has_no_say_reads_and_writes_nothing(
        self, run: GenerationRun, reviewer: User, person: Callable[..., User], client: Client
    ) -> None:
        begin(run, reviewer)
        page = page_of(client, run, person("eve", Role.AUDITOR)).content.decode()
        assert "Why not min()?" in page and "Add the comment" not in page
        assert client.post(reverse("generation:thread-new", args=[run.pk]), {}).status_code == 403
        assert AuditEvent.objects.filter(action="review.comment", outcome="denied").count() == 1

    def test_threads_cost_no_query_more(
        self, run: GenerationRun, engineer: User, reviewer: User, client: Client
    ) -> None:
        counts = []
        thread = begin(run, reviewer)
        for number in range(2):
            page_of(client, run, reviewer)
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse("generation:review", args=[run.pk]))
            counts.append(len(captured))
            for _ in range(3):
                begin(run, engineer, is_issue=bool(number))
                reply(run, thread, engineer, "And this?")
        assert counts[0] == counts[1]
