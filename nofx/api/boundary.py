"""
What holds for every API request, whichever framework answers it.

The request gets an id; a bearer token replaces the session; a repeated POST gets its first answer; and whatever goes
wrong leaves as problem+json. At a page, which is for people, a token is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

from apps.core.bodies import body_limit
from apps.core.errors import NofxError
from apps.governance.addresses import client_address
from apps.governance.http import PROBLEM_TYPE, TITLES, access, problem, problem_of, record_denial, wants_problem
from apps.governance.services import TOKEN_PREFIXES, TokenRefused, token_authenticate
from nofx.api.idempotency import answered_once

Handler = Callable[[HttpRequest], HttpResponse]

API = "/api/"
# Pages about the API, read in a browser.
PAGES = frozenset({"/api/reference"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_ids(get_response: Handler) -> Handler:
    """Give each request an id, the caller's own where it is harmless, and send it back as ``X-Request-ID``."""

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        request.request_id = request_id  # read by problem answers and error pages
        response = get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response

    return handle


def is_api(request: HttpRequest) -> bool:
    """Return whether a program is asking."""
    return request.path.startswith(API) and request.path not in PAGES


def api_boundary(get_response: Handler) -> Handler:
    """Authenticate tokens, answer repetitions, and leave no API answer that is not JSON."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return _at_page(request, get_response)
        request.api_token = None  # read by apps.governance.http
        try:
            _authenticate(request)
            response = answered_once(request, lambda: get_response(request))
        except NofxError as error:
            record_denial(request, error)
            response = problem_of(request, error)
        except RequestDataTooBig:
            response = HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return _as_problem(request, response)

    return handle


def _at_page(request: HttpRequest, get_response: Handler) -> HttpResponse:
    """Answer for a page: no token opens one, whatever its scopes, and a program is told of failures as one."""
    if _credential(request)[1].startswith(TOKEN_PREFIXES):
        try:
            _authenticate(request)
            access()(request)
        except NofxError as error:
            record_denial(request, error)
            return problem_of(request, error)
    response = get_response(request)
    return _as_problem(request, response) if wants_problem(request) else response


def _credential(request: HttpRequest) -> tuple[str, str]:
    """Return the scheme and the secret of the header that names who asks."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return scheme, secret.strip()


def _authenticate(request: HttpRequest) -> None:
    scheme, secret = _credential(request)
    if not scheme:
        return
    if scheme.lower() != "bearer":
        raise TokenRefused("Only bearer tokens are understood.", remedy="Send Authorization: Bearer nofx_pat_….")
    token = token_authenticate(secret=secret, address=client_address(request))
    request.user = token.user
    request.api_token = token  # read by apps.governance.http


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Replace error answers that some framework wrote as text or HTML."""
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code < HTTPStatus.BAD_REQUEST or kind == PROBLEM_TYPE:
        return response
    status = response.status_code
    details = {
        400: "The request could not be read.",
        404: "There is nothing here.",
        405: "This method is not allowed here.",
        413: f"The body is larger than {filesizeformat(body_limit(request.path))}, the most that is taken here.",
        500: "Something went wrong on our side. It was logged under the request id.",
    }
    replacement = problem(
        request,
        status=status,
        code=TITLES.get(status, "error").lower().replace(" ", "_"),
        detail=details.get(status, TITLES.get(status, "The request failed.")),
    )
    if "Allow" in response.headers:
        replacement.headers["Allow"] = response.headers["Allow"]
    return replacement
