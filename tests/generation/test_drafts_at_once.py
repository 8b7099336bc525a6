"""Two tabs that write one draft at the same moment lose nothing, and its versions are counted once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from apps.core.clock import now
from apps.generation.models import DraftVersion, SpecificationDraft
from apps.generation.services.draft_versions import version_put_back
from apps.generation.services.drafts import draft_save
from apps.governance.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def together(*writes: Callable[[], object]) -> None:
    """Begin all of *writes* at the same moment, each on a connection of its own."""
    begin = threading.Barrier(len(writes), timeout=60)
    done: list[object] = []

    def run(write: Callable[[], object]) -> None:
        try:
            begin.wait()
            done.append(write())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(write,)) for write in writes]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=120)
    assert len(done) == len(writes)


@pytest.fixture
def draft(engineer: User) -> SpecificationDraft:
    """A draft that was begun long enough ago for a version to be due."""
    return SpecificationDraft.objects.create(
        author=engineer, title="T", text="first", created_at=now() - timedelta(hours=1)
    )


def save(draft: SpecificationDraft, text: str) -> Callable[[], object]:
    return partial(draft_save, author=draft.author, title="T", text=text, draft_id=draft.pk, version=draft.version)


def test_one_of_two_saves_becomes_a_copy(draft: SpecificationDraft) -> None:
    together(save(draft, "left"), save(draft, "right"))
    assert set(SpecificationDraft.objects.values_list("text", flat=True)) == {"left", "right"}
    assert DraftVersion.objects.get().text == "first"


def test_a_save_and_an_older_version_that_is_put_back_leave_both_texts(draft: SpecificationDraft) -> None:
    save(draft, "second")()
    draft.refresh_from_db()
    together(save(draft, "third"), partial(version_put_back, author=draft.author, draft_id=draft.pk, number=1))
    drafts = set(SpecificationDraft.objects.values_list("text", flat=True))
    kept = set(DraftVersion.objects.values_list("text", flat=True))
    is_saved_first = (drafts, kept) == ({"first"}, {"first", "third"})
    assert is_saved_first or (drafts, kept) == ({"first", "third"}, {"first", "second"})
    numbers = list(draft.versions.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
