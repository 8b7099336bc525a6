"""What administrators see and may type; a key is never part of it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.governance.models import AuditEvent, User
from apps.providers.models import ModelCall, Provider

pytestmark = pytest.mark.django_db

FIELDS = {
    "name": "office", "kind": "openai", "model_id": "m", "is_enabled": "on", "base_url": "https://llm.example.org/v1",
    "key_variable": "OFFICE_KEY", "samples": "2", "temperature": "0.8", "max_tokens": "800", "timeout_s": "60",
    "max_concurrency": "2", "prior": "0.5", "further_samples": "0", "prompt_form": "full",
}  # fmt: skip
KEY = "sk-proj-0123456789abcdefghijkl"


@pytest.fixture
def admin_page(client, settings, tmp_path):
    settings.NOFX_HOME = tmp_path
    client.force_login(User.objects.create_superuser(username="root", password="correct horse battery"))
    return client


@pytest.fixture
def make_call():
    provider = Provider.objects.create(name="one", kind="builtin", model_id="one")

    def make(**values):
        defaults = {"provider": provider, "subject_kind": "request", "subject_id": uuid.uuid4(), "sample_index": 0}
        return ModelCall.objects.create(
            **{
                **defaults,
                "model_id": "one",
                "prompt_digest": "0" * 64,
                "latency_ms": 1.0,
                "outcome": "answered",
                **values,
            }
        )

    return make


def test_a_provider_is_added_with_the_name_of_its_key_and_the_audit_chain_knows(admin_page):
    assert admin_page.post("/admin/providers/provider/add/", FIELDS).status_code == 302
    assert Provider.objects.get(name="office").key_variable == "OFFICE_KEY"
    event = AuditEvent.objects.get(action="provider.add")
    assert "key_variable" in event.detail["fields"]


def test_a_key_typed_for_its_name_is_refused_and_not_shown_again(admin_page, caplog):
    response = admin_page.post("/admin/providers/provider/add/", {**FIELDS, "key_variable": KEY})
    assert response.status_code == 200
    page = response.content.decode()
    assert "Never type the key itself" in page
    assert KEY not in page + caplog.text
    assert not Provider.objects.filter(name="office").exists()


@pytest.mark.parametrize(
    "address",
    ["https://user:pass@llm.example.org/v1", "https://llm.example.org/v1?key=abc", "ftp://llm.example.org/v1", ""],
)
def test_an_address_that_carries_secrets_or_leads_nowhere_is_refused(admin_page, address):
    response = admin_page.post("/admin/providers/provider/add/", {**FIELDS, "base_url": address})
    assert response.status_code == 200
    assert not Provider.objects.exists()


def test_the_list_of_providers_shows_their_health(admin_page):
    Provider.objects.create(
        name="office", kind="openai", base_url="https://x.example/v1", model_id="m", key_variable="OFFICE_KEY"
    )
    assert "Waits for its key in OFFICE_KEY." in admin_page.get("/admin/providers/provider/").content.decode()


def test_calls_can_be_read_and_found_but_not_changed(admin_page, make_call):
    call = make_call(model_id="special")
    make_call()
    page = admin_page.get(f"/admin/providers/modelcall/?q={call.subject_id}").content.decode()
    assert "special" in page
    assert "1 model call" in page
    assert admin_page.get(f"/admin/providers/modelcall/{call.pk}/change/").status_code == 200
    assert admin_page.post(f"/admin/providers/modelcall/{call.pk}/change/", {"model_id": "x"}).status_code == 403
    assert admin_page.get("/admin/providers/modelcall/add/").status_code == 403
    assert admin_page.post(f"/admin/providers/modelcall/{call.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("kind", ["modelcall", "provider"])
def test_a_longer_list_asks_the_database_no_more_often(admin_page, make_call, kind):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            admin_page.get(f"/admin/providers/{kind}/")
        return len(seen)

    make_call()
    queries()
    few = queries()
    for number in range(20):
        make_call()
        Provider.objects.create(name=f"p{number}", kind="local", model_id=f"p{number}")
    assert queries() == few


def test_others_have_no_way_in(client):
    client.force_login(User.objects.create_user(username="engineer", password="correct horse battery"))
    assert client.get("/admin/providers/provider/").status_code in (302, 403)
