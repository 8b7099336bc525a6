"""Coming by single sign-on, against a real issuer over HTTP, also one that lies."""

from __future__ import annotations

import re
from functools import partial

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.governance.errors import SignOnRefused
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.selectors import accounts_of, readable_scopes
from tests.governance.oidc_server import CLIENT_ID, SECRET, issuer_running
from tests.governance.sign_on import leave as sign_on_leave
from tests.governance.sign_on import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer(settings):
    with issuer_running() as running:
        app = {
            "provider_id": "oidc",
            "name": "Acme",
            "client_id": CLIENT_ID,
            "secret": SECRET,
            "settings": {"server_url": running.url, "oauth_pkce_enabled": True},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"provider_class": "apps.governance.gateways.oidc.OidcProvider", "APPS": [app]}
        }
        yield running


leave = partial(sign_on_leave, path="/sign-in/oidc")


def sign_on(client, **form):
    return client.get(visit(leave(client, **form)))


def is_in(client):
    return "_auth_user_id" in client.session


def test_whoever_the_issuer_vouches_for_gets_an_account_without_a_role(client, issuer, scope):
    assert "Acme" in client.get("/sign-in").content.decode()
    answer = sign_on(client, next="/governance")
    assert (answer.status_code, answer["Location"]) == (302, "/governance")
    ada = User.objects.get()
    assert (ada.username, ada.get_full_name(), ada.has_usable_password()) == ("ada", "Ada Lovelace", False)
    assert ada.person_key == f"{issuer.url}|{issuer.subject}"
    assert not RoleAssignment.objects.exists()
    assert not readable_scopes(ada).exists()
    assert not ada.is_staff
    actions = list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))
    assert actions[-2:] == ["person.add", "sign_in.done"]


def test_the_same_subject_is_the_same_account_whatever_it_is_called(client, issuer):
    sign_on(client)
    issuer.told = {"preferred_username": "countess"}
    other = Client()
    sign_on(other)
    assert User.objects.count() == 1
    assert is_in(other)


def test_an_address_connects_nobody_with_an_account(client, issuer):
    admin = User.objects.create_superuser("root", email="root@example.org", password="correct horse battery")
    issuer.told = {"preferred_username": "root", "email": "root@example.org", "email_verified": True}
    answer = sign_on(client)
    assert answer.status_code == 403
    assert "connect Acme in your profile" in answer.content.decode()
    assert not is_in(client)
    assert list(User.objects.all()) == [admin]


def test_an_address_that_nobody_verified_reaches_no_account_and_hides_none(client, issuer):
    admin = User.objects.create_superuser("root", email="root@example.org", password="correct horse battery")
    issuer.told = {"preferred_username": "root", "email": "root@example.org", "email_verified": False}
    sign_on(client)
    stranger = User.objects.exclude(pk=admin.pk).get()
    assert (stranger.username != "root", stranger.is_superuser, stranger.email) == (True, False, "")
    assert str(client.session["_auth_user_id"]) == str(stranger.pk)


def test_an_unverified_address_is_not_even_kept(client, issuer):
    issuer.told = {"preferred_username": "eve", "email": "boss@example.org", "email_verified": False}
    sign_on(client)
    assert User.objects.get().email == ""


def test_names_that_a_database_refuses_do_no_harm(client, issuer):
    issuer.told = {"preferred_username": "a\x00" + "b" * 400, "name": "A\x00da " + "L" * 900}
    assert sign_on(client).status_code == 302
    assert "\x00" not in User.objects.get().username


def test_two_accounts_of_one_subject_are_one_person(client, issuer, person):
    local = person("ada.local")
    client.force_login(local)
    assert sign_on(client, process="connect").status_code == 302
    local.refresh_from_db()
    second = person("ada.second", person_key=f"{issuer.url}|{issuer.subject}")
    assert sorted(accounts_of(local)) == sorted([local.pk, second.pk])
    assert AuditEvent.objects.filter(action="person.connect").count() == 1


def test_a_subject_that_another_account_is_known_by_is_not_connected_by_one_person_alone(client, issuer, person):
    person("ada.second", person_key=f"{issuer.url}|{issuer.subject}")
    local = person("ada.local")
    client.force_login(local)
    answer = sign_on(client, process="connect")
    assert answer.status_code == 403
    assert "belongs to another account here" in answer.content.decode()
    local.refresh_from_db()
    assert local.person_key == ""


