"""A repository's code is indexed again by a button and by the API, with its progress and what came of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.governance.models import AuditEvent, RoleAssignment, Scope, User
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.models import CodeIndex, IndexedFile, Repository
from apps.repositories.types import INDEX_JOB
from tests.asked import jobs_asked
from tests.git import git
from tests.shop import code, engineer, home, person, repository, scope

__all__ = ["code", "engineer", "home", "person", "repository", "scope"]

pytestmark = pytest.mark.django_db(transaction=True)


def page(client: Client) -> str:
    return client.get(reverse("knowledge:code-index"), {"repository": "shop"}).content.decode()


def start(client: Client) -> Job:
    assert client.post(reverse("knowledge:code-index-start"), {"repository": "shop"}).status_code == 302
    return jobs_asked().filter(kind=INDEX_JOB).latest("created_at")


def finish(job: Job) -> Job:
    job_execute(job.pk)
    job.refresh_from_db()
    return job


def test_the_button_reads_the_newest_commit_anew_and_the_page_says_what_came_of_it(
    repository: Repository, engineer: User, client: Client, code: Path
) -> None:
    client.force_login(engineer)
    assert "No commit is indexed" in page(client)
    job = start(client)
    assert f'data-live-job="{job.pk}"' in page(client)
    done = finish(job)
    assert (done.state, done.progress["stage"]) == (Job.State.SUCCEEDED, "indexed")
    first = CodeIndex.objects.get()
    before = set(IndexedFile.objects.values_list("pk", flat=True))
    shown = page(client)
    assert f">{first.symbol_count}</td>" in shown
    assert "the branch went on" not in shown

    git(code, "commit", "--quiet", "--allow-empty", "-m", "Nothing new")
    assert "the branch went on" in page(client)
    finish(start(client))
    second = CodeIndex.objects.select_related("revision").get()
    assert second.revision.sha == git(code, "rev-parse", "main")
    assert second.symbol_count == first.symbol_count
    assert second.reused == 0
    assert before.isdisjoint(IndexedFile.objects.values_list("pk", flat=True))


def test_asked_twice_it_is_one_job(repository: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    assert start(client) == start(client)


def test_whoever_may_only_read_is_refused_and_it_is_recorded(
    repository: Repository, scope: Scope, client: Client
) -> None:
    reader = User.objects.create_user(username="reader", password="x")
    RoleAssignment.objects.create(user=reader, scope=scope, role=Role.AUDITOR.value)
    client.force_login(reader)
    assert "Index again" not in page(client)
    assert client.post(reverse("knowledge:code-index-start"), {"repository": "shop"}).status_code == 403
    assert AuditEvent.objects.filter(action="quality.measure", outcome="denied").exists()
    assert not jobs_asked().filter(kind=INDEX_JOB).exists()


def test_a_repository_that_is_gone_is_a_sentence_with_a_way_on(
    repository: Repository, engineer: User, client: Client, code: Path
) -> None:
    shutil.rmtree(code / ".git")
    client.force_login(engineer)
    shown = page(client)
    assert "is no longer a git repository" in shown
    assert "register it again at its new path" in shown
    answer = client.post(reverse("knowledge:code-index-start"), {"repository": "shop"}, follow=True)
    assert "is no longer a git repository" in answer.content.decode()


def test_the_api_answers_with_the_job(repository: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    answer = client.post("/api/knowledge/index", json.dumps({"repository": "shop"}), content_type="application/json")
    assert answer.status_code == 202
    assert answer["Location"]
    unknown = client.post("/api/knowledge/index", json.dumps({"repository": "other"}), content_type="application/json")
    assert unknown.status_code == 404
