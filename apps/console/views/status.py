"""How the platform is doing."""

from __future__ import annotations

from importlib.metadata import version

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.console.status import status_rows, worst
from apps.core.clock import now
from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user


@login_required
@require_GET
def status(request: HtmxRequest) -> HttpResponse:
    rows = status_rows()
    context = {
        "rows": rows,
        "worst": worst(rows),
        "now": now(),
        "version": version("nofx"),
        "has_details": current_user(request).is_staff,
    }
    return render_page(request, "console/status.html", context)
