"""What calls of models used this month, and the budgets that limit it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user, require_anywhere
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.providers.selectors import may_set_platform_budget, month_spend


@login_required
@require_GET
def spend(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    user = current_user(request)
    context = {
        "month": month_spend(user),
        "may_propose": may_set_platform_budget(user) or scopes_where(user, Action.BUDGET_MANAGE).exists(),
    }
    return render_page(request, "providers/spend.html", context)
