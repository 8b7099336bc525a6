"""Signing in and out: by password and code, or by single sign-on."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base.views import AuthenticateView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from apps.core.errors import NotFound
from apps.governance.gateways.github_sign_in import GithubAdapter
from apps.governance.gateways.oidc import OidcAdapter
from apps.governance.models import User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.sessions import ends_in

GITHUB = "github"
PROCESSES = {AuthProcess.LOGIN, AuthProcess.REDIRECT, AuthProcess.CONNECT}


def sign_ons(request: HttpRequest) -> list[dict[str, str]]:
    """Return the single sign-ons that the installation has, as id and name."""
    return [{"id": provider.sub_id, "name": provider.name} for provider in get_adapter().list_providers(request)]


def sign_ons_asking(request: HttpRequest, user: User) -> list[dict[str, str]]:
    """Return the single sign-ons of *user* that ask people anew and say when; GitHub never does."""
    connected = set(user.socialaccount_set.values_list("provider", flat=True)) - {GITHUB}
    return [one for one in sign_ons(request) if one["id"] in connected]


class SignInView(LoginView):
    """The first page: a user name and a password, or a single sign-on."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Add the single sign-ons, and where the person was going."""
        return {
            **super().get_context_data(**context),
            "sign_ons": sign_ons(self.request),
            "next": safe_target(self.request, ""),
        }


class CodeView(AuthenticateView):
    """The second page: a code."""


sign_in = SignInView.as_view()
sign_in_code = CodeView.as_view()


@require_POST
def sign_in_anew(request: HttpRequest) -> HttpResponse:
    """Forget the password that was given, so that somebody else can sign in."""
    clear_login(request)
    return redirect("login")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@login_required
@require_POST
def sign_in_stay(request: HttpRequest) -> HttpResponse:
    """Move the end of the session; the request itself has done so."""
    return HttpResponse(str(ends_in(request)), content_type="text/plain")


@require_GET
def account_closed(request: HttpRequest) -> HttpResponse:
    """Say that the account is closed, to somebody whom a single sign-on vouched for."""
    return render(request, "account/account_inactive.html", status=403)


@require_GET
def sign_on_cancelled(request: HttpRequest) -> HttpResponse:
    """Lead back somebody who changed their mind."""
    return render(request, "socialaccount/login_cancelled.html")


@never_cache
@require_POST
def sign_on_start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """
    Send the person to a single sign-on: to sign in, to confirm who they are, or to connect their account with it.

    A page of ours does it: the security policy lets no form lead to another site.
    """
    process = request.POST.get("process", AuthProcess.LOGIN)
    if process not in PROCESSES:
        raise NotFound("There is nothing here.", remedy="Go back and try again.")
    if process == AuthProcess.LOGIN:
        return _start(request, provider_id, process)
    guarded = _connect if process == AuthProcess.CONNECT else _confirm
    return guarded(request, provider_id, process)


@never_cache
@require_GET
def sign_on_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take in whom the single sign-on vouches for."""
    provider = _provider(request, provider_id)
    adapter = GithubAdapter(request) if provider_id == GITHUB else OidcAdapter(request, provider_id)
    try:
        return OAuth2CallbackView.adapter_view(adapter)(request)
    except (RequestException, OAuth2Error) as error:
        return _no_answer(request, provider, error)


def _start(request: HttpRequest, provider_id: str, process: str) -> HttpResponse:
    provider = _provider(request, provider_id)
    try:
        response = provider.redirect(request, process, next_url=safe_target(request, ""))
    except (RequestException, OAuth2Error) as error:
        return _no_answer(request, provider, error)
    except ImmediateHttpResponse as error:
        response = error.response
    if not isinstance(response, HttpResponseRedirect):
        return response
    return render(request, "account/leave.html", {"target": response.url, "name": provider.name})


_confirm = login_required(_start)
_connect = login_required(recently_authenticated(_start))


def _no_answer(request: HttpRequest, provider: Any, error: Exception) -> HttpResponse:
    get_adapter().on_authentication_error(request, provider, exception=error)
    return render(request, "socialaccount/authentication_error.html", {"is_silent": True}, status=502)


def _provider(request: HttpRequest, provider_id: str) -> Any:
    try:
        return get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise NotFound("There is no such single sign-on.", remedy="Sign in another way.") from error


def safe_target(request: HttpRequest, otherwise: str) -> str:
    """Return where the person was going, if that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else otherwise
