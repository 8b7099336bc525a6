"""One page that leads to everything that can be set."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.console.settings_map import settings_for
from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user


@login_required
@require_GET
def settings(request: HtmxRequest) -> HttpResponse:
    return render_page(request, "console/settings.html", {"groups": settings_for(current_user(request))})
