"""Webhooks of the places that somebody administers."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.governance.models import Scope, User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.jobs.models import WebhookDelivery, WebhookEndpoint


def webhook_scopes(user: User) -> QuerySet[Scope]:
    """Return the places whose webhooks *user* manages."""
    scopes = scopes_where(user, Action.WEBHOOK_MANAGE).select_related("organisation")
    return scopes.order_by("organisation__name", "repository")


def webhooks_of(user: User) -> QuerySet[WebhookEndpoint]:
    """Return the webhooks that *user* manages; lazy, in no order."""
    managed = WebhookEndpoint.objects.filter(scope__in=scopes_where(user, Action.WEBHOOK_MANAGE).values("pk"))
    return managed.select_related("scope__organisation")


def webhook_get(*, user: User, endpoint_id: UUID) -> WebhookEndpoint:
    """
    Return one webhook that *user* manages.

    :raises NotFound: there is none with this id.
    """
    found = webhooks_of(user).filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound("There is no such webhook that you manage.")
    return found


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return the messages to *endpoint*; lazy, in no order."""
    return WebhookDelivery.objects.filter(endpoint=endpoint)


def delivery_get(*, user: User, delivery_id: UUID) -> WebhookDelivery:
    """
    Return one message to a webhook that *user* manages, with what was tried.

    :raises NotFound: there is none with this id.
    """
    managed = WebhookDelivery.objects.filter(endpoint__in=webhooks_of(user).values("pk"))
    found = managed.select_related("endpoint__scope__organisation").prefetch_related("tries").filter(pk=delivery_id)
    delivery = found.first()
    if delivery is None:
        raise NotFound("There is no such message.")
    return delivery
