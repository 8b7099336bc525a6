"""A draft that is submitted twice, in two tabs or by two clicks, makes one request."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun, SpecificationDraft
from apps.generation.services.submission import request_submit
from apps.governance.models import AuditEvent, User
from apps.jobs.models import Job
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft(engineer: User, repository: Repository, reviewer: User, owner: User) -> SpecificationDraft:
    return SpecificationDraft.objects.create(
        author=engineer, repository=repository, title="Keep values in range", text=CLAMP
    )


def submitted(draft: SpecificationDraft, text: str = CLAMP) -> CodeGenerationRequest:
    assert draft.repository is not None
    return request_submit(
        requester=draft.author, repository=draft.repository, title=draft.title, text=text, draft=draft
    )


def test_two_who_press_at_the_same_moment_get_the_same_request(draft: SpecificationDraft) -> None:
    together = threading.Barrier(2, timeout=60)
    made: list[UUID] = []

    def press() -> None:
        try:
            together.wait()
            made.append(submitted(draft).pk)
        finally:
            connection.close()

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=120)
    assert len(made) == 2
    assert len(set(made)) == 1
    assert GenerationRun.objects.count() == CodeGenerationRequest.objects.count() == 1
    assert Job.objects.filter(subject_id=made[0]).count() == 1
    assert AuditEvent.objects.filter(action="request.submit").count() == 1


def test_the_second_waits_until_the_first_is_there(draft: SpecificationDraft) -> None:
    made: list[UUID] = []

    def press() -> None:
        try:
            made.append(submitted(draft).pk)
        finally:
            connection.close()

    other = threading.Thread(target=press)
    with transaction.atomic():
        first = submitted(draft)
        other.start()
        other.join(timeout=1)
        assert made == []
    other.join(timeout=120)
    assert made == [first.pk]


def test_a_second_tab_is_led_to_the_request_of_the_first(client: Client, draft: SpecificationDraft) -> None:
    client.force_login(draft.author)
    said = {"draft": str(draft.pk), "version": "1", "title": draft.title, "text": CLAMP, "repository": "shop"}
    answers = [client.post(reverse("generation:spec-submit"), said) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    run = GenerationRun.objects.get()
    assert {answer["Location"] for answer in answers} == {reverse("generation:request-detail", args=[run.pk])}


def test_another_text_of_the_same_draft_is_another_request(draft: SpecificationDraft) -> None:
    assert submitted(draft).pk != submitted(draft, f"{CLAMP}\nIt must not change its arguments.").pk


def test_the_database_keeps_one_request_of_a_draft(draft: SpecificationDraft) -> None:
    first = submitted(draft)
    second = submitted(draft, f"{CLAMP}\nIt must not change its arguments.")
    with pytest.raises(IntegrityError, match="generation_run_once_per_draft"), transaction.atomic():
        GenerationRun.objects.filter(pk=second.pk).update(specification_digest=first.run.specification_digest)
