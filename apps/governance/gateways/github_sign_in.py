"""
Sign-in with GitHub, or a GitHub server of one's own: OAuth with PKCE, then who it is and which addresses are theirs.

What GitHub answers is read as anybody's word: its shape is looked at, and nothing about the person is kept but the
number that GitHub knows them by. GitHub never says when it asked somebody for their password, so it confirms no
signature.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.http import HttpRequest

GITHUB, GITHUB_API = "https://github.com", "https://api.github.com"
NO_ADDRESSES = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class GithubProblem(OAuth2Error):
    """GitHub answers with something else than its documentation says."""


def github_url() -> str:
    """Return the server that people sign in with."""
    return str(app_settings.PROVIDERS.get("github", {}).get("GITHUB_URL", GITHUB))


class GithubAdapter(GitHubOAuth2Adapter):
    """The conversation with GitHub; where it answers is read from the settings when it begins."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        server = github_url()
        api = GITHUB_API if server == GITHUB else f"{server}/api/v3"
        self.access_token_url = f"{server}/login/oauth/access_token"
        self.authorize_url = f"{server}/login/oauth/authorize"
        self.profile_url, self.emails_url = f"{api}/user", f"{api}/user/emails"
        self.headers = {"Accept": "application/json"}

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """
        Return whom GitHub vouches for.

        :raises GithubProblem: it says nobody, or not how GitHub does.
        """
        headers = {"Authorization": f"Bearer {token.token}", "Accept": "application/vnd.github+json"}
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.profile_url, headers=headers)
            answer.raise_for_status()
            profile = answer.json()
        if not isinstance(profile, dict) or type(profile.get("id")) is not int:
            raise GithubProblem("GitHub does not say who it is.")
        told = {**profile, "emails": self.get_emails(headers)}
        return self.get_provider().sociallogin_from_response(request, told)

    def get_emails(self, headers: dict[str, str]) -> list[dict[str, Any]]:
        """Return the addresses that GitHub tells; none where it may not tell them."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.emails_url, headers=headers)
        if answer.status_code in NO_ADDRESSES:
            return []
        answer.raise_for_status()
        told = answer.json()
        if not isinstance(told, list):
            raise GithubProblem("GitHub does not say which addresses are theirs.")
        return [
            {"email": one["email"], "primary": one.get("primary") is True, "verified": one.get("verified") is True}
            for one in told
            if isinstance(one, dict) and isinstance(one.get("email"), str)
        ]


class GithubProvider(GitHubProvider):
    """GitHub, as people see it."""

    oauth2_adapter_class = GithubAdapter
    pkce_enabled_default = True

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the names, and of the addresses the first one, if GitHub has seen that it is theirs."""
        first = next((one["email"] for one in data["emails"] if one["primary"] and one["verified"]), "")
        return {"username": plain(data.get("login")), "name": plain(data.get("name")), "email": first}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep nothing about the person."""
        return {}


def plain(value: object) -> str:
    """Return *value* without characters that a database refuses; nothing where it is no text."""
    return "".join(letter for letter in value if letter.isprintable()) if isinstance(value, str) else ""
