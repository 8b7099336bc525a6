"""Mined structures as people see them: mined by a job, decided by a person, used by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import AuditEvent, RoleAssignment, Scope, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.knowledge.engine.mining import MINIMUM_SUPPORT
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import MinedPattern
from apps.knowledge.services import mining
from apps.knowledge.types import ApprovedWork
from apps.repositories.models import Repository
from tests.asked import jobs_asked
from tests.git import git
from tests.knowledge.test_mining import function
from tests.shop import code, engineer, home, person, repository, scope

__all__ = ["code", "engineer", "home", "person", "repository", "scope"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repetitive(repository: Repository, code: Path) -> Repository:
    for number in range(3):
        (code / f"shop/part{number}.py").write_text(function(number, ("model", "now", "found")))
    (code / "tests/test_more.py").write_text(function(9, ("model", "now", "found")))
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Repeat")
    return repository


def run_job(client: Client) -> Job:
    answer = client.post(reverse("knowledge:mined-start"), {"repository": "shop"})
    assert answer.status_code == 302
    job = jobs_asked().latest("created_at")
    job_execute(job.pk)
    job.refresh_from_db()
    return job


def listed(client: Client) -> str:
    return client.get(reverse("knowledge:mined-list"), {"repository": "shop"}).content.decode()


def test_a_repository_is_mined_by_a_job_and_shown_as_mined(
    repetitive: Repository, engineer: User, client: Client, code: Path
) -> None:
    client.force_login(engineer)
    assert "was not mined yet" in listed(client)
    job = run_job(client)
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    assert job.progress["structures"] == 1
    mined = MinedPattern.objects.get()
    assert (mined.support, mined.modules, mined.approved, mined.state) == (3, 3, 0, "mined")
    assert mined.sha == git(code, "rev-parse", "main")
    assert mined.examples[0] == {
        "path": "shop/part0.py",
        "line": 3,
        "end_line": 8,
        "function": "f0",
        "request": None,
    }
    page = client.get(reverse("knowledge:mined-detail", args=[mined.pk])).content.decode()
    assert "shop/part0.py:3–8" in page and "nothing uses it" in page
    assert "found.touch(now)" in listed(client)
    # What was mined is no pattern of the library, which alone is offered to anybody.
    assert mined.template not in {one.template for one in patterns()}


def test_approved_work_counts_and_what_was_merged_counts_once(
    repetitive: Repository, engineer: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = ApprovedWork("shop/part0.py", function(0, ("model", "now", "found")), MinedPattern().pk)
    waiting = ApprovedWork("shop/new.py", function(7, ("model", "now", "found")), MinedPattern().pk)
    monkeypatch.setattr(mining, "_approved", [lambda _: [merged, waiting]])
    client.force_login(engineer)
    run_job(client)
    mined = MinedPattern.objects.get()
    assert (mined.support, mined.modules, mined.approved) == (4, 4, 2)
    assert [one["request"] for one in mined.examples].count(None) == 3


def test_mining_again_keeps_what_people_decided_and_removes_what_is_gone(
    repetitive: Repository, engineer: User, client: Client, code: Path
) -> None:
    client.force_login(engineer)
    run_job(client)
    mined = MinedPattern.objects.get()
    address = reverse("knowledge:mined-decide", args=[mined.pk])
    refused = client.post(address, {"state": "proposed", "name": "", "reason": "We write it again and again."})
    assert refused.status_code == 422 and "We write it again and again." in refused.content.decode()
    sent = {"state": "proposed", "name": "First or fail", "reason": "We write it again and again."}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 409
    event = AuditEvent.objects.get(action="patterns.proposed")
    assert event.detail["support"] == 3
    draft = client.get(reverse("knowledge:mined-draft", args=[mined.pk]))
    assert draft.content.decode().startswith("# First or fail\n\nWe write it again and again.\n")
    run_job(client)
    mined.refresh_from_db()
    assert (mined.state, mined.name, mined.is_current) == ("proposed", "First or fail", True)

    for number in range(3):
        (code / f"shop/part{number}.py").write_text("x = 1\n")
    git(code, "commit", "--quiet", "-am", "Say it once")
    run_job(client)
    mined.refresh_from_db()
    assert (mined.state, mined.is_current) == ("proposed", False)
    assert "not found again" in listed(client)


def test_what_nobody_decided_about_is_removed_when_it_is_gone(
    repetitive: Repository, engineer: User, client: Client, code: Path
) -> None:
    client.force_login(engineer)
    run_job(client)
    (code / "shop/part0.py").write_text("x = 1\n")
    git(code, "commit", "--quiet", "-am", "Less")
    assert MINIMUM_SUPPORT == 3
    run_job(client)
    assert not MinedPattern.objects.exists()
    assert "Nothing recurs" in listed(client)


def test_who_may_not_read_sees_nothing_and_who_only_reads_decides_nothing(
    repetitive: Repository, engineer: User, scope: Scope, client: Client
) -> None:
    client.force_login(engineer)
    run_job(client)
    mined = MinedPattern.objects.get()
    addresses = [reverse(f"knowledge:mined-{name}", args=[mined.pk]) for name in ("detail", "draft")]
    auditor = User.objects.create_user("aud", password="correct horse battery")
    RoleAssignment.objects.create(user=auditor, scope=scope, role="auditor")
    client.force_login(auditor)
    sent = {"state": "declined", "reason": "No."}
    assert client.get(addresses[0]).status_code == 200
    assert client.post(reverse("knowledge:mined-decide", args=[mined.pk]), sent).status_code == 403
    assert client.post(reverse("knowledge:mined-start"), {"repository": "shop"}).status_code == 403
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    assert client.post(reverse("knowledge:mined-decide", args=[mined.pk]), sent).status_code == 404
    assert client.post(reverse("knowledge:mined-start"), {"repository": "shop"}).status_code == 404


def test_the_list_takes_the_same_queries_for_many(repetitive: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            listed(client)
        return len(captured)

    def add(first: int, last: int) -> None:
        MinedPattern.objects.bulk_create(
            MinedPattern(
                repository=repetitive,
                structure_digest=str(number),
                sha="0" * 40,
                template="x",
                support=3,
                modules=2,
                nodes=12,
            )
            for number in range(first, last)
        )

    add(0, 2)
    queries()
    before = queries()
    add(2, 20)
    assert queries() == before
