"""An approval counts only from whoever ticked each file of the candidate, and is confirmed once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import NotFound
from apps.generation.models import Candidate, GenerationRun, ViewedFile
from apps.generation.selectors import candidates_of, lettered
from apps.generation.services.file_marks import file_mark
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import verdict_cast
from apps.generation.services.viewing import NotLookedAt, digests_of
from apps.governance.models import AuditEvent, Ballot, User
from apps.governance.services import ContentChanged, NotEligible, NotInteractive
from apps.governance.types import Verdict
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    """A request in review, with a right and a wrong candidate."""
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range")


def letter_of(run: GenerationRun, user: User) -> str:
    chosen = selected_candidate(run=run)
    return next(one.letter for one in lettered(run, user, candidates_of(run)) if one.candidate == chosen)


def mark(run: GenerationRun, reviewer: User, path: str, **options: Any) -> None:
    candidate = selected_candidate(run=run)
    values = {
        "candidate_id": candidate.pk,
        "digest": digests_of(run, candidate).get(path, ""),
        "is_viewed": True,
        "is_interactive": True,
    }
    file_mark(request_id=run.pk, reviewer=reviewer, path=path, **{**values, **options})


def approve(run: GenerationRun, reviewer: User, verdict: Verdict = Verdict.APPROVE) -> Ballot:
    return verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=verdict,
        digest=review_digest(run=run),
        is_interactive=True,
        rationale="Because of the edges.",
    )


def post(client: Client, run: GenerationRun, **fields: str) -> HttpResponse:
    form = {"digest": review_digest(run=run), "preference": "none", "verdict": "approve", **fields}
    return client.post(reverse("generation:verdict", args=[run.pk]), form)


class TestTicks:
    def test_code_tests_and_page_are_to_be_ticked_each(self, run: GenerationRun, reviewer: User) -> None:
        paths = list(digests_of(run, selected_candidate(run=run)))
        assert [run.target_path in paths, len(paths)] == [True, 3]
        for path in paths:
            with pytest.raises(NotLookedAt, match=path):
                approve(run, reviewer)
            mark(run, reviewer, path)
        approve(run, reviewer)

    def test_a_refusal_names_what_is_missing_and_stores_nothing(self, run: GenerationRun, reviewer: User) -> None:
        first, *others = digests_of(run, selected_candidate(run=run))
        mark(run, reviewer, first)
        with pytest.raises(NotLookedAt) as refused:
            approve(run, reviewer)
        assert first not in refused.value.message
        assert all(path in refused.value.message for path in others)
        assert not Ballot.objects.exists()

    def test_only_an_approval_needs_them(self, run: GenerationRun, reviewer: User, owner: User) -> None:
        approve(run, owner, Verdict.RECUSE)
        approve(run, reviewer, Verdict.REQUEST_CHANGES)
        assert Ballot.objects.count() == 2

    def test_one_reviewers_ticks_are_not_anothers(self, run: GenerationRun, reviewer: User, owner: User) -> None:
        look_at(run, reviewer)
        with pytest.raises(NotLookedAt):
            approve(run, owner)

    def test_a_file_that_changed_is_not_viewed_any_more(self, run: GenerationRun, reviewer: User) -> None:
        look_at(run, reviewer)
        chosen = selected_candidate(run=run)
        patch = chosen.patch.replace('"""Return', '"""Give', 1).replace("+def test_", "+def test_that_", 1)
        assert patch != chosen.patch
        Candidate.objects.filter(pk=chosen.pk).update(patch=patch)
        with pytest.raises(NotLookedAt):
            approve(run, reviewer)

    def test_a_tick_is_taken_back(self, run: GenerationRun, reviewer: User) -> None:
        mark(run, reviewer, run.target_path)
        mark(run, reviewer, run.target_path)
        assert ViewedFile.objects.count() == 1
        mark(run, reviewer, run.target_path, is_viewed=False)
        assert not ViewedFile.objects.exists()

    def test_what_is_ticked_is_what_was_shown(self, run: GenerationRun, reviewer: User) -> None:
        with pytest.raises(ContentChanged, match="changed while you were reading"):
            mark(run, reviewer, run.target_path, digest="e" * 64)
        with pytest.raises(NotFound):
            mark(run, reviewer, "shop/money.py")
        with pytest.raises(NotFound):
            mark(run, reviewer, run.target_path, candidate_id=run.pk)

    def test_only_who_may_vote_ticks(self, run: GenerationRun, reviewer: User, engineer: User) -> None:
        with pytest.raises(NotEligible):
            mark(run, engineer, run.target_path)
        with pytest.raises(NotInteractive):
            mark(run, reviewer, run.target_path, is_interactive=False)


class TestThePage:
    def test_it_lists_the_files_and_ticks_the_one_in_view(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        client.force_login(reviewer)
        review = reverse("generation:review", args=[run.pk])
        page = client.get(review)
        files = page.context["files"]
        assert (files["viewed"], files["needed"], files["file"]) == (0, 3, run.target_path)
        assert b'name="verdict" value="approve" required disabled' in page.content.replace(b' id="id_verdict_0"', b"")
        letter = letter_of(run, reviewer)
        for row in files["rows"]:
            shown = client.get(f"{review}{row['url']}")
            pane = next(one for one in shown.context["panes"] if one["letter"] == letter)
            sent = {"path": row["path"], "place": shown.context["files"]["place"], "tick": pane["tick"]["value"]}
            answer = client.post(reverse("generation:review-viewed", args=[run.pk]), sent)
            assert answer.status_code == 302
            assert answer["Location"].startswith(review)
        page = client.get(review)
        assert page.context["files"]["viewed"] == 3
        assert b"disabled" not in page.content.split(b'value="approve"')[1].split(b">")[0]

    def test_a_script_gets_only_what_changed(self, run: GenerationRun, reviewer: User, client: Client) -> None:
        client.force_login(reviewer)
        letter = letter_of(run, reviewer)
        digest = digests_of(run, selected_candidate(run=run))[run.target_path]
        answer = client.post(
            reverse("generation:review-viewed", args=[run.pk]),
            {"path": run.target_path, "tick": f"{letter} {digest}"},
            headers={"HX-Request": "true"},
        ).content.decode()
        assert answer.startswith('<div class="files" id="files">')
        assert "1 of 3" in answer.replace('<span class="num">', "").replace("</span>", "")
        assert f'id="tick-{letter.lower()}"' in answer and f'name="untick" value="{letter} {digest}"' in answer
        assert "<html" not in answer

    def test_whoever_has_no_vote_sees_no_ticks(self, run: GenerationRun, engineer: User, client: Client) -> None:
        client.force_login(engineer)
        page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
        assert "Mark viewed" not in page
        answer = client.post(reverse("generation:review-viewed", args=[run.pk]), {"tick": "A x", "path": "p"})
        assert answer.status_code == 403

    def test_another_file_is_shown_for_the_candidates_that_have_it(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        client.force_login(reviewer)
        review = reverse("generation:review", args=[run.pk])
        paths = [row["path"] for row in client.get(review).context["files"]["rows"]]
        for path in paths[1:]:
            page = client.get(review, {"file": path})
            assert [pane["depth"] for pane in page.context["panes"]] == [""] * len(page.context["panes"])
            assert f'name="path" value="{path}"' in page.content.decode()
        assert client.get(review, {"file": "../etc/passwd"}).context["files"]["file"] == run.target_path

    def test_only_what_differs_is_shown_on_demand(self, run: GenerationRun, reviewer: User, client: Client) -> None:
        client.force_login(reviewer)
        review = reverse("generation:review", args=[run.pk])
        page = client.get(review, {"show": "A,B", "only": "differing"})
        assert page.context["views"]["is_filtered"]
        whole = client.get(review, {"show": "A,B"})
        counts = [[len(pane["lines"]) for pane in one.context["panes"]] for one in (page, whole)]
        assert all(few <= many for few, many in zip(*counts, strict=True))

    def test_ticks_cost_no_query_more(self, run: GenerationRun, reviewer: User, client: Client) -> None:
        client.force_login(reviewer)
        review = reverse("generation:review", args=[run.pk])
        counts = []
        for _ in range(2):
            client.get(review)
            with CaptureQueriesContext(connection) as captured:
                client.get(review)
            counts.append(len(captured))
            look_at(run, reviewer)
        assert counts[0] == counts[1]


class TestConfirming:
    def test_an_approval_is_confirmed_on_a_page_that_says_what_is_approved(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        client.force_login(reviewer)
        look_at(run, reviewer)
        page = post(client, run, rationale="It is <short>.", **{"correct-A": "4"})
        assert page.status_code == 200
        assert not Ballot.objects.exists()
        text = page.content.decode()
        digest = review_digest(run=run)
        letter = letter_of(run, reviewer)
        for said in (f"<h1>Approve {letter}?</h1>", run.title, digest, "3 of 3", run.target_path, "&lt;short&gt;"):
            assert said in text, said
        assert '<input type="hidden" name="correct-A" value="4">' in text
        assert post(client, run, confirmed=digest, **{"correct-A": "4"}).status_code == 302
        assert Ballot.objects.get().verdict == "approve"

    def test_a_confirmation_of_something_else_confirms_nothing(
        self, run: GenerationRun, reviewer: User, client: Client
    ) -> None:
        client.force_login(reviewer)
        look_at(run, reviewer)
        assert post(client, run, confirmed="e" * 64).status_code == 200
        assert not Ballot.objects.exists()

    def test_sent_twice_it_is_cast_once(self, run: GenerationRun, reviewer: User, owner: User, client: Client) -> None:
        look_at(run, reviewer, owner)
        digest = review_digest(run=run)
        form = {"digest": digest, "confirmed": digest, "preference": "none", "verdict": "approve"}
        for person in (reviewer, owner):
            client.force_login(person)
            for _ in range(2):
                answer = client.post(reverse("generation:verdict", args=[run.pk]), form)
                assert answer.status_code == 302
        assert Ballot.objects.count() == 2
        client.force_login(owner)
        other = {**form, "verdict": "block", "rationale": "Not after all."}
        assert client.post(reverse("generation:verdict", args=[run.pk]), other).status_code == 409

    def test_going_back_keeps_every_word(self, run: GenerationRun, reviewer: User, client: Client) -> None:
        client.force_login(reviewer)
        look_at(run, reviewer)
        page = post(client, run, back="1", rationale="Short and clear.", **{"readable-A": "2"})
        assert page.status_code == 200
        assert b"Short and clear." in page.content
        assert b'<option value="2" selected>2</option>' in page.content
        assert not Ballot.objects.exists()

    def test_other_verdicts_are_confirmed_only_when_sent_with_a_shortcut(
        self, run: GenerationRun, owner: User, client: Client
    ) -> None:
        client.force_login(owner)
        page = post(client, run, verdict="block", rationale="Wrong at the edges.", ask="1")
        assert f"<h1>Block {letter_of(run, owner)}?</h1>" in page.content.decode()
        assert not Ballot.objects.exists()
        assert post(client, run, verdict="block", rationale="Wrong at the edges.").status_code == 302
        assert Ballot.objects.get().verdict == "block"

    def test_whoever_steps_aside_is_not_said_to_take_anything(
        self, run: GenerationRun, owner: User, client: Client
    ) -> None:
        client.force_login(owner)
        page = post(client, run, verdict="recuse", preference="", ask="1").content.decode()
        assert "<h1>Step aside" in page
        assert "You would take" not in page

    @pytest.mark.parametrize("is_confirmed", [True, False])
    def test_what_was_not_ticked_is_refused_in_a_sentence_recorded_and_its_words_kept(
        self, run: GenerationRun, reviewer: User, client: Client, is_confirmed: bool
    ) -> None:
        client.force_login(reviewer)
        fields = {"confirmed": review_digest(run=run)} if is_confirmed else {}
        answer = post(client, run, rationale="Fine by me.", **fields)
        assert answer.status_code == 409
        text = answer.content.decode()
        assert "You have not ticked" in text and run.target_path in text
        assert "Fine by me." in text
        denied = AuditEvent.objects.get(action="ballot.cast", outcome="denied")
        assert (denied.actor_id, denied.detail["code"]) == (str(reviewer.pk), "review.not_looked_at")
        assert not Ballot.objects.exists()
