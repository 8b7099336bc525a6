"""Coming by GitHub: the whole way there and back over HTTP, and what happens when a step of it goes wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from html import unescape

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from apps.core.clock import now
from apps.governance.engine.totp import code_of, step_at
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.sessions import AUTHENTICATED, SIGNED_ON
from nofx.urls import handler400, handler500
from nofx.urls import urlpatterns as pages
from tests.governance.github_server import CLIENT_ID, SECRET, github_running
from tests.governance.sign_on import leave as sign_on_leave
from tests.governance.sign_on import visit

__all__ = ["handler400", "handler500"]


@recently_authenticated
def sign(request):
    return HttpResponse(f"signed {request.POST['text']}")


urlpatterns = [path("sign-here", sign), *pages]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.governance.test_github_sign_in")]
PROVIDER = "apps.governance.gateways.github_sign_in.GithubProvider"


@pytest.fixture
def github(settings):
    with github_running() as running:
        app = {"name": "GitHub", "client_id": CLIENT_ID, "secret": SECRET, "settings": {}}
        settings.SOCIALACCOUNT_PROVIDERS = {
            "github": {"provider_class": PROVIDER, "GITHUB_URL": running.url, "APPS": [app]}
        }
        yield running


leave = partial(sign_on_leave, path="/sign-in/github")


def sign_on(client, **form):
    return client.get(visit(leave(client, **form)))


def is_in(client):
    return "_auth_user_id" in client.session


def text_of(answer):
    return answer.content.decode()


class TestTheWholeWay:
    def test_whoever_github_vouches_for_gets_an_account_without_a_role(self, client, github, scope):
        assert "GitHub" in text_of(client.get("/sign-in"))
        answer = sign_on(client, next="/governance")
        assert (answer.status_code, answer["Location"]) == (302, "/governance")
        ada = User.objects.get()
        assert (ada.username, ada.get_full_name(), ada.email) == ("ada", "Ada Lovelace", "ada@example.org")
        assert ada.person_key == f"{github.url}|583231"
        assert not ada.has_usable_password()
        assert not RoleAssignment.objects.exists()
        assert not (ada.is_staff or ada.is_superuser)
        actions = list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))
        assert actions[-2:] == ["person.add", "sign_in.done"]
        assert AuditEvent.objects.get(action="sign_in.done").detail["method"] == "github"

    def test_what_is_asked_for_is_the_address_alone_and_the_code_is_bound_to_this_browser(self, client, github):
        sign_on(client)
        asked = github.asked[0]
        assert asked["scope"] == "user:email"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == "http://testserver/sign-in/github/back"

    def test_nothing_of_the_profile_and_no_token_is_kept(self, client, github):
        github.profile |= {"bio": "Countess", "location": "London", "company": "Analytical"}
        sign_on(client)
        assert SocialAccount.objects.get().extra_data == {}
        assert not SocialToken.objects.exists()

    def test_the_same_number_is_the_same_account_whatever_it_is_called(self, client, github):
        sign_on(client)
        github.profile |= {"login": "countess"}
        other = Client()
        sign_on(other)
        assert User.objects.count() == 1
        assert is_in(other)

    def test_a_name_that_is_taken_by_somebody_else_opens_nothing(self, client, github, person):
        local = person("ada")
        sign_on(client)
        assert str(client.session["_auth_user_id"]) != str(local.pk)
        assert User.objects.exclude(pk=local.pk).get().username != "ada"

    def test_an_account_is_connected_from_the_profile_and_opens_by_github_from_then_on(self, client, github, person):
        local = person("ada.local")
        client.force_login(local)
        assert sign_on(client, process="connect")["Location"] == "/profile"
        other = Client()
        sign_on(other)
        assert str(other.session["_auth_user_id"]) == str(local.pk)


class TestAddresses:
    @pytest.mark.parametrize(
        "emails",
        [
            [{"email": "boss@example.org", "primary": True, "verified": False}],
            [{"email": "boss@example.org", "primary": True, "verified": "yes"}],
            [{"email": "boss@example.org", "primary": True}],
            [{"email": ["boss@example.org"], "primary": True, "verified": True}, "boss@example.org", None],
            [],
        ],
    )
    def test_an_address_that_github_has_not_verified_is_not_kept(self, client, github, emails):
        github.emails = emails
        github.profile |= {"email": "boss@example.org"}
        sign_on(client)
        assert is_in(client)
        assert User.objects.get().email == ""

    def test_who_tells_no_addresses_gets_in_without_one(self, client, github):
        github.answers["/api/v3/user/emails"] = (404, {"message": "Not Found"})
        sign_on(client)
        assert is_in(client)
        assert User.objects.get().email == ""

    def test_whoever_has_an_account_with_the_address_is_told_to_connect_it(self, client, github, person):
        local = person("ada.local", email="Ada@Example.org")
        answer = sign_on(client)
        page = text_of(answer)
        assert answer.status_code == 403
        assert "There is an account with your address here" in page
        assert "connect GitHub in your profile" in page
        assert not is_in(client)
        assert list(User.objects.all()) == [local]
        assert not SocialAccount.objects.exists()

    def test_an_unverified_address_reaches_no_account_and_hides_none(self, client, github, person):
        person("ada.local", email="ada@example.org")
        github.emails[0]["verified"] = False
        sign_on(client)
        assert is_in(client)
        assert User.objects.count() == 2


class TestWhatGoesWrong:
    def test_a_consent_that_is_denied_leads_back(self, client, github):
        github.is_denied = True
        answer = client.get(visit(leave(client)), follow=True)
        page = text_of(answer)
        assert "You are not signed in" in page
        assert "You stopped at the single sign-on" in page
        assert 'href="/sign-in"' in page
        assert not User.objects.exists()

    def test_who_is_signed_in_and_denies_stays_signed_in(self, client, github, person):
        client.force_login(person("ada.local"))
        github.is_denied = True
        page = text_of(client.get(visit(leave(client, process="connect")), follow=True))
        assert "Nothing was confirmed" in page
        assert "You are not signed in" not in page
        assert 'href="/profile"' in page

    def test_an_answer_with_another_state_brings_nobody_in(self, client, github):
        back = visit(leave(client))
        forged = re.sub(r"state=\w+", "state=another", back)
        for address in (forged, re.sub(r"&?state=\w+", "", back)):
            answer = client.get(address)
            assert answer.status_code == 401
            assert "could not be trusted" in text_of(answer)
        assert not is_in(client)
        assert AuditEvent.objects.filter(action="sign_in.failed", object_id="github").count() == 2

    def test_an_answer_is_good_once_and_in_its_own_browser(self, client, github):
        back = visit(leave(client))
        stranger = Client()
        assert stranger.get(back).status_code == 401
        assert not is_in(stranger)
        assert client.get(back).status_code == 302
        client.post("/sign-out")
        assert client.get(back).status_code == 401

    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("/login/oauth/access_token", (200, {"error": "bad_verification_code"})),
            ("/login/oauth/access_token", (500, {})),
            ("/login/oauth/access_token", (200, b"not json")),
            ("/api/v3/user", (401, {"message": "Bad credentials"})),
            ("/api/v3/user", (200, b"<html>")),
            ("/api/v3/user", (200, ["ada"])),
            ("/api/v3/user", (200, {"login": "ada"})),
            ("/api/v3/user", (200, {"id": "583231", "login": "ada"})),
            ("/api/v3/user", (200, {"id": True, "login": "ada"})),
            ("/api/v3/user/emails", (500, {})),
            ("/api/v3/user/emails", (200, {"email": "ada@example.org"})),
        ],
        ids=str,
    )
    def test_a_github_that_answers_wrongly_brings_nobody_in(self, client, github, path, answer):
        github.answers[path] = answer
        page = sign_on(client)
        assert page.status_code == 401
        assert "You are not signed in" in text_of(page)
        assert 'href="/sign-in"' in text_of(page)
        assert not User.objects.exists()
        assert AuditEvent.objects.filter(action="sign_in.failed", object_id="github").count() == 1

    @pytest.mark.parametrize(
        "profile",
        [
            {"id": 1, "login": "a\x00" + "b" * 400, "name": "A\x00da " + "L" * 900},
            {"id": 1, "login": None, "name": None},
            {"id": 1, "login": {"x": 1}, "name": ["Ada"]},
        ],
        ids=("long", "none", "odd"),
    )
    def test_names_that_a_database_refuses_do_no_harm(self, client, github, profile):
        github.profile = profile
        assert sign_on(client).status_code == 302
        assert "\x00" not in User.objects.get().username

    def test_a_github_that_is_not_there_is_said_to(self, client, github, settings):
        back = visit(leave(client))
        settings.SOCIALACCOUNT_PROVIDERS["github"]["GITHUB_URL"] = "http://127.0.0.1:9"
        answer = client.get(back)
        assert answer.status_code == 401
        assert not is_in(client)

    def test_a_closed_account_stays_closed(self, client, github):
        sign_on(client)
        User.objects.update(is_active=False)
        other = Client()
        assert sign_on(other)["Location"] == "/sign-in/closed"
        assert not is_in(other)


class TestSigning:
    """Whoever came by GitHub alone confirms by an authenticator app, since GitHub never says that it asked anew."""

    def test_coming_by_github_is_no_signature(self, client, github):
        sign_on(client)
        asked = client.post("/sign-here", {"text": "this"})
        assert asked["Location"].startswith("/confirm?for=")
        page = text_of(client.get(asked["Location"]))
        assert "Set up an app and go on" in page
        assert "Confirm by GitHub" not in page
        assert 'name="password"' not in page

    def test_the_first_app_is_set_up_just_after_coming_and_what_waited_goes_on(self, client, github):
        sign_on(client)
        errand = client.post("/sign-here", {"text": "this"})["Location"].partition("=")[2]
        self.set_up(client, f"/profile/authenticator?for={errand}", after=f"/confirm?for={errand}")
        assert text_of(client.post(f"/confirm?for={errand}")) == "signed this"

    def test_later_a_code_confirms(self, client, github, monkeypatch):
        sign_on(client)
        secret = self.set_up(client, "/profile/authenticator", after="/profile")
        self.grow_old(client)
        asked = client.post("/sign-here", {"text": "that"})["Location"]
        assert 'name="code"' in text_of(client.get(asked))
        later = now() + timedelta(seconds=90)
        monkeypatch.setattr("apps.governance.services.second_factor.now", lambda: later)
        done = client.post(asked, {"code": code_of(secret, step_at(later))})
        assert text_of(done) == "signed that"
        assert AuditEvent.objects.get(action="sign_in.confirmed").detail["method"] == "code"

    def test_after_five_minutes_the_first_app_takes_coming_anew(self, client, github):
        sign_on(client)
        self.grow_old(client)
        assert client.get("/profile/authenticator")["Location"].startswith("/confirm?for=")
        page = text_of(client.get("/confirm"))
        assert "sign out and in again" in page
        assert "Set up an app and go on" not in page
        client.post("/sign-out")
        sign_on(client)
        assert client.get("/profile/authenticator").status_code == 200

    def test_github_confirms_nothing_by_itself(self, client, github):
        sign_on(client)
        assert sign_on(client, process="redirect", next="/confirm").status_code == 403
        assert client.post("/sign-here", {"text": "x"}).status_code == 302

    def test_whoever_has_a_password_signs_with_it_after_coming_by_github(self, client, github, person):
        local = person("ada.local")
        client.force_login(local)
        sign_on(client, process="connect")
        other = Client()
        sign_on(other)
        asked = other.post("/sign-here", {"text": "x"})["Location"]
        assert 'name="password"' in text_of(other.get(asked))
        assert other.get("/profile/authenticator").status_code == 302, "the password comes first"
        assert text_of(other.post(asked, {"password": "correct horse battery"})) == "signed x"

    def test_whoever_has_an_app_shows_its_code_when_coming_and_may_sign_at_once(self, client, github, monkeypatch):
        sign_on(client)
        secret = self.set_up(client, "/profile/authenticator", after="/profile")
        later = now() + timedelta(seconds=90)
        monkeypatch.setattr("apps.governance.services.second_factor.now", lambda: later)
        other = Client()
        assert sign_on(other)["Location"] == "/sign-in/code"
        assert not is_in(other)
        other.post("/sign-in/code", {"code": code_of(secret, step_at(later))})
        assert text_of(other.post("/sign-here", {"text": "x"})) == "signed x"

    def set_up(self, client, address, *, after):
        page = text_of(client.get(address))
        secret = re.search(r"data-secret>([^<]+)<", page)[1].replace(" ", "")
        action = unescape(re.search(r'action="(/profile/authenticator[^"]*)"', page)[1])
        done = text_of(client.post(action, {"code": code_of(secret, step_at(now()))}))
        assert f'href="{after}"' in done
        return secret

    def grow_old(self, client):
        session = client.session
        for name in (AUTHENTICATED, SIGNED_ON):
            if name in session:
                session[name] = (now() - timedelta(minutes=6)).timestamp()
        session.save()
