"""A verdict is about exactly what was there: one byte more of the patch, the base or the evidence, and it is void."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from django.db import connection
from django.test import Client

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import CONTENT_CHANGED, review_decision, verdict_cast
from apps.governance.models import Ballot, User
from apps.governance.types import Verdict
from tests.generation.test_review import run
from tests.git import git
from tests.viewed import look_at

__all__ = ["run"]

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE_S = 2.0
BANNER = "Your verdict is void: the patch, its base or its evidence changed after you gave it."


# In evidence, which is JSON, a byte goes into the first of these texts.
TEXTS = "version|family|error"


def one_byte_more(table: str, column: str, where: str, *, is_json: bool = False) -> Callable[[GenerationRun], None]:
    """Return what makes *column* one byte longer."""
    longer = f"regexp_replace({column}::text, '(\"({TEXTS})\": \")', '\\1x')::jsonb" if is_json else f"{column} || ' '"

    def change(run: GenerationRun) -> None:
        names = {"run": run.pk, "chosen": selected_candidate(run=run).pk}
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = {longer} WHERE {where}", names)  # noqa: S608
            assert cursor.rowcount >= 1

    return change


CHOSEN = "id = %(chosen)s"
OTHERS = "request_id = %(run)s AND id <> %(chosen)s"
EVIDENCE = {
    "the patch": one_byte_more("generation_candidate", "patch", CHOSEN),
    "another candidate's patch": one_byte_more("generation_candidate", "patch", OTHERS),
    "its checks": one_byte_more("generation_candidate", "checks", CHOSEN, is_json=True),
    "what it returned": one_byte_more("generation_candidate", "outcomes", CHOSEN, is_json=True),
    "what gates were measured on": one_byte_more("generation_candidate", "gates_basis", CHOSEN),
    "the specification": one_byte_more("code_generation_requests", "specification", "id = %(run)s"),
    "the vote of the models": one_byte_more(
        "code_generation_consensus", "voting_details", "request_id = %(run)s", is_json=True
    ),
}


def vote(run: GenerationRun, reviewer: User) -> Ballot:
    run = GenerationRun.objects.get(pk=run.pk)
    look_at(run, reviewer)
    return verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.APPROVE,
        digest=review_digest(run=run),
        is_interactive=True,
    )


def why_void(run: GenerationRun, client: Client, seconds: list[float]) -> str:
    """Return the reason for which the page says that the verdict is void, empty where it counts; time the page."""
    counted = review_decision(run=GenerationRun.objects.get(pk=run.pk)).filled
    began = time.monotonic()
    page = client.get(f"/requests/{run.pk}/review").content.decode()
    seconds.append(time.monotonic() - began)
    assert (BANNER in page) == ('id="verdict"' in page) == (not counted)
    return CONTENT_CHANGED if CONTENT_CHANGED in page.partition("<main")[2] and not counted else ""


@pytest.mark.slow
@pytest.mark.bar(4)
def test_one_byte_of_anything_that_was_seen_voids_the_verdict_and_the_page_says_so(
    run: GenerationRun, reviewer: User, client: Client, code: Path
) -> None:
    seconds: list[float] = []
    client.force_login(reviewer)
    client.get(f"/requests/{run.pk}/review")  # the first page pays for what others find there
    for name, change in EVIDENCE.items():
        vote(run, reviewer)
        assert why_void(run, client, seconds) == "", name
        change(run)
        assert why_void(run, client, seconds) == CONTENT_CHANGED, name
    vote(run, reviewer)
    git(code, "commit", "--quiet", "--allow-empty", "-m", "Later")
    GenerationRun.objects.filter(pk=run.pk).update(base_sha=git(code, "rev-parse", "HEAD"))
    assert why_void(run, client, seconds) == CONTENT_CHANGED
    vote(run, reviewer)
    kept = Ballot.objects.filter(voter=reviewer)
    assert kept.filter(voided_at__isnull=True).count() == 1
    assert set(kept.exclude(voided_at=None).values_list("void_reason", flat=True)) == {CONTENT_CHANGED}
    assert median(seconds) < AT_ONCE_S  # of 15 pages: one of them may meet a busy machine
