"""The docs pages and their verbs: honest when empty, true when not, closed to who has no role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.docs.models import DocumentationArtifact, DocumentationRelease
from apps.docs.services import documentation_generate
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.models import Repository, Revision
from tests.asked import jobs_asked
from tests.docs.conftest import PRICES
from tests.project import newest

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(repository: Repository, engineer: User) -> DocumentationArtifact:
    return documentation_generate(revision=newest(repository), actor=engineer)


def worked_off() -> Job:
    """Let a worker do the newest job, and return it as it ended."""
    job = jobs_asked().latest("created_at")
    job_execute(job.pk)
    job.refresh_from_db()
    return job


def written(client: Client) -> DocumentationArtifact | None:
    """Press the button, let a worker do the job, and return the newest page."""
    client.post("/docs/generate", {"repository": "shop"})
    worked_off()
    return DocumentationArtifact.objects.order_by("-last_updated").first()


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/docs/{path}", body, content_type="application/json")


def test_without_a_readable_repository_the_page_says_so(client_of, stranger, repository):
    text = client_of(stranger).get("/docs").content.decode()
    assert "No repository to document" in text
    assert "shop" not in text


def test_a_repository_without_a_page_is_listed_with_one_action(client_of, engineer, auditor, repository):
    text = client_of(engineer).get("/docs").content.decode()
    assert "no page yet" in text
    assert text.split("<dialog")[0].count("button--primary") == 1
    assert "Write its API page" not in client_of(auditor).get("/docs").content.decode()


def test_the_buttons_begin_one_job_each_which_the_pages_follow(client_of, engineer, auditor, page):
    client = client_of(engineer)
    for address, place, kind in (
        ("/docs/generate", "/docs", "docs.generate"),
        (f"/docs/{page.pk}/check", f"/docs/{page.pk}", "docs.validate"),
    ):
        for _ in range(2):
            assert client.post(address, {"repository": "shop"}).headers["Location"] == place
        job = Job.objects.get(kind=kind)
        followed = f'data-live-job="{job.pk}" hx-get="{place}" hx-trigger="live"'
        text = client.get(place).content.decode()
        assert followed in text
        assert "data-live-indicator" in text
        assert f"/jobs/{job.pk}/cancel" in text
        fragment = client.get(place, headers={"HX-Request": "true"}).content.decode()
        assert followed in fragment
        assert "<h1" not in fragment
        reader = client_of(auditor).get(place).content.decode()
        assert followed in reader
        assert f"/jobs/{job.pk}/cancel" not in reader
    assert "Being written</a>" in client.get("/docs").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_page_is_written_listed_shown_checked_and_downloaded(client_of, engineer, repository, commit):
    client = client_of(engineer)
    page = written(client)
    url = f"/docs/{page.pk}"
    listed = client.get("/docs").content.decode()
    assert "1 of 2" in listed
    assert "not checked" in listed
    text = client.get(url).content.decode()
    assert text.count("<h1") == 1
    assert text.split("<dialog")[0].count("button--primary") == 1
    assert '<h3 id="symbol-1"><code>mean</code></h3>' in text
    assert "Not checked against the code yet" in text
    client.post(f"{url}/check")
    worked_off()
    assert "Cites 2 symbols: 2 hold, 0 changed, 0 gone" in client.get(url).content.decode()
    commit({"shop/prices.py": PRICES.replace("def discount", "def rebate").replace("-> float", "-> int")})
    client.post(f"{url}/check")
    worked_off()
    text = client.get(url).content.decode()
    assert "Cites 2 symbols: 0 hold, 1 changed, 1 gone" in text
    assert '<a href="#symbol-2">shop.prices.discount</a>' in text
    assert "It is new and not on this page." in text
    assert "broken" in client.get("/docs").content.decode()
    file = client.get(f"{url}.md")
    assert file.content.decode() == page.generated_content
    assert file.headers["Content-Disposition"] == f'attachment; filename="shop-api-{page.target_code_version[:12]}.md"'


@pytest.mark.django_db(transaction=True)
def test_docstrings_are_shown_and_do_nothing(client_of, engineer, repository, commit):
    docstring = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://x.example/i.png)"
    commit({"shop/prices.py": f"def f() -> None:\n    {docstring!r}\n"})
    client = client_of(engineer)
    text = client.get(f"/docs/{written(client).pk}").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text
    assert "<img" not in text.partition("<article")[2]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_documented_is_said_with_what_to_do(client_of, engineer, repository, commit):
    commit({"shop/prices.py": "x = 1\n"})
    client = client_of(engineer)
    assert written(client) is None
    text = client.get("/docs").content.decode()
    assert "Writing the API page of shop:" in text
    assert "has no public Python function or class" in text
    assert "What to do" in text
    assert "Last attempt: failed</a>" in text
    assert "Write its API page" in text
    commit({"shop/prices.py": PRICES})
    written(client)
    assert "What to do" not in client.get("/docs").content.decode()


def test_a_repository_that_is_gone_is_a_message(client_of, engineer, repository):
    client = client_of(engineer)
    Repository.objects.update(path="/nowhere/at/all")
    text = client.post("/docs/generate", {"repository": "shop"}, follow=True).content.decode()
    assert "The repository at /nowhere/at/all cannot be opened" in text
    assert jobs_asked().count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_check_that_fails_says_why_beside_the_page(client_of, engineer, page):
    Repository.objects.update(path="/nowhere/at/all")
    client = client_of(engineer)
    client.post(f"/docs/{page.pk}/check")
    assert worked_off().state == Job.State.FAILED
    text = client.get(f"/docs/{page.pk}").content.decode()
    assert "The repository at /nowhere/at/all cannot be opened" in text
    assert "Check</span>" in text
    assert "Not checked against the code yet" in text


def test_who_has_no_role_learns_nothing(client_of, stranger, page):
    client = client_of(stranger)
    assert client.get(f"/docs/{page.pk}").status_code == 404
    assert client.get(f"/docs/{page.pk}.md").status_code == 404
    assert client.get(f"/docs/{uuid4()}").status_code == 404
    assert client.post(f"/docs/{page.pk}/check").status_code == 404
    assert client.post("/docs/generate", {"repository": "shop"}).status_code == 404
    assert post(client, "generate", {"repository": "shop"}).status_code == 404
    assert post(client, "validate", {"page": f"page_{page.pk}"}).status_code == 404


def test_who_is_not_signed_in_is_asked_to(page):
    for address in ("/docs", f"/docs/{page.pk}", f"/docs/{page.pk}.md"):
        assert Client().get(address).status_code == 302
    assert post(Client(), "generate", {"repository": "shop"}).status_code == 401


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMITTEE, Role.CHAIR, Role.ADMIN])
def test_who_may_only_read_is_refused_and_recorded(client_of, person, page, role):
    client = client_of(person("reader", role))
    text = client.get(f"/docs/{page.pk}").content.decode()
    assert "Check</span>" not in text
    assert client.post(f"/docs/{page.pk}/check").status_code == 403
    assert client.post("/docs/generate", {"repository": "shop"}).status_code == 403
    assert post(client, "validate", {"page": f"page_{page.pk}"}).status_code == 403
    assert AuditEvent.objects.filter(outcome="denied", action="docs.generate").count() == 3
    page.source.refresh_from_db()
    assert page.source.validation is None


@pytest.mark.django_db(transaction=True)
def test_the_verbs_generate_and_validate(client_of, engineer, repository, commit):
    client = client_of(engineer)

    def result(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = post(client, path, body)
        job = worked_off()
        assert (answer.status_code, answer.json()["kind"]) == (202, f"docs.{path}")
        assert answer.headers["Location"] == f"/api/v1/jobs/job_{job.pk}"
        return client.get(answer.headers["Location"]).json()["progress"]

    first = result("generate", {"repository": "shop"})["page"]
    row = client.get(f"/api/v1/docs-pages/{first}").json()
    assert row["quality_score"] == "0.50"
    assert result("validate", {"page": first})["state"] == "in_sync"
    commit({"shop/prices.py": PRICES.replace("def discount", "def rebate")})
    second = result("generate", {"repository": "shop"})["page"]
    assert client.get(f"/api/v1/docs-pages/{second}").json()["generated_content"] != row["generated_content"]
    assert result("validate", {"page": first})["state"] == "broken"
    assert client.get(f"/api/v1/docs-pages/{first}").json()["validation"]["state"] == "broken"
    assert result("validate", {"page": second})["state"] == "in_sync"
    assert post(client, "validate", {"page": "page_nonsense"}).status_code == 404
    assert post(client, "generate", {"repository": "shop", "sha": "main"}).status_code == 422


def test_the_page_of_every_commit_can_be_reached(client_of, engineer, page, repository):
    client = client_of(engineer)
    url = f"/docs/{page.pk}"
    assert "pages were written" not in client.get(url).content.decode()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    def write(number: int) -> None:
        revision = Revision.objects.create(
            repository=repository, sha=f"{number:040x}", committed_at=page.last_updated, subject=f"Change {number}"
        )
        row = DocumentationArtifact.objects.create(
            artifact_type="api",
            target_code_version=revision.sha,
            generated_content="# A",
            format="markdown",
            last_updated=page.last_updated + timedelta(minutes=number),
        )
        type(page.source).objects.create(artifact=row, revision=revision)

    for number in range(1, 3):
        write(number)
    few = queries()
    for number in range(3, 21):
        write(number)
    assert queries() == few
    first = client.get(url).content.decode()
    assert "21 pages were written, one for each commit" in first
    assert "Change 20" in first
    assert f'<a href="{url}"' not in first
    assert f'<a href="{url}" aria-current="page">' in client.get(f"{url}?versions=3").content.decode()


def test_the_list_asks_the_database_as_often_for_one_repository_as_for_twenty(client_of, engineer, page):
    client = client_of(engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/docs").status_code == 200
        return len(captured)

    Job.objects.create(
        kind="docs.generate",
        subject_kind="docs_revision",
        subject_id=page.source.revision_id,
        state=Job.State.SUCCEEDED,
    )
    queries()
    few = queries()
    for number in range(20):
        scope = scope_create(organisation="Acme", repository=f"r{number}", created_by=None)
        RoleAssignment.objects.create(user=engineer, scope=scope, role=Role.ENGINEER.value)
        other = Repository.objects.create(scope=scope, name=f"r{number}", path=f"/srv/r{number}")
        revision = Revision.objects.create(repository=other, sha=f"{number:040x}", committed_at=page.last_updated)
        row = DocumentationArtifact.objects.create(
            artifact_type="api", target_code_version=revision.sha, generated_content="# A", format="markdown"
        )
        type(page.source).objects.create(artifact=row, revision=revision)
        Job.objects.create(
            kind="docs.generate", subject_kind="docs_revision", subject_id=revision.pk, state=Job.State.FAILED
        )
    assert queries() == few
    assert few <= 15
    text = client.get("/docs").content.decode()
    assert text.count("not checked") == 21
    assert text.count("Last attempt: failed</a>") == 20


def test_the_admin_site_shows_every_model_and_changes_none(client_of, page, repository):
    DocumentationRelease.objects.create(repository=repository, name="v1.0", tagged_at=page.last_updated)
    client = client_of(User.objects.create_superuser("root", password="correct horse battery staple"))
    for model in apps.get_app_config("docs").get_models():
        name = model._meta.model_name
        assert client.get(f"/admin/docs/{name}/?q=a").status_code == 200
        assert client.get(f"/admin/docs/{name}/add/").status_code == 403
        assert client.get(f"/admin/docs/{name}/{model.objects.get().pk}/change/").status_code == 200
