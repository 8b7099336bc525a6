"""Pages for requests that no view could read, and for what went wrong in one."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string

from apps.core.bodies import body_limit
from apps.core.htmx import way_back
from apps.governance.errors import CsrfRefused
from apps.governance.http import record_denial


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say why the request could not be read where a person can do something about it."""
    if not isinstance(exception, RequestDataTooBig):
        return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)
    limit = filesizeformat(body_limit(request.path))
    context = {
        "message": f"What you sent is larger than {limit}. Nothing was changed.",
        "remedy": "Go back in your browser: what you wrote is still there. Make it shorter, then send it again.",
        "status": HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value,
    }
    return render(request, "400.html", context, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Lead back to the form whose token did not match; *reason* is for the log, where Django has put it."""
    record_denial(request, CsrfRefused("A write came from a browser without the page's CSRF token."))
    return render(request, "403_csrf.html", {"way_back": way_back(request)}, status=HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke, with the id to find it by; nothing that may be broken as well is asked for the page."""
    page = render_to_string("500.html", {"request_id": getattr(request, "request_id", "")})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)
