"""Pages for requests that no view could read."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say why the request could not be read where a person can do something about it."""
    if not isinstance(exception, RequestDataTooBig):
        return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)
    limit = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    context = {
        "message": f"What you sent is larger than {limit}. Nothing was changed.",
        "remedy": "Go back in your browser: what you wrote is still there. Make it shorter, then send it again.",
        "status": HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value,
    }
    return render(request, "400.html", context, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
