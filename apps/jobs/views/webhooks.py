"""Webhooks: where they go, what was sent, and what came back."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.governance.http import current_user, require_anywhere
from apps.governance.types import Action
from apps.jobs.engine.webhooks import EVENTS
from apps.jobs.forms import WebhookForm
from apps.jobs.selectors.webhooks import deliveries_of, delivery_get, webhook_get, webhook_scopes, webhooks_of
from apps.jobs.services.deliveries import delivery_repeat
from apps.jobs.services.webhooks import (
    WebhookInvalid,
    WebhookLimit,
    webhook_change,
    webhook_create,
    webhook_ping,
    webhook_remove,
    webhook_secret_retire,
    webhook_secret_rotate,
)

PAGE_SIZE = 50


def _trail(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Settings", reverse("console:settings")), *more]


def _list() -> tuple[str, str]:
    return ("Webhooks", reverse("jobs:webhook-list"))


@login_required
@require_GET
def webhook_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.WEBHOOK_MANAGE)
    page = keyset_page(
        webhooks_of(current_user(request)), newest="created_at", first=PAGE_SIZE, after=request.GET.get("after", "")
    )
    context = {"rows": page.rows, "next_cursor": page.next_cursor, "events": EVENTS.items(), "trail": _trail()}
    return render_page(request, "jobs/webhook_list.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhook_new(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.WEBHOOK_MANAGE)
    user = current_user(request)
    form = WebhookForm(request.POST or None, scopes=webhook_scopes(user))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            endpoint, secret = webhook_create(
                actor=user, scope=data["scope"], name=data["name"], url=data["url"], events=data["events"]
            )
        except (WebhookInvalid, WebhookLimit) as error:
            form.add_error(None, str(error))
        else:
            return render(request, "jobs/webhook_secret.html", _with_secret(endpoint, secret))
    context = {"form": form, "trail": _trail(_list())}
    return render_page(request, "jobs/webhook_form.html", context)


def _with_secret(endpoint: object, secret: str) -> dict[str, object]:
    return {"endpoint": endpoint, "secret": secret, "trail": _trail(_list())}


@login_required
@require_http_methods(["GET", "POST"])
def webhook_detail(request: HtmxRequest, endpoint_id: UUID) -> HttpResponse:
    user = current_user(request)
    endpoint = webhook_get(user=user, endpoint_id=endpoint_id)
    initial = {name: getattr(endpoint, name) for name in ("name", "url", "events", "is_enabled")}
    form = WebhookForm(request.POST or None, initial=initial, scopes=None)
    if request.method == "POST" and form.is_valid():
        try:
            webhook_change(actor=user, endpoint_id=endpoint_id, **form.cleaned_data)
        except (WebhookInvalid, WebhookLimit) as error:
            form.add_error(None, str(error))
        else:
            return _to_detail(request, endpoint_id, "Saved.")
    page = keyset_page(
        deliveries_of(endpoint), newest="created_at", first=PAGE_SIZE, after=request.GET.get("after", "")
    )
    context = {
        "endpoint": endpoint,
        "form": form,
        "secrets": endpoint.secrets.order_by("slot"),
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "trail": _trail(_list()),
    }
    return render_page(request, "jobs/webhook_detail.html", context)


def _to_detail(request: HtmxRequest, endpoint_id: UUID, words: str) -> HttpResponse:
    return notify(request, redirect_after(request, reverse("jobs:webhook-detail", args=[endpoint_id])), words)


@login_required
@never_cache
@require_POST
def webhook_rotate(request: HtmxRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint, secret = webhook_secret_rotate(actor=current_user(request), endpoint_id=endpoint_id)
    return render(request, "jobs/webhook_secret.html", _with_secret(endpoint, secret))


@login_required
@require_POST
def webhook_retire(request: HtmxRequest, endpoint_id: UUID) -> HttpResponse:
    webhook_secret_retire(actor=current_user(request), endpoint_id=endpoint_id)
    return _to_detail(request, endpoint_id, "The previous secret signs nothing any more.")


@login_required
@require_POST
def webhook_test(request: HtmxRequest, endpoint_id: UUID) -> HttpResponse:
    webhook_ping(actor=current_user(request), endpoint_id=endpoint_id)
    return _to_detail(request, endpoint_id, "A ping is on its way; it is the first row of the log.")


@login_required
@require_POST
def webhook_delete(request: HtmxRequest, endpoint_id: UUID) -> HttpResponse:
    webhook_remove(actor=current_user(request), endpoint_id=endpoint_id)
    return notify(request, redirect_after(request, reverse("jobs:webhook-list")), "The webhook is removed.")


@login_required
@require_GET
def delivery_detail(request: HtmxRequest, delivery_id: UUID) -> HttpResponse:
    delivery = delivery_get(user=current_user(request), delivery_id=delivery_id)
    endpoint = delivery.endpoint
    context = {
        "delivery": delivery,
        "tries": sorted(delivery.tries.all(), key=lambda made: made.number, reverse=True),
        "trail": _trail(_list(), (endpoint.name, reverse("jobs:webhook-detail", args=[endpoint.pk]))),
    }
    return render_page(request, "jobs/delivery_detail.html", context)


@login_required
@require_POST
def delivery_redeliver(request: HtmxRequest, delivery_id: UUID) -> HttpResponse:
    response = redirect_after(request, reverse("jobs:delivery-detail", args=[delivery_id]))
    try:
        delivery_repeat(actor=current_user(request), delivery_id=delivery_id)
    except WebhookInvalid as error:
        return notify(request, response, str(error), level="error")
    return notify(request, response, "It is sent again.")
