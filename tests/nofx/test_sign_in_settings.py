"""Who may sign in, as the environment says: whole, or not at all."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from nofx.env import Environment
from nofx.settings.sign_in import providers, totp_requirement, whole_number

OIDC = {
    "NOFX_OIDC_SERVER": "https://issuer.example/",
    "NOFX_OIDC_CLIENT_ID": "nofx",
    "NOFX_OIDC_SECRET_VARIABLE": "ISSUER_SECRET",
}


def test_an_empty_environment_names_no_single_sign_on():
    assert [name for name, found in providers(Environment({})).items() if "APPS" in found] == []


def test_an_issuer_is_taken_with_the_secret_of_the_named_variable(monkeypatch):
    monkeypatch.setenv("ISSUER_SECRET", "hush")
    app = providers(Environment(OIDC))["openid_connect"]["APPS"][0]
    assert (app["client_id"], app["secret"], app["name"]) == ("nofx", "hush", "Single sign-on")
    assert app["settings"]["server_url"] == "https://issuer.example"


@pytest.mark.parametrize("missing", ["NOFX_OIDC_CLIENT_ID", "NOFX_OIDC_SECRET_VARIABLE"])
def test_half_an_issuer_is_refused(monkeypatch, missing):
    monkeypatch.setenv("ISSUER_SECRET", "hush")
    with pytest.raises(ImproperlyConfigured, match=missing):
        providers(Environment({**OIDC, missing: ""}))


def test_a_secret_that_is_not_there_is_refused_by_the_name_of_its_variable(monkeypatch):
    monkeypatch.delenv("ISSUER_SECRET", raising=False)
    with pytest.raises(ImproperlyConfigured, match="ISSUER_SECRET"):
        providers(Environment(OIDC))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "https://github.com"),
        ("https://github.com/", "https://github.com"),
        ("https://git.example", "https://git.example"),
    ],
)
def test_github_is_the_public_one_unless_another_is_named(monkeypatch, url, expected):
    monkeypatch.setenv("GITHUB_SECRET", "hush")
    values = {"NOFX_GITHUB_CLIENT_ID": "x", "NOFX_GITHUB_SECRET_VARIABLE": "GITHUB_SECRET", "NOFX_GITHUB_URL": url}
    assert providers(Environment(values))["github"].get("GITHUB_URL") == expected


@pytest.mark.parametrize(
    ("value", "is_embedded", "expected"),
    [("", True, "none"), ("", False, "privileged"), ("all", True, "all"), ("none", False, "none")],
)
def test_a_server_asks_the_privileged_for_an_app_unless_told_otherwise(value, is_embedded, expected):
    assert totp_requirement(Environment({"NOFX_REQUIRE_TOTP": value}), is_embedded=is_embedded) == expected


def test_another_requirement_is_refused():
    with pytest.raises(ImproperlyConfigured):
        totp_requirement(Environment({"NOFX_REQUIRE_TOTP": "some"}), is_embedded=True)


@pytest.mark.parametrize("value", ["4", "-5", "1.5", "soon"])
def test_a_session_lasts_five_minutes_at_least(value):
    with pytest.raises(ImproperlyConfigured):
        whole_number(Environment({"NOFX_SESSION_MINUTES": value}), "NOFX_SESSION_MINUTES", at_least=5)
