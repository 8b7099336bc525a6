"""One URL, two shapes: a page for a browser, a fragment of it for htmx."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

Level = Literal["info", "success", "warning", "error"]
MESSAGE_LEVELS = {
    "info": messages.INFO,
    "success": messages.SUCCESS,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


class HtmxRequest(HttpRequest):
    """A request that went through django-htmx's middleware."""

    htmx: HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Whether the answer replaces a part of a page: an htmx request that is neither boosted nor a history restore."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return bool(htmx) and htmx is not None and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render ``fragment`` for htmx when there is one, and the whole page otherwise."""
    chosen = fragment if fragment is not None and wants_fragment(request) else template
    return render(request, chosen, dict(context or {}), status=status)


def redirect_after(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to ``url`` after a write, from htmx as well as from a plain form."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def way_back(request: HttpRequest) -> str:
    """Return a page that can be loaded: this one, or the one that the write was sent from."""
    if request.method in {"GET", "HEAD"}:
        return str(request.get_full_path())
    sent_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(sent_from, {request.get_host()}, require_https=request.is_secure())
    return sent_from if is_ours else "/"


def notify(request: HttpRequest, response: HttpResponse, text: str, *, level: Level = "success") -> HttpResponse:
    """
    Tell the person ``text``: as a toast when ``response`` is swapped by htmx, else on the next full page.

    Returns the same response.
    """
    if wants_fragment(request) and "HX-Redirect" not in response.headers:
        response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "level": level}})
    else:
        messages.add_message(request, MESSAGE_LEVELS[level], text)
    return response
