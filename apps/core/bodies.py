"""How large a request may be: as large as a long text in a form, except where builds send their reports."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def body_limit(request: HttpRequest) -> int:
    """Return how many bytes the body of *request* may have."""
    return int(settings.NOFX_UPLOADS.get(request.path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def body_read(request: HttpRequest) -> bytes:
    """
    Return the body; of one that is larger than its path takes, one byte more than that.

    It is read once, and may be asked for again. Where Django's own limit holds it is Django that reads.

    :raises RequestDataTooBig: the path takes no uploads, and the body is larger than a form may be.
    """
    content: bytes
    if request.path not in settings.NOFX_UPLOADS:
        content = request.body
        return content
    if not hasattr(request, "upload"):
        request.upload = request.read(body_limit(request) + 1)
    content = request.upload
    return content


class BodyLimit:
    """
    Refuse what says that it is larger than its path takes, files in forms included, which Django does not count.

    A body without a length is measured where it is read. Paths that take uploads say in their own words how much.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let *request* pass, or raise ``RequestDataTooBig``; the server has put it aside in a file by then."""
        declared = request.headers.get("Content-Length", "")
        is_upload = request.path in settings.NOFX_UPLOADS
        if not is_upload and declared.isdecimal() and int(declared) > body_limit(request):
            raise RequestDataTooBig("The body is larger than its path takes.")
        return self.get_response(request)
