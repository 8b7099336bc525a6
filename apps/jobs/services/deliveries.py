"""Sending messages to webhooks: each until it is answered, for 24 hours, with what came back kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core.clock import now
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs.engine.addresses import UrlRefused, target_of
from apps.jobs.engine.sealing import SealBroken, unseal
from apps.jobs.engine.webhooks import is_given_up, retry_after, signature_header
from apps.jobs.gateways.webhooks import Undelivered, webhook_post
from apps.jobs.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.jobs.selectors.webhooks import delivery_get
from apps.jobs.services.queue import job_enqueue
from apps.jobs.services.webhooks import (
    DELIVER_JOB,
    DELIVERY_SUBJECT,
    OBJECT,
    PURPOSE,
    WebhookInvalid,
    webhook_disable,
)
from apps.jobs.types import Due

BATCH = 100
LEASE = timedelta(minutes=2)
AGENT = "NOFX-Webhook/1"

State = WebhookDelivery.State


@dataclass(frozen=True)
class _Try:
    at: datetime
    duration_ms: int
    status: int | None = None
    answer: str = ""
    problem: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def delivery_attempt(*, delivery_id: UUID) -> bool:
    """
    Send a message that is due, keep what came back, and return whether it was delivered.

    A repetition after it was delivered sends nothing; one after a crash in mid-attempt sends it again, under its id.
    """
    delivery = WebhookDelivery.objects.select_related("endpoint").filter(pk=delivery_id, state=State.DUE).first()
    if delivery is None or not delivery.endpoint.is_enabled:
        return False
    # Whatever becomes of this process, nobody else begins before it must have ended.
    WebhookDelivery.objects.filter(pk=delivery_id, state=State.DUE).update(next_attempt_at=now() + LEASE)
    made = _try(delivery)
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update().get(pk=delivery.endpoint_id)
        due = WebhookDelivery.objects.select_for_update().filter(pk=delivery_id, state=State.DUE).first()
        if due is None:
            return made.is_success
        _keep(due, made)
        _judge(endpoint, made)
    return made.is_success


def _try(delivery: WebhookDelivery) -> _Try:
    at, started = now(), time.monotonic()
    try:
        target = target_of(delivery.endpoint.url, internal=settings.NOFX_WEBHOOK_HOSTS)
        headers = _headers(delivery, int(at.timestamp()))
        answer = webhook_post(target, headers=headers, body=delivery.body.encode())
    except (UrlRefused, Undelivered, SealBroken) as error:
        return _Try(at, _ms(started), problem=str(error)[:300])
    problem = "" if 200 <= answer.status < 300 else f"The receiver answered {answer.status}."
    if 300 <= answer.status < 400:
        problem = f"The receiver answered {answer.status}; redirects are not followed."
    # Postgres keeps no NUL in a text.
    return _Try(at, _ms(started), answer.status, answer.text.replace("\x00", "�"), problem)


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def _headers(delivery: WebhookDelivery, timestamp: int) -> dict[str, str]:
    rows = delivery.endpoint.secrets.order_by("slot")  # current before previous
    live = [unseal(row.sealed, key=settings.SECRET_KEY, purpose=PURPOSE) for row in rows]
    if not live:
        raise SealBroken("This webhook has no secret. Make a new one.")
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "X-NOFX-Event": delivery.event,
        "X-NOFX-Delivery": str(delivery.pk),
        "X-NOFX-Timestamp": str(timestamp),
        "X-NOFX-Signature-256": signature_header(live, timestamp=timestamp, body=delivery.body),
    }


def _keep(delivery: WebhookDelivery, made: _Try) -> None:
    number = (delivery.tries.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=number,
        started_at=made.at,
        duration_ms=made.duration_ms,
        status=made.status,
        answer=made.answer,
        problem=made.problem,
    )
    delivery.attempts += 1
    delivery.first_attempt_at = delivery.first_attempt_at or made.at
    again = None if made.is_success else retry_after(attempts=delivery.attempts, at=made.at).at
    delivery.next_attempt_at = again
    if again is None:
        delivery.state = State.DELIVERED if made.is_success else State.FAILED
        delivery.ended_at = now()
    delivery.save(update_fields=["attempts", "first_attempt_at", "next_attempt_at", "state", "ended_at"])


def _judge(endpoint: WebhookEndpoint, made: _Try) -> None:
    if made.is_success:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
        return
    if endpoint.failing_since is None:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=made.at)
    elif is_given_up(failing_since=endpoint.failing_since, at=made.at):
        day = endpoint.failing_since.date().isoformat()
        webhook_disable(endpoint=endpoint, reason=f"Every attempt failed since {day}.")


@transaction.atomic
def delivery_repeat(*, actor: User, delivery_id: UUID) -> WebhookDelivery:
    """
    Send a message again, under its own id, with a new round of retries.

    :raises NotFound: there is no such message to a webhook that the actor manages.
    :raises WebhookInvalid: the webhook is switched off.
    """
    found = delivery_get(user=actor, delivery_id=delivery_id)
    if not found.endpoint.is_enabled:
        raise WebhookInvalid("This webhook is switched off.", remedy="Switch it on, then send the message again.")
    WebhookDelivery.objects.filter(pk=found.pk).update(
        state=State.DUE, attempts=0, first_attempt_at=None, next_attempt_at=now(), ended_at=None
    )
    job_enqueue(kind=DELIVER_JOB, subject_kind=DELIVERY_SUBJECT, subject_id=found.pk, requested_by=actor)
    audit_record(
        action="webhook.redeliver",
        object_kind=OBJECT,
        object_id=found.endpoint_id,
        actor=actor,
        scope=found.endpoint.scope,
        detail={"delivery": found.pk, "event": found.event},
    )
    return found


def deliveries_due(at: datetime) -> list[Due]:
    """Return the messages whose time has come, oldest first."""
    due = WebhookDelivery.objects.filter(state=State.DUE, next_attempt_at__lte=at, endpoint__is_enabled=True)
    ids = due.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH]
    return [Due(DELIVERY_SUBJECT, identity) for identity in ids]
