"""What this browser prefers: theme, density, rail, single-key shortcuts. Kept in cookies, so no account is needed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.core.context_processors import PREFERENCES

YEAR_S = 365 * 24 * 3600


@require_POST
def preference_set(request: HttpRequest) -> HttpResponse:
    """Store each known preference of the form and go back to the page it came from."""
    chosen = {name: request.POST[name] for name in PREFERENCES if name in request.POST}
    if not chosen or any(value not in PREFERENCES[name] for name, value in chosen.items()):
        return HttpResponseBadRequest("No preference of that name and value.", content_type="text/plain")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = HttpResponseRedirect(target)
    for name, value in chosen.items():
        # Scripts change the same cookies, hence not HttpOnly; they hold nothing secret.
        response.set_cookie(f"nofx_{name}", value, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return response
