"""Where a request comes from: the word of our own proxies, never that of the caller."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from apps.governance.addresses import client_address
from apps.governance.models import AuditEvent, AuditOrigin
from apps.governance.origin import origins
from apps.governance.services import audit_record

PROXY = "10.0.0.1"


def asked(told: str | None, *, remote: str = PROXY):
    headers = {} if told is None else {"HTTP_X_FORWARDED_FOR": told}
    return RequestFactory().post("/", REMOTE_ADDR=remote, **headers)


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, None, PROXY),
        (0, "192.0.2.7", PROXY),
        (1, None, PROXY),
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (1, "6.6.6.6,, ,192.0.2.7", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        # Fewer words than proxies: one was passed by, so nothing of it is believed.
        (2, "192.0.2.7", PROXY),
        (1, "192.0.2.7:4711", "192.0.2.7"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "<script>", ""),
        (1, "192.0.2.7'; DROP TABLE x", ""),
        (1, "1" * 5_000, ""),
    ],
)
def test_only_the_words_of_our_own_proxies_count(settings, proxies, told, address):
    settings.NOFX_PROXIES = proxies
    assert client_address(asked(told)) == address


def test_without_a_connection_there_is_no_address(settings):
    settings.NOFX_PROXIES = 0
    assert client_address(asked("192.0.2.7", remote="")) == ""


@pytest.mark.django_db
class TestAudit:
    @pytest.mark.parametrize(
        ("proxies", "told", "address"),
        [(0, "6.6.6.6", PROXY), (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"), (1, "6.6.6.6, no address", None)],
    )
    def test_an_entry_has_the_address_that_our_proxy_saw(self, settings, proxies, told, address):
        settings.NOFX_PROXIES = proxies
        request = asked(told)
        request.request_id = "r"
        origins(lambda _: audit_record(action="a", object_kind="k", object_id=1, actor=None))(request)
        assert [origin.ip for origin in AuditOrigin.objects.all()] == ([address] if address else [])

    def test_sign_in_and_its_entry_speak_of_one_address(self, settings, person):
        person("ada")
        settings.NOFX_PROXIES = 1
        client = Client()
        headers = {"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
        client.post("/sign-in", {"login": "ada", "password": "correct horse battery"}, headers=headers)
        done = AuditEvent.objects.get(action="sign_in.done")
        assert AuditOrigin.objects.get(event=done).ip == "192.0.2.7"

    def test_whoever_makes_up_addresses_is_locked_out_all_the_same(self, settings, person):
        person("ada")
        settings.NOFX_PROXIES = 1
        for number in range(5):
            headers = {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.7"}
            Client().post("/sign-in", {"login": "ada", "password": "no"}, headers=headers)
        headers = {"X-Forwarded-For": "203.0.113.99, 192.0.2.7"}
        page = Client().post("/sign-in", {"login": "ada", "password": "correct horse battery"}, headers=headers)
        assert "Too many" in page.content.decode()
        elsewhere = {"X-Forwarded-For": "192.0.2.7, 198.51.100.7"}
        other = Client()
        other.post("/sign-in", {"login": "ada", "password": "correct horse battery"}, headers=elsewhere)
        assert "_auth_user_id" in other.session
