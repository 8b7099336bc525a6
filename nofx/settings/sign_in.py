"""Who may sign in, and through whom: the settings of sign-in, made from the environment."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from nofx.env import Environment

OIDC_ID = "oidc"
REQUIREMENTS = ("none", "privileged", "all")


def totp_requirement(environment: Environment, *, is_embedded: bool) -> str:
    """
    Return for whom a second factor is required: ``none``, ``privileged`` or ``all``.

    :raises ImproperlyConfigured: the variable says something else.
    """
    chosen = environment["NOFX_REQUIRE_TOTP"] or ("none" if is_embedded else "privileged")
    if chosen not in REQUIREMENTS:
        raise ImproperlyConfigured(f"NOFX_REQUIRE_TOTP is one of {', '.join(REQUIREMENTS)}, not {chosen!r}.")
    return chosen


def whole_number(environment: Environment, name: str, *, at_least: int) -> int:
    """
    Return the whole number that *name* holds.

    :raises ImproperlyConfigured: it is none, or too small.
    """
    text = environment[name]
    if not text.isdecimal() or int(text) < at_least:
        raise ImproperlyConfigured(f"{name} is a whole number from {at_least} on, not {text!r}.")
    return int(text)


def providers(environment: Environment) -> dict[str, Any]:
    """
    Return the single sign-ons that the environment names, as allauth reads them. Secrets are read here and not kept.

    :raises ImproperlyConfigured: one is named in part, or its secret is missing.
    """
    found: dict[str, Any] = {
        "openid_connect": {"provider_class": "apps.governance.gateways.oidc.OidcProvider"},
        "github": {"provider_class": "apps.governance.gateways.github_sign_in.GithubProvider"},
    }
    if environment["NOFX_OIDC_SERVER"]:
        found["openid_connect"]["APPS"] = [
            {
                "provider_id": OIDC_ID,
                "name": environment["NOFX_OIDC_NAME"],
                **_credentials(environment, "NOFX_OIDC"),
                "settings": {"server_url": environment["NOFX_OIDC_SERVER"].rstrip("/"), "oauth_pkce_enabled": True},
            }
        ]
    if environment["NOFX_GITHUB_CLIENT_ID"]:
        app = {"name": "GitHub", **_credentials(environment, "NOFX_GITHUB"), "settings": {}}
        found["github"] |= {"GITHUB_URL": environment["NOFX_GITHUB_URL"].rstrip("/"), "APPS": [app]}
    return found


def _credentials(environment: Environment, prefix: str) -> dict[str, str]:
    client_id, variable = environment[f"{prefix}_CLIENT_ID"], environment[f"{prefix}_SECRET_VARIABLE"]
    if not client_id or not variable:
        raise ImproperlyConfigured(f"Set {prefix}_CLIENT_ID and {prefix}_SECRET_VARIABLE, or neither of its settings.")
    secret = os.environ.get(variable, "")
    if not secret:
        raise ImproperlyConfigured(f"{prefix}_SECRET_VARIABLE names {variable}, which is not set in the environment.")
    return {"client_id": client_id, "secret": secret}
