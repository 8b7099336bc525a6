"""
Whoever signs shows again that it is them.

``recently_authenticated`` guards a view that signs something. What was sent waits in the session while the person
confirms, and goes on from there; several tabs wait beside one another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import resolve, reverse

from apps.core.htmx import redirect_after, way_back
from apps.governance.callers import interactive
from apps.governance.errors import ConfirmationNeeded
from apps.governance.sessions import is_recently_authenticated

KEPT = "nofx_kept"
MOST_KEPT = 5
LARGEST = 200_000

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[Any, Arguments], HttpResponse]


def recently_authenticated(view: View[Arguments]) -> View[Arguments]:
    """
    Let *view* answer only whoever showed in the last five minutes who they are; others confirm it first.

    Goes inside ``login_required`` and ``require_POST``. The forms that send to the view name their ``action``, since
    an answer with errors comes from another address.
    """

    @wraps(view)
    def guarded(request: Any, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        if is_recently_authenticated(request):
            return view(request, *args, **kwargs)
        return redirect_after(request, f"{reverse('governance:confirm')}?{urlencode({'for': keep(request)})}")

    return guarded


def require_signing(request: HttpRequest) -> None:
    """
    Let an operation of the API go on only for a person who showed in the last five minutes who they are.

    Whoever is no person at the page passes: the operation refuses them by itself, and says why.

    :raises ConfirmationNeeded: they did not.
    """
    if interactive(request) and not is_recently_authenticated(request):
        raise ConfirmationNeeded(
            "You have not shown lately who you are, so nothing was signed.",
            remedy="Confirm it under /confirm, then send this again.",
        )


def keep(request: HttpRequest) -> str:
    """Put what was sent aside in the session and return what it is fetched by."""
    body = request.POST.urlencode() if request.method == "POST" else ""
    is_whole = len(body) <= LARGEST and not request.FILES
    name = secrets.token_urlsafe(9)
    kept = {
        "path": request.get_full_path() if is_whole else way_back(request),
        "body": body if is_whole else "",
        "is_whole": is_whole,
    }
    earlier = list(request.session.get(KEPT, {}).items())[1 - MOST_KEPT :]
    request.session[KEPT] = {**dict(earlier), name: kept}
    return name


def kept_of(request: HttpRequest, name: str) -> dict[str, Any] | None:
    """Return what was put aside under *name*."""
    found: dict[str, Any] | None = request.session.get(KEPT, {}).get(name)
    return found


def go_on(request: HttpRequest, name: str) -> HttpResponse:
    """Do what was put aside under *name*, once; without it, go home."""
    kept = request.session.get(KEPT, {})
    found = kept.pop(name, None)
    request.session[KEPT] = kept
    if found is None:
        return redirect_after(request, "/")
    if not found["body"]:
        return redirect_after(request, found["path"])
    path = found["path"].partition("?")[0]
    match = resolve(path)
    request.path = request.path_info = path
    request.GET = QueryDict(found["path"].partition("?")[2])
    request.POST = QueryDict(found["body"])
    request.resolver_match = match
    return match.func(request, *match.args, **match.kwargs)
