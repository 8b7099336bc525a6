"""Review depth: counted with a verdict, told ten at a time, and never of a person."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.highlighting import changed_count, diff_lines
from apps.generation.models import GenerationRun, ReviewCount
from apps.generation.selectors import depths_of
from apps.generation.services.group_counts import depth_count
from apps.generation.services.review_subject import review_digest
from apps.governance.models import AuditEvent, Ballot, RoleAssignment, Scope, User
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range")


def cast(client: Client, run: GenerationRun, **fields: str) -> int:
    look_at(run, User.objects.get(pk=client.session["_auth_user_id"]))
    digest = review_digest(run=run)
    form = {"digest": digest, "confirmed": digest, "preference": "A", "verdict": "approve", **fields}
    return client.post(reverse("generation:verdict", args=[run.pk]), form).status_code


def rows() -> list[tuple[str | None, int | None, int]]:
    stored = (
        ReviewCount.objects.filter(measure="depth").order_by("month", "value").values_list("month", "value", "reviews")
    )
    return [(month and "told", value, reviews) for month, value, reviews in stored]


def fill(repository: Repository, *percents: int | None) -> None:
    for percent in percents:
        depth_count(repository=repository, percent=percent)


@pytest.mark.parametrize(("sent", "tenth"), [("73", 7), ("100", 9), ("-5", 0), ("many", None), (None, None)])
def test_a_verdict_adds_to_one_count_whatever_the_form_says(
    run: GenerationRun, reviewer: User, client: Client, sent: str | None, tenth: int | None
) -> None:
    client.force_login(reviewer)
    assert cast(client, run, **({} if sent is None else {"depth": sent})) == 302
    assert rows() == [(None, tenth, 1)]
    assert Ballot.objects.count() == 1


def test_a_verdict_that_is_refused_counts_nothing(run: GenerationRun, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    assert cast(client, run, depth="50") == 403
    assert rows() == []


def test_nothing_that_is_stored_links_a_person_and_a_depth(run: GenerationRun, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    cast(client, run, depth="73")
    ballot = json.loads(serializers.serialize("json", Ballot.objects.all()))[0]["fields"]
    assert "depth" not in json.dumps(ballot)
    assert all("depth" not in json.dumps(event.detail) for event in AuditEvent.objects.all())
    names = {field.name for field in ReviewCount._meta.get_fields()}
    assert names == {"id", "repository", "month", "measure", "value", "reviews"}


def test_counts_wait_until_ten_reviews_were_measured_and_are_told_together(repository: Repository) -> None:
    fill(repository, *[95] * 6, None, *[35] * 3)
    assert {month for month, _, _ in rows()} == {None}
    fill(repository, 5)
    assert [row for row in rows() if row[0]] == [("told", 0, 1), ("told", 3, 3), ("told", 9, 6), ("told", None, 1)]
    assert all(reviews == 0 for month, _, reviews in rows() if month is None)
    fill(repository, 5)
    assert [row for row in rows() if row[0]] == [("told", 0, 1), ("told", 3, 3), ("told", 9, 6), ("told", None, 1)]


def test_the_counts_of_one_repository_are_not_told_with_those_of_another(repository: Repository, scope: Scope) -> None:
    elsewhere = Scope.objects.create(organisation=scope.organisation, repository="other")
    other = Repository.objects.create(scope=elsewhere, name="other", path="/srv/other")
    fill(repository, *[50] * 9)
    fill(other, 50)
    assert {month for month, _, _ in rows()} == {None}


def test_a_month_begins_on_its_first_day_and_there_are_ten_tenths(repository: Repository) -> None:
    for wrong in ({"value": 10}, {"month": "2026-11-02"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewCount.objects.create(repository=repository, measure="depth", reviews=1, **wrong)


def test_the_page_says_how_many_are_missing_and_then_where_the_quarters_lie(
    repository: Repository, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    address = reverse("generation:depth")
    assert "0 of 10 reviews needed" in client.get(address).content.decode()
    fill(repository, *[95] * 6, None, *[35] * 3)
    page = client.get(address).content.decode()
    assert "9 of 10 reviews needed" in page
    assert "90 to 100 %" not in page
    fill(repository, 5)
    page = client.get(address).content.decode()
    assert "The median of 10 reviews had 90 to 100 % of the changed lines in view" in page
    assert "a quarter of them had 30 to 40 % or less. 1 more could not be measured." in page
    assert page.count("of 10 reviews needed") == page.count("0 of 10 reviews needed") == 1


def test_the_file_and_the_api_hold_only_what_was_told(repository: Repository, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)
    fill(repository, *[95] * 9)
    assert len(list(csv.reader(client.get(reverse("generation:depth-export")).content.decode().splitlines()))) == 1
    assert client.get("/api/v1/review-counts").json()["items"] == []
    fill(repository, 15, 25)
    lines = list(csv.reader(client.get(reverse("generation:depth-export")).content.decode().splitlines()))
    assert [line[0] for line in lines[1:]] == ["shop"] * 11
    assert [line[5] for line in lines[1:]] == ["0", "1", "0", "0", "0", "0", "0", "0", "0", "9", "0"]
    items = client.get("/api/v1/review-counts").json()["items"]
    assert sorted((item["value"], item["reviews"]) for item in items) == [(1, 1), (9, 9)]


def test_whoever_may_read_no_repository_sees_none(repository: Repository, client: Client) -> None:
    fill(repository, *[95] * 10)
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert b"No repository that you can read" in client.get(reverse("generation:depth")).content
    assert client.get("/api/v1/review-counts").json()["items"] == []


def test_the_page_takes_as_many_queries_for_three_repositories_as_for_one(
    repository: Repository, scope: Scope, reviewer: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            depths_of(reviewer)
        return len(captured)

    before = queries()
    for name in ("a", "b"):
        place = Scope.objects.create(organisation=scope.organisation, repository=name)
        RoleAssignment.objects.create(user=reviewer, scope=place, role=RoleAssignment.Role.REVIEWER)
        fill(Repository.objects.create(scope=place, name=name, path=f"/srv/{name}"), *[50] * 12)
    assert [one.measured for one in depths_of(reviewer)] == [10, 10, 0]
    assert queries() == before


def test_the_form_knows_how_many_lines_the_page_marks_as_changed(
    run: GenerationRun, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert 'data-depth-total="2"' in page
    assert 'data-depth-lines="all"' in page
    before, after = "a\nb\nc\n", "a\nB\nc\nd\n"
    assert changed_count(before, after) == sum(line.kind != "same" for line in diff_lines(before, after)) == 3
