"""The docs pages and their verbs: honest when empty, true when not, closed to who has no role."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.docs.models import DocumentationArtifact
from apps.docs.services import documentation_generate
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.repositories.models import Repository, Revision
from tests.docs.conftest import PRICES

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(repository: Repository, engineer: User) -> DocumentationArtifact:
    return documentation_generate(repository=repository, sha=None, actor=engineer)


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/docs/{path}", body, content_type="application/json")


def test_without_a_readable_repository_the_page_says_so(client_of, stranger, repository):
    text = client_of(stranger).get("/docs").content.decode()
    assert "No repository to document" in text
    assert "shop" not in text


def test_a_repository_without_a_page_is_listed_with_one_action(client_of, engineer, auditor, repository):
    text = client_of(engineer).get("/docs").content.decode()
    assert "no page yet" in text
    assert text.count("button--primary") == 1
    assert "Write its API page" not in client_of(auditor).get("/docs").content.decode()


def test_a_page_is_written_listed_shown_checked_and_downloaded(client_of, engineer, repository, commit):
    client = client_of(engineer)
    answer = client.post("/docs/generate", {"repository": "shop"})
    page = DocumentationArtifact.objects.get()
    url = f"/docs/{page.pk}"
    assert answer.headers["Location"] == url
    listed = client.get("/docs").content.decode()
    assert "1 of 2" in listed
    assert "not checked" in listed
    text = client.get(url).content.decode()
    assert text.count("<h1") == 1
    assert text.count("button--primary") == 1
    assert '<h3 id="symbol-1"><code>mean</code></h3>' in text
    assert "Not checked against the code yet" in text
    assert client.post(f"{url}/check").headers["Location"] == url
    assert "Cites 2 symbols: 2 hold, 0 changed, 0 gone" in client.get(url).content.decode()
    commit({"shop/prices.py": PRICES.replace("def discount", "def rebate").replace("-> float", "-> int")})
    client.post(f"{url}/check")
    text = client.get(url).content.decode()
    assert "Cites 2 symbols: 0 hold, 1 changed, 1 gone" in text
    assert '<a href="#symbol-2">shop.prices.discount</a>' in text
    assert "It is new and not on this page." in text
    assert "broken" in client.get("/docs").content.decode()
    file = client.get(f"{url}.md")
    assert file.content.decode() == page.generated_content
    assert file.headers["Content-Disposition"] == f'attachment; filename="shop-api-{page.target_code_version[:12]}.md"'


def test_docstrings_are_shown_and_do_nothing(client_of, engineer, repository, commit):
    docstring = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://x.example/i.png)"
    commit({"shop/prices.py": f"def f() -> None:\n    {docstring!r}\n"})
    client = client_of(engineer)
    text = client.post("/docs/generate", {"repository": "shop"}, follow=True).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text
    assert "<img" not in text.partition("<article")[2]


def test_what_cannot_be_documented_is_a_message(client_of, engineer, repository, commit):
    commit({"shop/prices.py": "x = 1\n"})
    client = client_of(engineer)
    text = client.post("/docs/generate", {"repository": "shop"}, follow=True).content.decode()
    assert "has no public Python function or class" in text
    Repository.objects.update(path="/nowhere/at/all")
    assert client.post("/docs/generate", {"repository": "shop"}, follow=True).status_code == 200
    assert client.get("/docs").status_code == 200
    assert DocumentationArtifact.objects.count() == 0


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


def test_the_verbs_generate_and_validate(client_of, engineer, repository, commit):
    client = client_of(engineer)
    first = post(client, "generate", {"repository": "shop"})
    assert first.status_code == 201
    assert first.json()["quality_score"] == 0.5
    assert post(client, "validate", {"page": first.json()["id"]}).json()["validation"]["state"] == "in_sync"
    commit({"shop/prices.py": PRICES.replace("def discount", "def rebate")})
    second = post(client, "generate", {"repository": "shop"})
    assert second.json()["generated_content"] != first.json()["generated_content"]
    assert post(client, "validate", {"page": first.json()["id"]}).json()["validation"]["state"] == "broken"
    assert post(client, "validate", {"page": second.json()["id"]}).json()["validation"]["state"] == "in_sync"
    assert post(client, "validate", {"page": "page_nonsense"}).status_code == 404


def test_the_list_asks_the_database_as_often_for_one_repository_as_for_twenty(client_of, engineer, page):
    client = client_of(engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/docs").status_code == 200
        return len(captured)

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
    assert queries() == few
    assert few <= 15
    assert client.get("/docs").content.decode().count("not checked") == 21


def test_the_admin_site_shows_every_model_and_changes_none(client_of, page):
    client = client_of(User.objects.create_superuser("root", password="correct horse battery staple"))
    for model in apps.get_app_config("docs").get_models():
        name = model._meta.model_name
        assert client.get(f"/admin/docs/{name}/?q=a").status_code == 200
        assert client.get(f"/admin/docs/{name}/add/").status_code == 403
        assert client.get(f"/admin/docs/{name}/{model.objects.get().pk}/change/").status_code == 200
