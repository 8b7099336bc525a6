"""The command box, for scripts and as a page of its own."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from apps.console.commands import commands_find
from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user


@login_required
@require_GET
def commands(request: HtmxRequest) -> HttpResponse:
    """Answer what can be reached by a text: JSON where that is asked for, else a page."""
    text = request.GET.get("q", "")
    found = commands_find(current_user(request), text)
    response: HttpResponse
    if request.headers.get("Accept", "").startswith("application/json"):
        response = JsonResponse({"items": [command.as_json() for command in found]})
    else:
        response = render_page(request, "console/commands.html", {"text": text, "found": found})
    patch_vary_headers(response, ("Accept",))
    return response
