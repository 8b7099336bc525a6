"""Whoever signs shows again that it is them, and loses nothing on the way."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from apps.core.clock import now
from apps.governance.models import AuditEvent
from apps.governance.reauthentication import LARGEST, recently_authenticated
from apps.governance.sessions import AUTHENTICATED
from nofx.urls import handler400, handler500
from nofx.urls import urlpatterns as pages
from tests.governance.test_single_sign_on import issuer, sign_on

__all__ = ["handler400", "handler500", "issuer"]

PASSWORD = "correct horse battery"
APP = "/profile/authenticator"


@recently_authenticated
def sign(request):
    return HttpResponse(f"signed {request.POST['text']} {request.GET.get('tab', '')}")


urlpatterns = [path("sign-here", sign), *pages]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.governance.test_confirm")]


def grow_old(client, **ago):
    session = client.session
    session[AUTHENTICATED] = (now() - timedelta(**(ago or {"minutes": 6}))).timestamp()
    session.save()


@pytest.fixture
def ada(client, person):
    user = person("ada")
    client.force_login(user)
    return user


def test_whoever_just_signed_in_is_not_asked(client, ada):
    assert client.post("/sign-here", {"text": "this"}).content == b"signed this "


def test_what_was_sent_goes_on_after_the_password(client, ada):
    grow_old(client)
    asked = client.post("/sign-here?tab=2", {"text": "Ärger & <b>mehr</b>"})
    assert asked["Location"].startswith("/confirm?for=")
    page = client.get(asked["Location"]).content.decode()
    assert "nothing you typed is lost" in page
    wrong = client.post(asked["Location"], {"password": "no"})
    assert (wrong.status_code, "The password is wrong." in wrong.content.decode()) == (422, True)
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert done.content.decode() == "signed Ärger & <b>mehr</b> 2"
    assert AuditEvent.objects.get(action="sign_in.confirmed").detail["method"] == "password"
    again = client.post(asked["Location"], {"password": PASSWORD})
    assert again["Location"] == "/", "what was sent is done once"


def test_a_time_to_come_does_not_count(client, ada):
    grow_old(client, minutes=-3)
    assert client.post("/sign-here", {"text": "x"}).status_code == 302


def test_two_tabs_wait_beside_one_another(client, ada):
    grow_old(client)
    first, second = (client.post("/sign-here", {"text": text})["Location"] for text in ("one", "two"))
    assert client.post(first, {"password": PASSWORD}).content == b"signed one "
    assert "Confirmed" in client.get(second).content.decode()
    assert client.post(second).content == b"signed two "


def test_what_is_too_long_to_keep_is_sent_again_from_its_page(client, ada):
    grow_old(client)
    headers = {"Referer": "http://testserver/governance"}
    asked = client.post("/sign-here", {"text": "x" * (LARGEST + 1)}, headers=headers)
    assert "nothing you typed is lost" not in client.get(asked["Location"]).content.decode()
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == "http://testserver/governance"


def test_an_unknown_errand_leads_home(client, ada):
    grow_old(client)
    assert client.post("/confirm?for=https://evil.example", {"password": PASSWORD})["Location"] == "/"


def test_another_accounts_password_does_not_do(client, ada, person):
    other = person("grace")
    other.set_password("another good password")
    other.save()
    grow_old(client)
    asked = client.post("/sign-here", {"text": "x"})["Location"]
    assert client.post(asked, {"password": "another good password"}).status_code == 422


def test_guessing_is_stopped(client, ada):
    grow_old(client)
    asked = client.post("/sign-here", {"text": "x"})["Location"]
    for _ in range(5):
        client.post(asked, {"password": "no"})
    assert "Too many failed attempts." in client.post(asked, {"password": PASSWORD}).content.decode()


def test_a_form_of_another_site_confirms_nothing(ada):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    grow_old(strict)
    assert strict.post("/confirm", {"password": PASSWORD}).status_code == 403


def test_htmx_is_sent_to_the_page(client, ada):
    grow_old(client)
    answer = client.post("/sign-here", {"text": "x"}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].startswith("/confirm?for=")


def test_a_single_sign_on_confirms_when_it_asked_anew(client, issuer):
    sign_on(client)
    grow_old(client)
    asked = client.post("/sign-here", {"text": "x"})["Location"]
    page = client.get(asked).content.decode()
    assert "Confirm by Acme" in page
    assert 'name="password"' not in page
    back = sign_on(client, process="redirect", next=asked)
    assert back["Location"] == asked
    assert issuer.asked[-1]["prompt"] == "login"
    assert issuer.asked[-1]["max_age"] == "0"
    assert client.post(asked).content == b"signed x "


@pytest.mark.parametrize("asked_at", [None, 1_000_000_000])
def test_a_sign_in_at_which_nobody_was_asked_is_no_signature(client, issuer, asked_at):
    issuer.lies = {"auth_time": asked_at}
    sign_on(client)
    asked = client.post("/sign-here", {"text": "x"})["Location"]
    page = client.get(asked).content.decode()
    assert "Confirm by Acme" in page
    assert "Set up an app and go on" not in page
    issuer.lies = {}
    sign_on(client, process="redirect", next=asked)
    assert client.post(asked).content == b"signed x "


@pytest.mark.parametrize("asked_at", [None, 1_000_000_000])
def test_whoever_was_let_in_unasked_sets_up_no_app_before_the_issuer_asks_them(client, issuer, asked_at):
    issuer.lies = {"auth_time": asked_at}
    sign_on(client)
    led = client.get(APP)
    assert led["Location"].startswith("/confirm?for=")
    refused = client.post(APP, {"code": "000000"})
    assert refused["Location"].startswith("/confirm?for=")
    assert not Authenticator.objects.exists()
    page = client.get(led["Location"]).content.decode()
    assert "Asked there, you can set up an authenticator app" in page
    denied = sign_on(client, process="redirect", next=led["Location"])
    assert "an administrator gives a password to whoever has neither" in denied.content.decode()
    issuer.lies = {}
    assert sign_on(client, process="redirect", next=led["Location"])["Location"] == led["Location"]
    assert client.post(led["Location"])["Location"] == APP
    assert client.get(APP).status_code == 200


def test_an_issuer_that_asked_at_the_sign_in_lets_an_app_be_set_up_at_once(client, issuer):
    sign_on(client)
    assert client.get(APP).status_code == 200


@pytest.mark.parametrize("asked_at", [None, 1_000_000_000])
def test_a_single_sign_on_that_did_not_ask_confirms_nothing(client, issuer, asked_at):
    sign_on(client)
    grow_old(client)
    issuer.lies = {"auth_time": asked_at}
    assert sign_on(client, process="redirect", next="/confirm").status_code == 403
    assert client.post("/sign-here", {"text": "x"}).status_code == 302


def test_a_single_sign_on_confirms_its_own_account_only(client, issuer, ada):
    grow_old(client)
    assert sign_on(client, process="redirect", next="/confirm").status_code == 403
    assert parse_qs(urlsplit(client.post("/sign-here", {"text": "x"})["Location"]).query)["for"]
