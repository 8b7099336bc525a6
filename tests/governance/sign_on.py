"""What a browser does while somebody signs in with an account of elsewhere."""

from __future__ import annotations

import re
from html import unescape
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from django.test import Client


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def leave(client: Client, path: str, **form: str) -> str:
    """Press the button and return where the browser is sent to."""
    page = client.post(path, form)
    assert page.status_code == 200, page.content
    link = re.search(r'href="([^"]+)" data-sign-on', page.content.decode())
    assert link is not None
    return unescape(link[1])


def visit(address: str) -> str:
    """Go to the issuer and return the path that it sends back to."""
    try:
        build_opener(_Stay).open(address)  # a redirect is an error to urllib
    except HTTPError as answer:
        parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"
