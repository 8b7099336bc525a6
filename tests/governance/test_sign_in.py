"""Signing in by password: who gets in, where they end up, when an account refuses, and what is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.governance.engine.lockout import FROM_EVERYWHERE, FROM_ONE_ADDRESS, WINDOW, Attempt, locked_until
from apps.governance.models import AuditEvent, User

PASSWORD = "correct horse battery"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def sign_in(client, username="ada", password=PASSWORD, address="192.0.2.1", **more):
    return client.post("/sign-in", {"login": username, "password": password, **more}, REMOTE_ADDR=address)


def is_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def ada(person):
    return person("ada")


@pytest.mark.django_db
class TestWhoGetsIn:
    def test_a_password_leads_on_and_is_written_down(self, client, ada):
        answer = sign_in(client, next="/governance")
        assert (answer.status_code, answer["Location"]) == (302, "/governance")
        event = AuditEvent.objects.get(action="sign_in.done")
        assert (event.actor_id, event.outcome, event.detail["method"]) == (str(ada.pk), "done", "password")
        assert event.session_digest

    def test_the_session_gets_another_key(self, client, ada):
        client.get("/sign-in")
        session = client.session
        session["planted"] = "by somebody else"
        session.save()
        client.cookies["sessionid"] = session.session_key
        sign_in(client)
        assert client.session.session_key != session.session_key

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:alert(1)"])
    def test_nobody_is_led_to_another_site(self, client, ada, target):
        assert sign_in(client, next=target)["Location"] == "/"
        assert client.get("/sign-in", {"next": target})["Location"] == "/"

    def test_a_form_of_another_site_signs_nobody_in(self, ada):
        assert sign_in(Client(enforce_csrf_checks=True)).status_code == 403

    def test_a_wrong_password_and_an_unknown_name_say_the_same(self, client, ada):
        wrong, unknown = sign_in(client, password="no").content, sign_in(client, "nobody", "no").content
        assert b"User name or password is wrong." in wrong
        assert b"User name or password is wrong." in unknown

    def test_machines_and_closed_accounts_stay_out(self, client, person):
        person("bot", is_service=True)
        person("gone", is_active=False)
        for name in ("bot", "gone"):
            sign_in(client, name)
            assert not is_in(client)

    def test_closing_an_account_ends_its_live_sessions(self, client, ada):
        sign_in(client)
        assert client.get("/governance").status_code == 200
        User.objects.update(is_active=False)
        assert client.get("/governance")["Location"] == "/sign-in?next=/governance"
        assert client.get("/api/v1/users").status_code == 401

    def test_nobody_makes_an_account_for_themselves(self, client, ada):
        for address in ("/accounts/signup/", "/signup/", "/sign-up"):
            assert client.post(address).status_code == 404

    def test_the_admin_site_signs_in_by_the_same_page(self, client, ada):
        User.objects.create_superuser("root", password=PASSWORD)
        answer = client.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": "/admin/"})
        assert answer["Location"] == "/sign-in?next=%2Fadmin%2F"
        assert not is_in(client)
        sign_in(client, "root")
        assert client.get("/admin/").status_code == 200

    def test_leaving_is_written_down(self, client, ada):
        sign_in(client)
        assert client.post("/sign-out")["Location"] == "/sign-in"
        assert AuditEvent.objects.get(action="sign_in.ended").actor_id == str(ada.pk)
        assert not is_in(client)


@pytest.mark.django_db
class TestLock:
    def fail(self, client, times, address="192.0.2.1"):
        for _ in range(times):
            sign_in(client, password="no", address=address)

    def test_after_five_failures_the_right_password_is_refused_with_a_way_on(self, client, ada):
        self.fail(client, FROM_ONE_ADDRESS)
        page = sign_in(client).content.decode()
        assert "Too many failed attempts. Try again in 15 minutes." in page
        assert not is_in(client)
        actions = list(AuditEvent.objects.values_list("action", flat=True))
        assert actions.count("sign_in.failed") == FROM_ONE_ADDRESS
        assert actions.count("sign_in.locked") == 1

    def test_another_address_gets_in(self, client, ada):
        self.fail(client, FROM_ONE_ADDRESS)
        sign_in(client, address="198.51.100.7")
        assert is_in(client)

    def test_many_addresses_together_are_stopped(self, client, ada):
        for number in range(FROM_EVERYWHERE):
            self.fail(client, 1, address=f"198.51.100.{number}")
        assert "Too many" in sign_in(client, address="203.0.113.9").content.decode()

    def test_one_count_holds_for_page_and_token(self, client, ada):
        self.fail(client, FROM_ONE_ADDRESS)
        body = {"username": "ada", "password": PASSWORD}
        answer = client.post("/api/auth/token", body, content_type="application/json", REMOTE_ADDR="192.0.2.1")
        assert answer.status_code == 429

    def test_an_address_that_the_caller_made_up_is_not_believed(self, client, ada, settings):
        for number in range(FROM_ONE_ADDRESS):
            client.post(
                "/sign-in", {"login": "ada", "password": "no"}, headers={"X-Forwarded-For": f"203.0.113.{number}"}
            )
        assert AuditEvent.objects.filter(action="sign_in.locked").exists()
        settings.NOFX_PROXIES = 1
        told = {"X-Forwarded-For": "203.0.113.99, 127.0.0.1"}
        page = client.post("/sign-in", {"login": "ada", "password": PASSWORD}, headers=told)
        assert "Too many" in page.content.decode()

    def test_neither_name_nor_address_stands_in_the_chain(self, client, ada):
        self.fail(client, 1)
        written = str(list(AuditEvent.objects.values()))
        assert "192.0.2.1" not in written
        assert "'ada'" not in written


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        at=st.integers(-60, 2000).map(lambda seconds: NOON - timedelta(seconds=seconds)),
        address=st.sampled_from(["a", "b"]),
        is_success=st.booleans(),
    ),
    max_size=80,
).map(lambda attempts: sorted(attempts, key=lambda attempt: attempt.at, reverse=True))


class TestRule:
    @given(attempts=ATTEMPTS)
    def test_a_lock_ends_within_the_window(self, attempts):
        until = locked_until(attempts, address="a", now=NOON)
        assert until is None or NOON < until <= NOON + WINDOW

    @given(attempts=ATTEMPTS)
    def test_a_success_opens_its_address_unless_everywhere_is_locked(self, attempts):
        everywhere = [attempt for attempt in attempts if not attempt.is_success]
        opened = [Attempt(NOON, "a", True), *attempts]
        if len(everywhere) < FROM_EVERYWHERE:
            assert locked_until(opened, address="a", now=NOON) is None

    @given(attempts=ATTEMPTS)
    def test_others_failures_lock_nobody_before_there_are_many(self, attempts):
        others = [attempt for attempt in attempts if attempt.address == "b"][: FROM_EVERYWHERE - 1]
        assert locked_until(others, address="a", now=NOON) is None