def test_an_account_of_somebody_else_is_not_connected(client, issuer, person):
    other = person("grace", person_key="https://issuer.example|7")
    client.force_login(other)
    answer = sign_on(client, process="connect")
    assert answer.status_code == 403
    assert "somebody else" in answer.content.decode()
    other.refresh_from_db()
    assert other.person_key == "https://issuer.example|7"


def test_the_same_subject_of_another_issuer_is_somebody_else(client, issuer, person):
    sign_on(client)
    SocialAccount.objects.update(user=person("earlier", person_key=f"https://earlier.example|{issuer.subject}"))
    other = Client()
    assert sign_on(other).status_code == SignOnRefused.status
    assert not is_in(other)


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another program"},
        {"aud": [CLIENT_ID, "another program"]},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_good_brings_nobody_in(client, issuer, lie):
    issuer.lies = lie
    answer = sign_on(client)
    assert answer.status_code == 401
    assert "could not be trusted" in answer.content.decode()
    assert not User.objects.exists()
    assert not is_in(client)
    denied = AuditEvent.objects.get(action="sign_in.failed")
    assert (denied.outcome, denied.object_id, denied.reason) == ("denied", "oidc", "IssuerProblem")


def test_a_forged_signature_brings_nobody_in(client, issuer):
    issuer.is_forger = True
    assert sign_on(client).status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_without_a_public_keys_signature_brings_nobody_in(client, issuer, algorithm):
    issuer.signs_with = algorithm
    assert sign_on(client).status_code == 401
    assert not User.objects.exists()


def test_an_issuer_under_another_name_is_not_asked(client, issuer):
    issuer.calls_itself = "https://evil.example"
    assert client.post("/sign-in/oidc").status_code == 502


def test_userinfo_about_somebody_else_brings_nobody_in(client, issuer):
    issuer.userinfo_subject = "another"
    assert sign_on(client).status_code == 401


def test_an_issuer_that_does_not_answer_is_said_to_and_leads_back(client, issuer):
    issuer.is_down = True
    answer = client.post("/sign-in/oidc")
    assert answer.status_code == 502
    assert 'href="/sign-in"' in answer.content.decode()
    issuer.is_down = False
    back = visit(leave(client))
    issuer.is_down = True
    assert client.get(back).status_code == 502
    assert AuditEvent.objects.filter(action="sign_in.failed", object_kind="sign_on").count() == 2


def test_an_answer_is_good_once_and_in_its_own_browser(client, issuer):
    back = visit(leave(client))
    stranger = Client()
    assert stranger.get(back).status_code == 401
    assert not is_in(stranger)
    assert client.get(back).status_code == 302
    client.post("/sign-out")
    assert client.get(back).status_code == 401


def test_two_tabs_come_back_beside_one_another(client, issuer):
    first, second = leave(client, next="/governance"), leave(client, next="/specs")
    assert client.get(visit(second))["Location"] == "/specs"
    assert client.get(visit(first))["Location"] == "/governance"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_site(client, issuer, target):
    assert sign_on(client, next=target)["Location"] == "/"


def test_a_closed_account_stays_closed(client, issuer):
    sign_on(client)
    User.objects.update(is_active=False)
    other = Client()
    answer = sign_on(other)
    assert answer["Location"] == "/sign-in/closed"
    assert not is_in(other)


def test_a_sign_on_that_is_not_configured_is_not_there(client):
    assert client.post("/sign-in/oidc").status_code == 404
    assert client.post("/sign-in/github").status_code == 404
    assert client.get("/sign-in/oidc/back?code=1&state=2").status_code == 404


def test_a_link_alone_starts_nothing(client, issuer):
    assert client.get("/sign-in/oidc").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in/oidc").status_code == 403


def test_somebody_who_changes_their_mind_is_led_back(client, issuer):
    state = re.search(r"state=(\w+)", leave(client))[1]
    answer = client.get(f"/sign-in/oidc/back?error=access_denied&state={state}", follow=True)
    assert "You stopped" in answer.content.decode()
