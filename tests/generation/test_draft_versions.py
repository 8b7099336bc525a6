"""Versions of a draft: what was written is kept at each stop worth keeping, seen by its author, and put back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.engine.drafting import MOST_KEPT
from apps.generation.models import CodeGenerationRequest, DraftVersion, SpecificationDraft
from apps.generation.services.draft_versions import DraftSubmitted, version_put_back
from apps.generation.services.drafts import draft_delete, draft_save
from apps.governance.models import User
from apps.governance.records import Holds, Rows, data_class_find
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]
LONG = "\n".join(f"Requirement {number}: it returns the value of line {number}." for number in range(10))


def written(author: User, text: str, draft: SpecificationDraft | None = None, title: str = "T") -> SpecificationDraft:
    """Save *text* as the editor does, on top of what the draft says now."""
    if draft is None:
        saved = draft_save(author=author, title=title, text=text)
    else:
        draft.refresh_from_db()
        saved = draft_save(author=author, title=title, text=text, draft_id=draft.pk, version=draft.version)
    assert saved.draft is not None and not saved.is_copy
    return saved.draft


def pass_time(minutes: int = 10) -> None:
    """Let all that was kept and begun be *minutes* older."""
    ago = timedelta(minutes=minutes)
    SpecificationDraft.objects.update(created_at=F("created_at") - ago, updated_at=F("updated_at") - ago)
    DraftVersion.objects.update(kept_at=F("kept_at") - ago, written_at=F("written_at") - ago)


def kept(draft: SpecificationDraft) -> list[tuple[str, str]]:
    return list(draft.versions.order_by("number").values_list("text", "reason"))


@pytest.fixture
def signed_in(client: Client, engineer: User) -> Client:
    client.force_login(engineer)
    return client


def words_of(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(f"generation:{name}", args=args))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[-1]))


class TestWhatIsKept:
    def test_not_each_save_makes_a_version(self, engineer: User) -> None:
        draft = written(engineer, "one")
        for text in ("one two", "one two three", "one two"):
            written(engineer, text, draft)
        assert kept(draft) == []

    def test_a_change_after_ten_minutes_keeps_what_was_there_before_it(self, engineer: User) -> None:
        draft = written(engineer, "one")
        pass_time()
        written(engineer, "two", draft)
        written(engineer, "three", draft)
        assert kept(draft) == [("one", "writing")]
        version = draft.versions.get()
        assert (version.number, version.title, version.written_by) == (1, "T", engineer)
        assert now() - version.written_at >= timedelta(minutes=10)
        pass_time()
        written(engineer, "four", draft)
        assert kept(draft) == [("one", "writing"), ("three", "writing")]

    def test_a_save_that_changes_nothing_keeps_nothing(self, engineer: User) -> None:
        draft = written(engineer, "one")
        pass_time()
        written(engineer, "one", draft)
        assert kept(draft) == []
        written(engineer, "one", draft, title="Another")
        assert kept(draft) == [("one", "writing")]

    def test_what_is_taken_out_at_once_is_kept_however_soon(self, engineer: User) -> None:
        draft = written(engineer, LONG)
        written(engineer, "Start again.", draft)
        written(engineer, LONG, draft)
        written(engineer, "", draft)
        assert kept(draft) == [(LONG, "cut")], "the same text is not kept twice in a row"

    def test_a_draft_that_is_emptied_stays_when_it_said_much(self, engineer: User) -> None:
        draft = written(engineer, LONG)
        draft_save(author=engineer, title="", text="", draft_id=draft.pk, version=draft.version)
        assert SpecificationDraft.objects.get().text == ""
        assert kept(draft) == [(LONG, "cut")]

    def test_another_tab_that_comes_late_adds_no_version(self, engineer: User) -> None:
        draft = written(engineer, "one")
        written(engineer, "two", draft)
        pass_time()
        late = draft_save(author=engineer, title="T", text="three", draft_id=draft.pk, version=1)
        assert late.is_copy
        assert not DraftVersion.objects.exists()

    def test_what_is_submitted_is_kept_as_that_and_shown_to_no_model(self, engineer: User, submit: Submit) -> None:
        draft = written(engineer, f"{CLAMP}\nA zanzibar that was thought better of.")
        pass_time()
        written(engineer, CLAMP, draft)
        draft.refresh_from_db()
        request = submit(CLAMP, draft=draft)
        assert [reason for _, reason in kept(draft)] == ["writing", "submitted"]
        assert "zanzibar" not in f"{request.specification} {request.context_snapshot} {request.constraints}"

    def test_fifty_are_kept_and_the_oldest_between_go(self, engineer: User) -> None:
        draft = written(engineer, "text 0")
        for number in range(1, MOST_KEPT + 4):
            pass_time()
            written(engineer, f"text {number}", draft)
        texts = [text for text, _ in kept(draft)]
        assert len(texts) == MOST_KEPT
        assert texts[:2] == ["text 0", "text 4"]
        assert texts[-1] == f"text {MOST_KEPT + 2}"

    def test_versions_go_with_the_draft(self, engineer: User) -> None:
        draft = written(engineer, LONG)
        written(engineer, "", draft)
        draft_delete(author=engineer, draft_id=draft.pk)
        assert not DraftVersion.objects.exists()


class TestPuttingBack:
    def test_what_is_said_now_becomes_a_version(self, engineer: User) -> None:
        draft = written(engineer, LONG, title="Before")
        written(engineer, "short", draft, title="After")
        back = version_put_back(author=engineer, draft_id=draft.pk, number=1)
        assert (back.title, back.text) == ("Before", LONG)
        assert kept(draft) == [(LONG, "cut"), ("short", "put_back")]
        again = version_put_back(author=engineer, draft_id=draft.pk, number=2)
        assert (again.title, again.text) == ("After", "short")

    def test_a_tab_that_is_still_open_overwrites_nothing(self, engineer: User) -> None:
        draft = written(engineer, LONG)
        open_tab = written(engineer, "short", draft)
        version_put_back(author=engineer, draft_id=draft.pk, number=1)
        late = draft_save(
            author=engineer, title="T", text="short and more", draft_id=draft.pk, version=open_tab.version
        )
        assert late.is_copy
        draft.refresh_from_db()
        assert draft.text == LONG

    def test_a_submitted_text_stays(self, engineer: User, submit: Submit) -> None:
        draft = written(engineer, f"{CLAMP}\n{LONG}")
        written(engineer, CLAMP, draft)
        draft.refresh_from_db()
        submit(CLAMP, draft=draft)
        with pytest.raises(DraftSubmitted, match=r"what was submitted stays\. Begin another one"):
            version_put_back(author=engineer, draft_id=draft.pk, number=1)

    def test_only_the_author_can_and_only_what_is_there(self, engineer: User, owner: User) -> None:
        draft = written(engineer, LONG)
        written(engineer, "", draft)
        with pytest.raises(NotFound, match="no such draft of yours"):
            version_put_back(author=owner, draft_id=draft.pk, number=1)
        for number in (0, 2, 10**20):
            with pytest.raises(NotFound, match="Choose one of those that are listed"):
                version_put_back(author=engineer, draft_id=draft.pk, number=number)


class TestRetention:
    @pytest.fixture
    def old(self, engineer: User, repository: Repository, submit: Submit) -> SpecificationDraft:
        draft = draft_save(author=engineer, title="T", text=CLAMP, repository=repository).draft
        assert draft is not None
        submit(CLAMP, draft=draft)
        draft_save(author=engineer, title="Unsent", text=LONG, draft_id=(other := uuid4()))
        draft_save(author=engineer, title="Unsent", text="", draft_id=other, version=1)
        pass_time(60 * 24 * 400)
        return draft

    @staticmethod
    def purged(holds: Holds) -> int:
        data = data_class_find("draft_versions")
        assert data is not None and isinstance(data.kept, Rows)
        return data.kept.purge(now() - timedelta(days=data.days.default), holds, 10)

    def test_old_versions_go_and_the_draft_stays(self, old: SpecificationDraft) -> None:
        assert self.purged(Holds()) == 2
        assert not DraftVersion.objects.exists()
        assert SpecificationDraft.objects.filter(pk=old.pk, text=CLAMP).exists()

    def test_what_is_held_stays(self, old: SpecificationDraft, engineer: User, repository: Repository) -> None:
        request = old.runs.get().pk
        assert self.purged(Holds(people=frozenset({engineer.pk}))) == 0
        for holds in (Holds(scopes=frozenset({repository.scope_id})), Holds(requests=frozenset({request}))):
            self.purged(holds)
            assert old.versions.exists()


class TestPages:
    def test_the_list_says_when_by_whom_and_how_much(self, signed_in: Client, engineer: User) -> None:
        draft = written(engineer, LONG)
        pass_time()
        written(engineer, f"{LONG}\nIt never raises.\nIt is quick.", draft)
        pass_time()
        written(engineer, "Start again.", draft, title="Another")
        text = words_of(signed_in, "spec-versions", draft.pk)
        assert "Since the newest version: another title, 1 line added, 12 lines removed." in text
        first, second = text.index("Version 1"), text.index("Version 2")
        assert second < first
        assert "While it was written" in text and engineer.username in text and "20 min ago" in text
        assert "2 lines added" in text[second:first] and "10 lines added" in text[first:]

    def test_a_young_draft_says_why_there_are_none(self, signed_in: Client, engineer: User) -> None:
        text = words_of(signed_in, "spec-versions", written(engineer, "one").pk)
        assert "No versions yet" in text
        assert "10 minutes old" in text and "At most 50 are kept" in text

    def test_a_version_is_compared_with_the_text_now_and_put_back(self, signed_in: Client, engineer: User) -> None:
        draft = written(engineer, LONG, title="<b>Before</b>")
        written(engineer, LONG[:60], draft, title="After")
        page = signed_in.get(reverse("generation:spec-version", args=[draft.pk, 1])).content.decode()
        assert "line--del" in page and "&lt;b&gt;Before" in page and "<b>Before" not in page
        answer = signed_in.post(reverse("generation:spec-put-back", args=[draft.pk, 1]), follow=True)
        assert answer.redirect_chain[-1][0] == reverse("generation:spec-edit", args=[draft.pk])
        assert "The draft says what it said in version 1." in answer.content.decode()
        draft.refresh_from_db()
        assert draft.text == LONG
        text = words_of(signed_in, "spec-version", draft.pk, 1)
        assert "The text is the same." in text and "Put it back" not in text

    def test_another_draft_begins_with_a_version(self, signed_in: Client, engineer: User) -> None:
        draft = written(engineer, LONG)
        written(engineer, "short", draft)
        new = reverse("generation:spec-new")
        page = signed_in.get(f"{new}?draft={draft.pk.hex}&version=1").content.decode()
        assert "Requirement 9" in page
        assert str(draft.pk) not in page.split("<form")[-1]
        assert signed_in.get(f"{new}?draft={draft.pk.hex}&version=7").status_code == 404
        assert "short" in signed_in.get(f"{new}?draft={draft.pk.hex}&version=x").content.decode()

    def test_after_the_submission_versions_are_read_from_the_request(
        self, signed_in: Client, engineer: User, reviewer: User, submit: Submit
    ) -> None:
        draft = written(engineer, f"{CLAMP}\n{LONG}")
        written(engineer, CLAMP, draft)
        draft.refresh_from_db()
        request = submit(CLAMP, draft=draft, title="A clamp")
        address = reverse("generation:spec-versions", args=[draft.pk])
        detail = reverse("generation:request-detail", args=[request.pk])
        assert address in signed_in.get(detail).content.decode()
        text = words_of(signed_in, "spec-versions", draft.pk)
        assert "As it was submitted" in text and "Go on writing" not in text
        assert "Put it back" not in words_of(signed_in, "spec-version", draft.pk, 1)
        refused = signed_in.post(reverse("generation:spec-put-back", args=[draft.pk, 1]))
        assert refused.status_code == 409
        signed_in.force_login(reviewer)
        assert address not in signed_in.get(detail).content.decode()

    def test_nobody_else_sees_any_of_it(
        self, client: Client, engineer: User, owner: User, repository: Repository
    ) -> None:
        draft = written(engineer, LONG)
        written(engineer, "", draft)
        client.force_login(owner)
        for name, args in (("spec-versions", [draft.pk]), ("spec-version", [draft.pk, 1])):
            assert client.get(reverse(f"generation:{name}", args=args)).status_code == 404
        assert client.post(reverse("generation:spec-put-back", args=[draft.pk, 1])).status_code == 404
        assert client.get(reverse("generation:spec-new"), {"draft": draft.pk.hex, "version": 1}).status_code == 404
        assert client.get(reverse("generation:spec-versions", args=[uuid4()])).status_code == 404

    def test_the_list_takes_as_many_queries_for_one_as_for_many(self, signed_in: Client, engineer: User) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                words_of(signed_in, "spec-versions", draft.pk)
            return len(captured)

        draft = written(engineer, "text")
        pass_time()
        written(engineer, "text 0", draft)
        queries()
        before = queries()
        for number in range(1, 20):
            pass_time()
            written(engineer, f"text {number}", draft)
        assert queries() == before
