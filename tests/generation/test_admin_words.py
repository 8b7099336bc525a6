"""The admin site says in words what there is to find."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.governance.models import User
from apps.jobs.models import Job, JobEvent
from apps.repositories.models import Repository

pytestmark = pytest.mark.django_db
REQUESTS = "/admin/generation/codegenerationrequest/"


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    return client


def submitted() -> CodeGenerationRequest:
    return CodeGenerationRequest.objects.create(
        specification="s", context_snapshot={}, target_language="python", status="submitted"
    )


def test_requests_are_listed_by_title_place_and_author_and_found_by_title(
    root: Client, repository: Repository, engineer: User
) -> None:
    run = GenerationRun.objects.create(
        request=submitted(),
        repository=repository,
        requester=engineer,
        title="Keep prices in cents",
        target_path="shop/money.py",
        base_sha="0" * 40,
        risk_tier="low",
        seed=1,
    )
    bare = submitted()
    page = root.get(REQUESTS).content.decode()
    for field, words in (("title", run.title), ("repository", "shop"), ("author", "ada"), ("title", str(bare.pk))):
        assert f'field-{field}">' in page and words in page
    assert list(root.get(REQUESTS, {"q": "prices cents"}).context["cl"].result_list) == [run.request]


def test_models_and_steps_of_jobs_are_called_as_people_write_them(root: Client) -> None:
    assert "API tokens" in root.get("/admin/").content.decode()
    job = Job.objects.create(kind="quality.coverage", subject_kind="measurement", subject_id=uuid4())
    JobEvent.objects.create(job=job, sequence=1, stage="running_tests")
    page = root.get("/admin/jobs/jobevent/").content.decode()
    assert '<td class="field-step">running tests</td>' in page
    assert ">running_tests<" not in page
