"""
Single sign-on by OpenID Connect, held to more than allauth asks: OpenID Connect Core 1.0, section 3.1.3.7.

The token's signature is checked although it comes from the issuer itself, the nonce ties it to this browser's request,
the issuer must be the one that was configured, and what ``userinfo`` says must be about the same subject.
"""

from __future__ import annotations

import hmac
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from apps.governance.gateways.github_sign_in import plain

# With a public key only: a shared secret would let whoever knows it write tokens.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nonce")
# By how much two clocks may differ.
LEEWAY_S = 30
STATE_LENGTH = 32
ENDPOINTS = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
NAMES = ("preferred_username", "name", "given_name", "family_name", "email")


class IssuerProblem(OAuth2Error):
    """The issuer answers with something else than OpenID Connect asks for."""


def nonce_of(state_id: str) -> str:
    """Return the nonce of a request: known to whoever made its state, and to nobody who only sees it."""
    return salted_hmac("nofx.oidc.nonce", state_id, algorithm="sha256").hexdigest()


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """The conversation with one issuer."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """
        Return what the issuer says about itself.

        :raises IssuerProblem: it calls itself something else than what was configured, or leaves out an address.
        """
        config: dict[str, Any] = super().openid_config
        if not isinstance(config, dict) or not config.keys() >= set(ENDPOINTS):
            raise IssuerProblem("The issuer does not say where it answers.")
        if str(config.get("issuer", "")).rstrip("/") != self.get_provider().app.settings["server_url"]:
            raise IssuerProblem("The issuer calls itself by another address.")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """
        Return whom the issuer vouches for.

        :raises IssuerProblem: the token or what is said beside it is not good.
        """
        claims = self._claims(app, str(kwargs["response"].get("id_token", "")), request.GET.get("state", ""))
        info = self._fetch_user_info(token.token) if "userinfo_endpoint" in self.openid_config else {}
        if not isinstance(info, dict) or info.get("sub", claims["sub"]) != claims["sub"]:
            raise IssuerProblem("The issuer speaks of two people.")
        return self.get_provider().sociallogin_from_response(request, {**claims, **info, "iss": claims["iss"]})

    def _claims(self, app: SocialApp, token: str, state_id: str) -> dict[str, Any]:
        config = self.openid_config
        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
            if algorithm not in ALGORITHMS:
                raise IssuerProblem("The token is not signed with a public key.")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(config["jwks_uri"], token),
                algorithms=[algorithm],
                audience=app.client_id,
                issuer=config["issuer"],
                leeway=LEEWAY_S,
                options={"require": list(CLAIMS)},
            )
        except jwt.PyJWTError as error:
            raise IssuerProblem(f"The token is not good: {error}") from error
        if not hmac.compare_digest(str(claims["nonce"]), nonce_of(state_id)):
            raise IssuerProblem("The token is the answer to another request.")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise IssuerProblem("The token is for another program.")
        return claims

    def _key(self, address: str, token: str) -> Any:
        with get_adapter().get_requests_session() as session:
            response = session.get(address)
            response.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(response.json()).keys
        wanted = jwt.get_unverified_header(token).get("kid")
        fitting = [key for key in keys if key.key_id == wanted] if wanted else keys
        if len(fitting) != 1:
            raise IssuerProblem("The issuer does not show the key of its token.")
        return fitting[0].key


class OidcProvider(OpenIDConnectProvider):
    """One issuer, as people see it."""

    oauth2_adapter_class = OidcAdapter

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Send the browser to the issuer; who confirms something is to be asked again there."""
        state_id = get_random_string(STATE_LENGTH)
        asked = {"nonce": nonce_of(state_id)}
        if process == AuthProcess.REDIRECT:
            asked |= {"prompt": "login", "max_age": "0"}
        kwargs["auth_params"] = {**self.get_auth_params(), **asked}
        kwargs["scope"] = self.get_scope()
        return super().redirect(request, process, next_url=next_url, data=data, state_id=state_id, **kwargs)

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the subject that the token is about."""
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep what says who vouched for whom and when; nothing about the person."""
        return {name: data[name] for name in ("iss", "sub", "auth_time") if name in data}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the names, without characters that a database refuses."""
        return super().extract_common_fields({name: plain(data.get(name)) for name in NAMES})
