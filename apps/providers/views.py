"""What calls of models used this month, and the budgets that limit it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.http import current_user, require_anywhere
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.providers.forms import BudgetForm
from apps.providers.selectors import may_set_platform_budget, month_spend
from apps.providers.services import budget_remove, budget_set


@login_required
@require_GET
def spend(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    user = current_user(request)
    return _page(request, BudgetForm(user, initial={"period": "month"}) if _may_set(user) else None)


@login_required
@require_POST
def budget_save(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    form = BudgetForm(current_user(request), request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    budget = budget_set(actor=current_user(request), **form.cleaned_data)
    response = redirect_after(request, reverse("providers:spend"))
    return notify(request, response, f"The budget is set: {str(budget).lower()}.")


@login_required
@require_POST
def budget_take_away(request: HtmxRequest, budget_id: UUID) -> HttpResponse:
    budget_remove(budget_id=budget_id, actor=current_user(request))
    return notify(request, redirect_after(request, reverse("providers:spend")), "The budget is removed.")


def _may_set(user: User) -> bool:
    return may_set_platform_budget(user) or scopes_where(user, Action.BUDGET_MANAGE).exists()


def _page(request: HtmxRequest, form: BudgetForm | None, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"month": month_spend(current_user(request)), "form": form}
    return render_page(request, "providers/spend.html", context, status=status)
