"""What happened in a request: its log, its stages, its place in the queue and how long others took."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun, StageRecord
from apps.generation.pace import pace_of, queue_words
from apps.generation.services.guidance import guidance_add
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import verdict_cast
from apps.generation.services.watching import watchers_of
from apps.governance.models import User
from apps.governance.selectors import display_name
from apps.governance.types import Verdict
from apps.jobs.models import Job, JobEvent
from apps.providers.models import Provider
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, UNPARSABLE
from tests.generation.test_progress_page import page_of
from tests.shop import work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]


@pytest.fixture
def reviewed(in_review: Callable[..., GenerationRun]) -> CodeGenerationRequest:
    """A request in review."""
    return in_review(CLAMP, [RIGHT], title="Keep values in range").request


def lines_of(client: Client, request: CodeGenerationRequest, show: str) -> list[dict[str, str]]:
    response = client.get(f"{reverse('generation:request-log-file', args=[request.pk])}?log={show}")
    assert response["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.getvalue().decode().splitlines()]


def test_the_log_tells_milestones_tools_or_all_and_can_be_taken_away(
    reviewed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    milestones, tools, everything = (lines_of(client, reviewed, show) for show in ("milestones", "tools", "all"))
    assert {line["kind"] for line in milestones} == {"milestone"}
    assert {line["kind"] for line in tools} == {"tool"}
    assert len(everything) == len(milestones) + len(tools)
    assert [line["at"] for line in everything] == sorted(line["at"] for line in everything)
    texts = [line["text"] for line in milestones]
    assert "Generation was queued." in texts
    assert "Generation succeeded." in texts
    assert any("test-model was asked; answered" in line["text"] for line in tools)
    page = client.get(f"{reverse('generation:request-detail', args=[reviewed.pk])}?log=tools").content.decode()
    assert "test-model was asked" in page
    assert "Generation was queued." not in page


@pytest.mark.bar(5)
def test_who_has_not_voted_yet_reads_no_model_in_it(
    reviewed: CodeGenerationRequest, reviewer: User, client: Client
) -> None:
    client.force_login(reviewer)
    assert "test-model" not in json.dumps(lines_of(client, reviewed, "all"))


def test_who_approved_is_named_and_not_numbered(
    reviewed: CodeGenerationRequest, reviewer: User, owner: User, client: Client
) -> None:
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=reviewed.pk)
    look_at(run, reviewer, owner)
    for person in (reviewer, owner):
        digest = review_digest(run=run)
        verdict_cast(request_id=run.pk, reviewer=person, verdict=Verdict.APPROVE, digest=digest, is_interactive=True)
    shown = page_of(client, owner, reviewed)
    names = " and ".join(display_name(person) for person in (reviewer, owner))
    assert f"approved by {names}" in shown
    assert "[account" not in shown
    assert f"approved by {names}." in json.dumps(lines_of(client, reviewed, "all"))


def test_the_log_of_a_request_that_one_cannot_read_does_not_exist(
    reviewed: CodeGenerationRequest, client: Client
) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    for name in ("request-log", "request-log-file"):
        assert client.get(reverse(f"generation:{name}", args=[reviewed.pk])).status_code == 404


def test_what_happened_before_it_was_asked_again_stays_in_the_log(
    reviewed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    guidance_add(request_id=reviewed.pk, actor=engineer, text="Keep it short.")
    work_off(reviewed)
    client.force_login(engineer)
    texts = [line["text"] for line in lines_of(client, reviewed, "milestones")]
    assert texts.count("Generation was queued.") == texts.count("Generation succeeded.") == 2
    assert "ada added guidance 1." in texts


def test_the_log_asks_the_database_the_same_however_long_it_is(
    reviewed: CodeGenerationRequest, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    address = f"{reverse('generation:request-detail', args=[reviewed.pk])}?log=all"
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(address).content.decode()
        counts.append(len(queries))
        job = Job.objects.get(subject_id=reviewed.pk, kind="generation.run")
        JobEvent.objects.bulk_create(
            JobEvent(job=job, sequence=number, stage="consensus", data={"executions": number})
            for number in range(1000 + 300 * len(counts), 1300 + 300 * len(counts))
        )
    assert counts[0] == counts[1]
    shown = client.get(address).content.decode()
    assert "The newest 200; the file has" in shown


def test_the_stage_that_failed_stands_open_with_its_first_error(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client
) -> None:
    server.answers([UNPARSABLE, Fault.failure(400), UNPARSABLE])
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    page = page_of(client, engineer, request)
    open_fold = page.split('data-kept="stage-generating" open')[1].split("</details>")[0]
    assert "First error:" in open_fold
    assert 'data-kept="stage-queued" open' not in page
    assert 'href="#stage-generating" data-key="3"' in page


def test_who_waits_is_told_what_is_ahead_but_not_whose(
    submit: Submit, provider: Provider, engineer: User, client: Client
) -> None:
    first = submit(CLAMP, title="A secret plan")
    second = submit(CLAMP, title="Keep values in range")
    Job.objects.exclude(kind="generation.run").delete()
    runs = {run.pk: run for run in GenerationRun.objects.select_related("job", "request")}
    assert queue_words(runs[first.pk]) == "Next in the queue."
    assert queue_words(runs[second.pk]) == "1 ahead of you: 1 request."
    page = page_of(client, engineer, second)
    assert "1 ahead of you: 1 request." in page
    assert "A secret plan" not in page
    assert "No history yet of how long it takes here." in page


@pytest.mark.slow
def test_how_long_it_takes_is_told_from_history_with_its_number(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client
) -> None:
    server.answers([RIGHT])
    for number in range(3):
        request = submit(CLAMP, title=f"Clamp {number}")
        work_off(request)
        queued = StageRecord.objects.get(run_id=request.pk, stage="queued")
        StageRecord.objects.filter(run_id=request.pk, stage="review").update(
            started_at=queued.started_at + timedelta(minutes=10 * (number + 1))
        )
    waiting = submit(CLAMP, title="Another")
    run = GenerationRun.objects.select_related("repository").get(pk=waiting.pk)
    with CaptureQueriesContext(connection) as queries:
        pace = pace_of(run.repository)
    assert len(queries) == 1
    assert pace is not None
    assert (round(pace.low / 60), round(pace.high / 60), pace.count) == (12, 28, 3)
    assert "Usually 12 min to 28 min until the review (n = 3)." in page_of(client, engineer, waiting)


def test_stopping_asks_once_more(submit: Submit, provider: Provider, engineer: User, client: Client) -> None:
    page = page_of(client, engineer, submit(CLAMP, title="Keep values in range"))
    assert 'data-opens="stop"' in page
    dialog = page.split('id="stop"')[1].split("</dialog>")[0]
    assert "What was made so far is kept" in dialog
    assert "Stop it" in dialog


def test_whoever_reads_a_request_watches_it_and_stops_watching(
    submit: Submit, provider: Provider, engineer: User, reviewer: User, client: Client
) -> None:
    request = submit(CLAMP, title="Keep values in range")
    address = reverse("generation:request-watch", args=[request.pk])
    assert address not in page_of(client, engineer, request)
    assert address in page_of(client, reviewer, request)
    for _ in range(2):
        assert client.post(address, {"watch": "yes"}).status_code == 302
    assert watchers_of(request.run) == [reviewer.pk]
    assert "Watch no more" in page_of(client, reviewer, request)
    client.post(address, {"watch": "no"})
    assert watchers_of(request.run) == []
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert client.post(address, {"watch": "yes"}).status_code == 404
