"""Webhooks: who is told, under which secret, and for how long. Every change is in the audit chain."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import Conflict, NofxError
from apps.governance.errors import Denial, NotAllowed
from apps.governance.models import Scope, User
from apps.governance.selectors import can
from apps.governance.services import audit_record
from apps.governance.types import Action
from apps.jobs.engine.addresses import UrlRefused, target_of
from apps.jobs.engine.sealing import seal
from apps.jobs.engine.webhooks import EVENTS, PING, message_body
from apps.jobs.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from apps.jobs.selectors.webhooks import webhook_get
from apps.jobs.services.queue import job_enqueue
from apps.jobs.types import switched_off_by

OBJECT = "webhook"
PURPOSE = "nofx webhook secrets"
PREFIX = "nofx_whsec_"
DELIVER_JOB = "webhooks.deliver"
DELIVERY_SUBJECT = "webhook_delivery"
MOST_ENDPOINTS = 20

Slot = WebhookSecret.Slot


class WebhookInvalid(NofxError):
    """A webhook cannot be like this."""

    code = "webhook.invalid"
    status = 422


class WebhookLimit(Conflict):
    """There are as many webhooks, or secrets, as there may be."""

    code = "webhook.limit"


@transaction.atomic
def webhook_create(
    *, actor: User, scope: Scope, name: str, url: str, events: Collection[str]
) -> tuple[WebhookEndpoint, str]:
    """
    Tell an address of *events* in *scope*, and return it with its secret, which is not shown again.

    :raises NotAllowed: the actor does not manage webhooks there.
    :raises WebhookInvalid: no name, an unknown event, or an address that may not be used.
    :raises WebhookLimit: there are 20 in this place already, or one of this name.
    """
    _require(actor, scope, "create")
    values = _checked(name, url, events)
    Scope.objects.select_for_update().get(pk=scope.pk)
    if WebhookEndpoint.objects.filter(scope=scope).count() >= MOST_ENDPOINTS:
        raise WebhookLimit(f"{scope} has {MOST_ENDPOINTS} webhooks already.", remedy="Remove one that nobody needs.")
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(scope=scope, created_by=actor, **values)
    except IntegrityError as error:
        raise WebhookLimit("There is a webhook of this name here.", remedy="Choose another name.") from error
    secret = _secret_make(endpoint)
    _record("webhook.create", endpoint, actor)
    return endpoint, secret


@transaction.atomic
def webhook_change(
    *, actor: User, endpoint_id: UUID, name: str, url: str, events: Collection[str], is_enabled: bool
) -> WebhookEndpoint:
    """
    Change a webhook; switched on again, it begins anew.

    :raises NotFound: the actor manages no such webhook.
    :raises WebhookInvalid: no name, an unknown event, or an address that may not be used.
    :raises WebhookLimit: another one here has this name.
    """
    endpoint = _locked(actor, endpoint_id, "change")
    before = _digest(endpoint)
    for field, value in _checked(name, url, events).items():
        setattr(endpoint, field, value)
    if is_enabled != endpoint.is_enabled:
        endpoint.is_enabled, endpoint.failing_since = is_enabled, None
        endpoint.disabled_at = None if is_enabled else now()
        endpoint.disabled_reason = "" if is_enabled else switched_off_by(actor.get_username())
        if not is_enabled:
            _give_up(endpoint)
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        raise WebhookLimit("There is a webhook of this name here.", remedy="Choose another name.") from error
    _record("webhook.change", endpoint, actor, before=before)
    return endpoint


@transaction.atomic
def webhook_secret_rotate(*, actor: User, endpoint_id: UUID) -> tuple[WebhookEndpoint, str]:
    """
    Make a new secret and return it; the current one stays valid beside it until it is retired or replaced.

    :raises NotFound: the actor manages no such webhook.
    """
    endpoint = _locked(actor, endpoint_id, "rotate")
    endpoint.secrets.filter(slot=Slot.PREVIOUS).delete()
    endpoint.secrets.filter(slot=Slot.CURRENT).update(slot=Slot.PREVIOUS)
    secret = _secret_make(endpoint)
    _record("webhook.rotate", endpoint, actor)
    return endpoint, secret


@transaction.atomic
def webhook_secret_retire(*, actor: User, endpoint_id: UUID) -> WebhookEndpoint:
    """
    Sign with the current secret alone from now on. Doing it twice changes nothing.

    :raises NotFound: the actor manages no such webhook.
    """
    endpoint = _locked(actor, endpoint_id, "retire")
    if endpoint.secrets.filter(slot=Slot.PREVIOUS).delete()[0]:
        _record("webhook.retire_secret", endpoint, actor)
    return endpoint


@transaction.atomic
def webhook_remove(*, actor: User, endpoint_id: UUID) -> None:
    """
    Remove a webhook with its messages; what was sent stays in no other place than the receiver.

    :raises NotFound: the actor manages no such webhook.
    """
    endpoint = _locked(actor, endpoint_id, "remove")
    _record("webhook.remove", endpoint, actor)
    endpoint.delete()


@transaction.atomic
def webhook_ping(*, actor: User, endpoint_id: UUID) -> WebhookDelivery:
    """
    Send a message that tells nothing, to see whether it arrives.

    :raises NotFound: the actor manages no such webhook.
    :raises WebhookInvalid: it is switched off.
    """
    endpoint = _locked(actor, endpoint_id, "ping")
    if not endpoint.is_enabled:
        raise WebhookInvalid("This webhook is switched off.", remedy="Switch it on first.")
    return _send(endpoint, PING, {}, now())


@transaction.atomic
def event_send(*, event: str, scope: Scope, data: Mapping[str, object]) -> int:
    """
    Tell all webhooks of *scope* and of its organisation that wish for *event*, and return how many.

    In the caller's transaction: what is undone is not told. *data* holds ids, titles and states, never code, secrets,
    or what a voter must not know.

    :raises KeyError: no event is called so.
    """
    if event not in EVENTS:
        raise KeyError(event)
    places = Q(scope=scope) | Q(scope__organisation=scope.organisation_id, scope__repository="")
    endpoints = WebhookEndpoint.objects.filter(places, is_enabled=True, events__contains=[event])
    at = now()
    for endpoint in (found := list(endpoints.order_by("pk"))):
        _send(endpoint, event, data, at, place=scope.path)
    return len(found)


def _send(
    endpoint: WebhookEndpoint, event: str, data: Mapping[str, object], at: datetime, *, place: str = ""
) -> WebhookDelivery:
    identity = uuid4()
    place = place or endpoint.scope.path
    body = message_body(event=event, delivery_id=str(identity), at=at, place=place, data=data)
    delivery = WebhookDelivery.objects.create(
        pk=identity, endpoint=endpoint, event=event, body=body, created_at=at, next_attempt_at=at
    )
    job_enqueue(kind=DELIVER_JOB, subject_kind=DELIVERY_SUBJECT, subject_id=identity, requested_by=None)
    return delivery


def _give_up(endpoint: WebhookEndpoint) -> None:
    due = endpoint.deliveries.filter(state=WebhookDelivery.State.DUE)
    due.update(state=WebhookDelivery.State.FAILED, next_attempt_at=None, ended_at=now())


@transaction.atomic
def webhook_disable(*, endpoint: WebhookEndpoint, reason: str) -> None:
    """Switch off a webhook that only fails; its administrators are told through the audit chain. Once only."""
    off = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_enabled=True)
    if not off.update(is_enabled=False, disabled_at=now(), disabled_reason=reason[:200]):
        return
    _give_up(endpoint)
    _record("webhook.disable", endpoint, None, reason=reason)


def _require(actor: User, scope: Scope, verb: str) -> None:
    if not can(actor, Action.WEBHOOK_MANAGE, scope):
        denial = Denial(Action.WEBHOOK_MANAGE.value, "scope", str(scope.pk), scope.pk, {"verb": verb})
        raise NotAllowed("You do not manage webhooks here.", remedy="Ask an administrator.", denial=denial)


def _locked(actor: User, endpoint_id: UUID, verb: str) -> WebhookEndpoint:
    endpoint = webhook_get(user=actor, endpoint_id=endpoint_id)
    _require(actor, endpoint.scope, verb)
    return (
        WebhookEndpoint.objects.select_for_update(of=("self",))
        .select_related("scope__organisation")
        .get(pk=endpoint.pk)
    )


def _checked(name: str, url: str, events: Collection[str]) -> dict[str, object]:
    unknown = sorted(set(events) - EVENTS.keys())
    if not name.strip():
        raise WebhookInvalid("A webhook needs a name.", remedy="Name it after the system that listens.")
    if unknown or not events:
        raise WebhookInvalid("Choose at least one event of the list.", remedy=f"Known: {', '.join(EVENTS)}.")
    try:
        target_of(url.strip(), internal=settings.NOFX_WEBHOOK_HOSTS)
    except UrlRefused as error:
        raise WebhookInvalid(
            str(error), remedy="An operator can allow an internal host in NOFX_WEBHOOK_HOSTS."
        ) from error
    return {"name": name.strip()[:80], "url": url.strip(), "events": sorted(set(events))}


def _secret_make(endpoint: WebhookEndpoint) -> str:
    secret = PREFIX + secrets.token_urlsafe(32)
    WebhookSecret.objects.create(
        endpoint=endpoint,
        slot=Slot.CURRENT,
        sealed=seal(secret, key=settings.SECRET_KEY, purpose=PURPOSE),
        hint=secret[-4:],
    )
    return secret


def _digest(endpoint: WebhookEndpoint) -> str:
    return sha256_hex(canonical_json([endpoint.name, endpoint.url, endpoint.events, endpoint.is_enabled]))


def _record(action: str, endpoint: WebhookEndpoint, actor: User | None, *, before: str = "", reason: str = "") -> None:
    audit_record(
        action=action,
        object_kind=OBJECT,
        object_id=endpoint.pk,
        actor=actor,
        scope=endpoint.scope,
        before_digest=before,
        after_digest=_digest(endpoint),
        reason=reason,
        detail={"name": endpoint.name, "events": endpoint.events},
    )
