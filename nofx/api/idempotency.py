"""A POST with an Idempotency-Key is done once; its repetitions get the first answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.core.bodies import body_read
from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.core.errors import Conflict, NofxError
from apps.governance.models import IdempotencyKey

KEPT = timedelta(hours=24)
# A request that has not answered by now died with its process; its key may be used again.
ABANDONED = timedelta(minutes=10)
LONGEST = 255
# Answers that hold a secret are never kept.
SECRET_PATHS = ("/api/auth/",)
HEADERS = ("Location", "Content-Type")


class KeyReused(NofxError):
    """The key came with another body, or other parameters, before."""

    code = "idempotency.key_reused"
    status = 422


class KeyInvalid(NofxError):
    """The key is too long."""

    code = "idempotency.key_invalid"
    status = 400


class InProgress(Conflict):
    """The first request with this key has not answered yet."""

    code = "idempotency.in_progress"


def answered_once(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """
    Return the answer to *request*, from ``answer()`` or, when it repeats an earlier one, as it was given then.

    Only what succeeded is kept: after a refusal or a failure the same key may be tried again.

    :raises KeyReused: the key belongs to another body, or to other parameters in the address.
    :raises InProgress: the first request is under way.
    :raises KeyInvalid: the key is longer than 255 characters.
    """
    key = request.headers.get("Idempotency-Key", "")
    is_kept = request.method == "POST" and key and not request.path.startswith(SECRET_PATHS)
    if not is_kept or not request.user.is_authenticated:
        return answer()
    if len(key) > LONGEST or "\x00" in key:
        raise KeyInvalid("The Idempotency-Key is too long.", remedy="Use at most 255 characters.")
    record, is_new = _claim(request, key)
    if not is_new:
        return _replay(record)
    try:
        response = answer()
    except BaseException:
        IdempotencyKey.objects.filter(pk=record.pk).delete()
        raise
    if 200 <= response.status_code < 300:
        kept = {"body": response.content.decode(), "headers": {n: response[n] for n in HEADERS if n in response}}
        IdempotencyKey.objects.filter(pk=record.pk).update(status=response.status_code, response=kept)
    else:
        IdempotencyKey.objects.filter(pk=record.pk).delete()
    return response


def _claim(request: HttpRequest, key: str) -> tuple[IdempotencyKey, bool]:
    digest = _digest(request)
    mine = IdempotencyKey.objects.filter(user=request.user.pk)
    with transaction.atomic():
        at = now()
        mine.filter(created_at__lt=at - KEPT).delete()
        mine.filter(status__isnull=True, created_at__lt=at - ABANDONED).delete()
        record, is_new = IdempotencyKey.objects.get_or_create(
            user_id=request.user.pk, path=request.path[:200], key=key, defaults={"body_digest": digest}
        )
    if record.body_digest != digest:
        raise KeyReused(
            "This Idempotency-Key came with another body, or other parameters, before.",
            remedy="Use a new key for a new request.",
        )
    if not is_new and record.status is None:
        raise InProgress(
            "The first request with this Idempotency-Key is under way.", remedy="Wait a moment and ask again."
        )
    return record, is_new


def _digest(request: HttpRequest) -> str:
    """Return the SHA-256 of what is asked for: the body, and the parameters in the address where there are any."""
    body, query = body_read(request), request.META.get("QUERY_STRING", "")
    return sha256_hex(body + b"\0" + query.encode() if query else body)


def _replay(record: IdempotencyKey) -> HttpResponse:
    kept = record.response
    response = HttpResponse(kept["body"], status=record.status)
    for name, value in kept["headers"].items():
        response.headers[name] = value
    response.headers["Idempotent-Replayed"] = "true"
    return response
