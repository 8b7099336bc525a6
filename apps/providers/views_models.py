"""The cards of the models: what they are, what is known of them, and who approved them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.http import current_user, interactive, require_anywhere, session_key
from apps.governance.models import Suspension, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, can, display_name
from apps.governance.selectors.ladder import suspensions_readable
from apps.governance.types import Action
from apps.providers.models import Provider
from apps.providers.selectors import provider_health, provider_unapproved
from apps.providers.services.approvals import card_digest, model_approve, model_withdraw
from apps.providers.services.evaluations import evaluations_of


@login_required
@require_GET
def model_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    user = current_user(request)
    context = {"cards": _cards(user)}
    return render_page(request, "providers/models.html", context)


@login_required
@require_POST
@recently_authenticated
def approve(request: HtmxRequest, provider_id: UUID) -> HttpResponse:
    provider = model_approve(
        provider_id=provider_id,
        digest=request.POST.get("digest", ""),
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, reverse("providers:model-list"))
    return notify(request, response, f"{provider.name} is approved.")


@login_required
@require_POST
@recently_authenticated
def withdraw(request: HtmxRequest, provider_id: UUID) -> HttpResponse:
    provider = model_withdraw(
        provider_id=provider_id,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, reverse("providers:model-list"))
    return notify(request, response, f"{provider.name} is not approved any more.")


def _cards(user: User) -> list[dict[str, Any]]:
    providers = list(Provider.objects.select_related("approved_by", "registered_by").order_by("name"))
    learned = evaluations_of({provider.model_id for provider in providers})
    suspended = set(
        suspensions_readable(user).filter(kind=Suspension.Kind.MODEL, resumed_at=None).values_list("model", flat=True)
    )
    may_manage, own = can(user, Action.MODELS_MANAGE, None), set(accounts_of(user))
    return [
        {
            "provider": provider,
            "health": provider_health(provider),
            "refused": provider_unapproved(provider),
            "is_suspended": provider.name in suspended,
            "evaluations": learned.get(provider.model_id, ()),
            "approver": display_name(provider.approved_by) if provider.approved_by else "",
            "registrar": display_name(provider.registered_by) if provider.registered_by else "the installation",
            "digest": card_digest(provider),
            "may_manage": may_manage,
            "is_own": provider.registered_by_id in own,
        }
        for provider in providers
    ]
