"""
Nothing that a reviewer can open before the vote depends on who wrote which candidate.

Two models write a candidate each. Every page and every list of the API is fetched, then the authors are exchanged in
the database and everything else is left, and all is fetched again: for a reviewer who has not voted not a byte differs,
so no class, image, title or order can tell. Afterwards both name their authors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    GeneratedCodeArtifact,
    GenerationRun,
)
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import verdict_cast
from apps.governance.models import User
from apps.governance.types import Verdict
from apps.jobs.models import Job
from apps.providers.models import ModelCall, Provider
from nofx.api.resources import RESOURCES
from tests.addresses import address, pages
from tests.fault_server import FaultServer, Request
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.shop import approved, work_off
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)

ONE, OTHER = "marigold-7b", "foxglove-34b"
# What is another at each look, whoever wrote what: tokens of forms, digests, times.
RESTLESS = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": *"[^"]*"|nonce="[^"]*"|\b[0-9a-f]{12,64}\b'
    r'|<time[^>]*>[^<]*</time>|\d+ (?:s|min|seconds?|minutes?) ago|just now|"(?:last_used|seen)_at": "[^"]*"'
)
# Reading ends the session, is itself recorded, or makes something new each time.
LEFT_OUT = {"logout", "generation:spec-new", "governance:second-factor", "governance:audit-export"}


@pytest.fixture
def run(submit: Callable[..., CodeGenerationRequest], server: FaultServer) -> GenerationRun:
    """A request in review, with a right candidate of one model and a wrong one of another."""
    Provider.objects.update(is_enabled=False)
    for name in (ONE, OTHER):
        Provider.objects.create(
            name=name, kind="openai", base_url=server.url, model_id=name, samples=1, timeout_s=5, **approved()
        )

    def answer(request: Request) -> str:
        return RIGHT if request.body["model"] == ONE else WRONG

    server.by_prompt(answer)
    request = submit(CLAMP, title="Keep values in range")
    work_off(request)
    return GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)


def exchange_authors(run: GenerationRun) -> None:
    """Make each candidate, each artifact and each call, one of the other model, in whatever names them."""
    providers = {name: Provider.objects.get(name=name) for name in (ONE, OTHER)}
    for rows, numbered in (
        (Candidate.objects.filter(request=run.request), {"sample_index": F("sample_index") + 100}),
        (ModelCall.objects.filter(subject_id=run.pk), {}),
    ):
        theirs = {name: list(rows.filter(model_id=name).values_list("pk", flat=True)) for name in (ONE, OTHER)}
        assert all(theirs.values())
        # Numbered apart for a moment, since a provider has one answer of each number.
        rows.filter(pk__in=theirs[ONE]).update(provider=providers[OTHER], model_id=OTHER, **numbered)
        rows.filter(pk__in=theirs[OTHER]).update(provider=providers[ONE], model_id=ONE)
        if numbered:
            rows.filter(pk__in=theirs[ONE]).update(sample_index=F("sample_index") - 100)
    artifacts = GeneratedCodeArtifact.objects.filter(request=run.request)
    ones = list(artifacts.filter(model_id=ONE).values_list("pk", flat=True))
    artifacts.filter(model_id=OTHER).update(model_id=ONE)
    artifacts.filter(pk__in=ones).update(model_id=OTHER)
    for rows, column in (
        (CodeGenerationConsensus.objects.filter(request=run.request), "voting_details"),
        (Job.objects.filter(subject_id=run.pk), "progress"),
    ):
        for row in rows:
            setattr(row, column, exchanged(getattr(row, column)))
            row.save(update_fields=[column])


def exchanged(value: Any) -> Any:
    words = json.dumps(value).replace(ONE, "~").replace(OTHER, ONE).replace("~", OTHER)
    return json.loads(words)


def time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: instant)
    monkeypatch.setattr("apps.core.clock.datetime", SimpleNamespace(now=lambda _: instant))


def open_to(client: Client, run: GenerationRun) -> list[str]:
    """Return every address of the platform at which there is something to read."""
    known = {"request_id": run.pk, "job_id": Job.objects.filter(subject_id=run.pk).latest("created_at").pk}
    paths = [address(name, pattern, known) for name, pattern in pages() if name not in LEFT_OUT]
    paths += [f"/api/v1/{resource.noun}?first=200" for resource in RESOURCES]
    paths += [f"/api/v1/candidates/{pk}" for pk in Candidate.objects.values_list("pk", flat=True)]
    paths += [f"/api/v1/requests/{run.pk}", f"/api/ai/consensus/vote?request_id={run.pk}"]
    return [path for path in dict.fromkeys(paths) if client.get(path).status_code == 200]


def read(client: Client, paths: list[str]) -> dict[str, str]:
    """Return what stands at *paths*, without what is another at each look; that it was read is taken back."""
    texts = {}
    with transaction.atomic():
        for path in paths:
            answer = client.get(path)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            texts[path] = RESTLESS.sub("~", content.decode(errors="replace"))
        transaction.set_rollback(True)
    return texts


def differences(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Return where two readings first differ, with what stands there."""
    found = {}
    for path in before:
        if before[path] != after[path]:
            pairs = enumerate(zip(before[path], after[path], strict=False))
            place = next((index for index, (one, other) in pairs if one != other), 0)
            found[path] = f"{before[path][max(0, place - 60) : place + 60]} … {after[path][place : place + 60]}"
    return found


def vote(run: GenerationRun, reviewer: User) -> None:
    look_at(run, reviewer)
    verdict_cast(
        request_id=run.pk,
        reviewer=reviewer,
        verdict=Verdict.APPROVE,
        digest=review_digest(run=run),
        is_interactive=True,
    )


@pytest.mark.slow
@pytest.mark.bar(5)
def test_not_a_byte_tells_who_wrote_what_before_the_vote(
    run: GenerationRun, reviewer: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_stands_still(monkeypatch)
    client.force_login(reviewer)
    paths = open_to(client, run)
    review = f"/requests/{run.pk}/review"
    nouns = {f"/api/v1/{noun}?first=200" for noun in ("candidates", "model-calls")}
    assert {review, f"/requests/{run.pk}", f"/api/ai/consensus/vote?request_id={run.pk}", *nouns} <= {*paths}
    before = read(client, paths)
    exchange_authors(run)
    assert not (found := differences(before, read(client, paths))), "\n".join(map(" ".join, found.items()))

    vote(run, reviewer)
    told = read(client, [review])
    exchange_authors(run)
    assert told != read(client, [review])
