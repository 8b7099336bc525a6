"""Findings beside the editor are accepted or put aside, with scripts and without, and stay so with the draft."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import SpecificationDraft
from apps.governance.models import User
from apps.repositories.models import Repository

pytestmark = pytest.mark.django_db

TEXT = (
    "Write `def f(xs: list[int]) -> int`.\n\n- It returns the number of them.\n- The rest is sorted.\n\n>>> f([1])\n1\n"
)
VAGUE = "\n".join(f"- It is fast in case {number} and returns {number}." for number in range(9))


@pytest.fixture
def editor(client: Client, repository: Repository, engineer: User) -> Client:
    client.force_login(engineer)
    return client


def save(client: Client, *, is_scripted: bool = True, **values: Any) -> str:
    """Send the form as it stands and return the page or the fragment that answers."""
    said = {"title": "T", "text": TEXT, "repository": "shop", **values}
    headers = {"HTTP_HX_REQUEST": "true"} if is_scripted else {}
    return client.post(reverse("generation:spec-save"), said, follow=True, **headers).content.decode()


def keys(page: str) -> list[str]:
    return re.findall(r'data-finding="([0-9a-f]{12})"', page)


def draft_fields() -> dict[str, Any]:
    draft = SpecificationDraft.objects.get()
    return {"draft": draft.pk.hex, "version": draft.version, "put_aside": draft.put_aside}


def test_what_is_put_aside_stays_away_until_it_is_shown_again(editor: Client) -> None:
    page = save(editor)
    first, *rest = keys(page)
    assert rest
    assert first not in keys(save(editor, aside=first, **draft_fields()))
    page = editor.get(reverse("generation:spec-edit", args=[SpecificationDraft.objects.get().pk])).content.decode()
    assert sorted(keys(page)) == sorted(rest)
    assert "1 put aside." in page
    assert first in keys(save(editor, show_again="yes", **draft_fields()))


def test_without_scripts_a_button_writes_the_suggestion_into_the_text(editor: Client) -> None:
    page = save(editor, is_scripted=False)
    accept = re.findall(r'name="accept" value="([0-9a-f]{12})"', page)[0]
    after = save(editor, is_scripted=False, accept=accept, **draft_fields())
    assert accept not in keys(after)
    draft = SpecificationDraft.objects.get()
    assert draft.text.startswith(TEXT[: TEXT.index("\n\n>>>")])
    assert len(draft.text) > len(TEXT)


def test_a_key_that_is_none_is_not_kept(editor: Client) -> None:
    save(editor, put_aside=["<script>", "0" * 12, "x"])
    assert SpecificationDraft.objects.get().put_aside == ["0" * 12]


def test_the_marks_for_the_editor_are_where_the_words_are(editor: Client) -> None:
    page = save(editor)
    (source,) = re.findall(r'<script id="editor-marks" type="application/json">(.*?)</script>', page)
    marks = json.loads(source)
    words = {TEXT[one["start"] : one["end"]] for one in marks["findings"]}
    assert {"f", "sorted"} <= words
    assert [TEXT[one["start"] : one["end"]] for one in marks["criteria"]] == [
        "It returns the number of them.",
        "The rest is sorted.",
    ]
    assert {one["key"] for one in marks["findings"]} == set(keys(page))


def test_five_questions_are_shown_and_the_rest_opens(editor: Client) -> None:
    page = save(editor, text=VAGUE)
    shown, rest = page.split('<details class="fold" id="findings-rest">')
    assert len(keys(shown)) == 5
    assert f"and {len(keys(rest))} more" in rest
    assert len(keys(rest)) > 4
