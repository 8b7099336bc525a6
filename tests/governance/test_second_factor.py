"""Authenticator apps: the codes of RFC 6238, once each; whom the installation asks for one; recovery codes."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.governance.engine.totp import code_of, matching_step, step_at, tidy
from apps.governance.errors import SecondFactorInvalid
from apps.governance.models import ApiToken, AuditEvent
from apps.governance.services.second_factor import (
    code_matches,
    recovery_codes_left,
    second_factor_add,
    second_factor_remove,
)
from apps.governance.types import Role

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery"
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_rfc_6238(seconds, code):
    secret = base64.b32encode(b"12345678901234567890").decode()
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_of(secret, step_at(moment)) == code
    assert matching_step(secret, code, moment) == step_at(moment)


@given(moment=MOMENTS, offset=st.integers(-5, 5))
def test_a_code_is_good_one_step_early_and_late_and_no_further(moment, offset):
    step = step_at(moment) + offset
    found = matching_step(SECRET, code_of(SECRET, step), moment)
    assert (found is not None) >= (abs(offset) <= 1)
    # Two steps may share a code by chance, one in a million.
    assert found is None or abs(found - step_at(moment)) <= 1


@given(moment=MOMENTS)
def test_a_code_that_was_used_is_good_for_no_later_moment(moment):
    step = step_at(moment)
    code = code_of(SECRET, step)
    assert matching_step(SECRET, code, moment, after=step) in {None, step + 1}


@given(text=st.text(max_size=12))
def test_whatever_is_typed_is_digits_or_nothing(text):
    assert re.fullmatch(r"[0-9]*", tidy(text))


@pytest.fixture
def app(monkeypatch):
    """Set an app up for somebody, and hold the clock, which the test moves."""
    held = [now()]
    monkeypatch.setattr("apps.governance.services.second_factor.now", lambda: held[0])

    class App:
        codes: list[str]

        def give(self, user):
            self.codes = second_factor_add(user=user, secret=SECRET, code=self.code)
            self.wait()
            return user

        def wait(self, seconds=90):
            held[0] += timedelta(seconds=seconds)

        @property
        def code(self):
            return code_of(SECRET, step_at(held[0]))

    return App()


def first_page(client, username="ada", **more):
    return client.post("/sign-in", {"login": username, "password": PASSWORD, **more})


def is_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.django_db
class TestSigningIn:
    def test_the_password_alone_lets_nobody_in(self, client, person, app):
        app.give(person("ada"))
        answer = first_page(client, next="/governance")
        assert answer["Location"] == "/sign-in/code"
        assert not is_in(client)
        assert client.get("/governance").status_code == 302
        answer = client.post("/sign-in/code", {"code": app.code})
        assert answer["Location"] == "/governance"
        assert is_in(client)

    def test_a_code_is_good_once(self, client, person, app):
        app.give(person("ada"))
        first_page(client)
        code = app.code
        client.post("/sign-in/code", {"code": code})
        client.post("/sign-out")
        first_page(client)
        page = client.post("/sign-in/code", {"code": code})
        assert "wrong, or was used before" in page.content.decode()
        assert not is_in(client)

    def test_the_code_that_set_the_app_up_is_used(self, person, app):
        ada = person("ada")
        code = app.code
        second_factor_add(user=ada, secret=SECRET, code=code)
        assert not code_matches(user=ada, code=code)

    def test_codes_are_not_guessed(self, client, person, app):
        app.give(person("ada"))
        first_page(client)
        for _ in range(5):
            client.post("/sign-in/code", {"code": "000000" if app.code != "000000" else "111111"})
        page = client.post("/sign-in/code", {"code": app.code}).content.decode()
        assert "Too many failed attempts." in page
        assert not is_in(client)
        assert AuditEvent.objects.filter(action="sign_in.locked").count() == 1

    def test_a_recovery_code_lets_in_once_and_is_written_down(self, client, person, app):
        ada = app.give(person("ada"))
        first_page(client)
        assert client.post("/sign-in/code", {"code": app.codes[0]}).status_code == 302
        assert AuditEvent.objects.filter(action="second_factor.recovery").count() == 1
        assert recovery_codes_left(ada) == len(app.codes) - 1
        assert not code_matches(user=ada, code=app.codes[0])

    def test_somebody_else_can_begin_anew(self, client, person, app):
        app.give(person("ada"))
        person("grace")
        first_page(client)
        assert client.get("/sign-in")["Location"] == "/sign-in/code"
        client.post("/sign-in/anew")
        assert first_page(client, "grace")["Location"] == "/"

    def test_a_token_takes_the_code_as_well(self, client, person, app):
        app.give(person("ada", Role.ENGINEER))
        body = {"username": "ada", "password": PASSWORD}
        path, kind = "/api/auth/token", "application/json"
        assert client.post(path, body, content_type=kind).json()["code"] == "sign_in.code_needed"
        assert client.post(path, {**body, "code": "nonsense"}, content_type=kind).status_code == 401
        assert not ApiToken.objects.exists()
        assert client.post(path, {**body, "code": app.code}, content_type=kind).status_code == 201

    def test_the_secret_does_not_lie_readable_in_the_database(self, person, app):
        app.give(person("ada"))
        assert SECRET not in str(list(Authenticator.objects.values()))


@pytest.mark.django_db
class TestSettingUp:
    def secret(self, client):
        page = client.get("/profile/authenticator").content.decode()
        return re.search(r"data-secret>([A-Z2-7 ]+)<", page)[1].replace(" ", "")

    def test_the_page_shows_a_picture_and_the_key_and_then_the_codes_once(self, client, person, app):
        ada = person("ada")
        client.force_login(ada)
        secret = self.secret(client)
        assert self.secret(client) == secret, "a second tab shows the same key"
        page = client.post("/profile/authenticator", {"code": code_of(secret, step_at(now()))}).content.decode()
        assert len(re.findall(r"<li>\d{8}</li>", page)) == 10
        assert "10 recovery codes left" in client.get("/profile/authenticator").content.decode()
        assert secret not in str(dict(client.session))

    def test_a_wrong_code_sets_nothing_up(self, client, person):
        client.force_login(person("ada"))
        self.secret(client)
        assert client.post("/profile/authenticator", {"code": "12"}).status_code == 422
        assert not Authenticator.objects.exists()

    def test_there_is_one_app(self, person, app):
        ada = app.give(person("ada"))
        with pytest.raises(SecondFactorInvalid):
            second_factor_add(user=ada, secret=SECRET, code=app.code)

    def test_new_recovery_codes_end_the_old_ones(self, client, person, app):
        ada = app.give(person("ada"))
        client.force_login(ada)
        assert client.post("/profile/authenticator/codes").status_code == 200
        assert not code_matches(user=ada, code=app.codes[3])

    def test_an_administrator_removes_the_app_of_somebody_who_lost_it(self, admin_client, person, app):
        ada = app.give(person("ada"))
        data = {"action": "forget_apps", "_selected_action": [ada.pk]}
        admin_client.post("/admin/governance/user/", data)
        assert not Authenticator.objects.exists()
        assert AuditEvent.objects.get(action="second_factor.remove").object_id == str(ada.pk)

    def test_removing_is_written_down_once(self, person, app):
        ada = app.give(person("ada"))
        for _ in range(2):
            second_factor_remove(user=ada, removed_by=ada)
        assert AuditEvent.objects.filter(action="second_factor.remove").count() == 1


@pytest.mark.django_db
class TestWhoNeedsOne:
    @pytest.mark.parametrize(
        ("role", "requirement", "is_led"),
        [
            (Role.ENGINEER, "privileged", False),
            (Role.COMMITTEE, "privileged", True),
            (Role.CHAIR, "privileged", True),
            (Role.ADMIN, "privileged", True),
            (Role.ENGINEER, "all", True),
            (Role.CHAIR, "none", False),
        ],
    )
    def test_the_role_decides(self, client, person, settings, role, requirement, is_led):
        settings.NOFX_REQUIRE_TOTP = requirement
        client.force_login(person("ada", role))
        answer = client.get("/governance")
        assert answer.status_code == (302 if is_led else 200)
        if is_led:
            assert answer["Location"] == "/profile/authenticator"
            page = client.get("/profile/authenticator").content.decode()
            assert "Everything else opens once it is set up." in page
            assert client.post("/sign-out").status_code == 302

    def test_the_api_and_tokens_are_closed_too(self, client, person, settings):
        settings.NOFX_REQUIRE_TOTP = "all"
        client.force_login(person("ada", Role.ENGINEER))
        refused = client.get("/api/v1/users")
        assert (refused.status_code, refused.json()["code"]) == (403, "sign_in.second_factor_missing")
        body = {"username": "ada", "password": PASSWORD}
        answer = client.post("/api/auth/token", body, content_type="application/json")
        assert answer.json()["code"] == "sign_in.second_factor_missing"

    def test_with_an_app_everything_opens(self, client, person, settings, app):
        settings.NOFX_REQUIRE_TOTP = "all"
        client.force_login(app.give(person("ada", Role.ENGINEER)))
        assert client.get("/governance").status_code == 200
