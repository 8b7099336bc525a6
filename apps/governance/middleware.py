"""
Failures of pages become pages: a sentence, what was kept, and a way on. Refusals go into the audit chain.

Who asks a page for JSON is told in problem+json.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from apps.core.database import storage_problem
from apps.core.errors import NofxError
from apps.core.htmx import notify, redirect_after, render_page, wants_fragment, way_back
from apps.governance.errors import PasswordGiven, SecondFactorMissing
from apps.governance.http import api_token, problem_of, record_denial, wants_problem
from apps.governance.models import User
from apps.governance.services.second_factor import has_second_factor, needs_second_factor
from apps.governance.services.sign_in import KNOWN_TO_ANOTHER

API_PREFIX = "/api/"
# What somebody whose password was given to them may open.
WITH_GIVEN_PASSWORD = {
    "governance:password",
    "governance:confirm",
    "console:preference-set",
    "logout",
    "sign-on",
    "openid_connect_callback",
    "sign-in-stay",
}
# What somebody who has still to set up an authenticator app may open.
WITHOUT_APP = {
    "governance:second-factor",
    "governance:confirm",
    "console:preference-set",
    "logout",
    "sign-on",
    "openid_connect_callback",
    "sign-in-stay",
}


class OwnPasswordGate:
    """Lead whoever was given their password, which others know, to choosing their own, and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """Answer in place of the view for whoever has still to choose a password."""
        if api_token(request) or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        if not cast("User", request.user).is_password_given or (match and match.view_name in WITH_GIVEN_PASSWORD):
            return None
        if request.path.startswith(API_PREFIX):
            return problem_of(request, PasswordGiven(KNOWN_TO_ANOTHER, remedy="Choose your own at the page first."))
        return redirect_after(request, reverse("governance:password"))


class SecondFactorGate:
    """Lead whoever the installation asks for an authenticator app, and has none, to setting it up, and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """Answer in place of the view for whoever has still to set up an app."""
        if settings.NOFX_REQUIRE_TOTP == "none" or api_token(request) or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        user = cast("User", request.user)
        if user.is_password_given or (match and match.view_name in WITHOUT_APP):
            return None
        if has_second_factor(user) or not needs_second_factor(user):
            return None
        if request.path.startswith(API_PREFIX):
            missing = SecondFactorMissing(
                "Your role needs an authenticator app.", remedy="Set it up in your profile at the page."
            )
            return problem_of(request, missing)
        return redirect_after(request, reverse("governance:second-factor"))


class ProblemPages:
    """Answer an expected failure of a page with its sentence and its remedy; the API answers for itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page about *exception*, or None for what nobody expected."""
        full = storage_problem(exception)
        if request.path.startswith(API_PREFIX):
            return problem_of(request, full) if full else None
        record_denial(request, full or exception)
        problem = full or exception
        return problem_answer(request, problem) if isinstance(problem, NofxError) else None


def problem_answer(request: HttpRequest, problem: NofxError) -> HttpResponse:
    """Return *problem* as whoever asks reads it: JSON, a message over the open page, or a page."""
    if request.path.startswith(API_PREFIX) or wants_problem(request):
        return problem_of(request, problem)
    if wants_fragment(request):
        response = HttpResponse(status=200)
        response["HX-Reswap"] = "none"
        return notify(request, response, str(problem), level="error")
    context = {"problem": problem, "way_back": way_back(request)}
    return render_page(request, "errors/problem.html", context, status=problem.status)
