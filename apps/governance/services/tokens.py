"""Bearer tokens: shown once, kept as a digest, and never able to vote."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.core.errors import NotFound
from apps.governance.errors import TokenInvalid, TokenRefused
from apps.governance.models import ApiToken, User
from apps.governance.services.audit import audit_record

PERSON_PREFIX = "nofx_pat_"
SERVICE_PREFIX = "nofx_svc_"
LONGEST = timedelta(days=365)
# Writing last_used_at at every call would turn each read into a write.
USE_RESOLUTION = timedelta(minutes=1)

TOKEN_SCOPES: dict[str, str] = {
    "specs:read": "Read specifications and drafts.",
    "specs:write": "Analyse and submit specifications.",
    "requests:read": "Read requests, candidates and consensus.",
    "requests:write": "Generate code, tests and refactorings.",
    "requests:stop": "Stop a run.",
    "reviews:read": "Read verdicts and decisions.",
    "quality:read": "Read reviews, test suites, coverage and debt.",
    "quality:write": "Measure quality and generate tests.",
    "docs:read": "Read generated documentation.",
    "docs:write": "Generate and validate documentation.",
    "architecture:read": "Read snapshots and plans.",
    "architecture:write": "Analyse the architecture and propose plans.",
    "governance:read": "Read decisions and policies.",
    "audit:read": "Read the audit chain.",
}


@transaction.atomic
def token_issue(
    *, user: User, name: str, scopes: Collection[str], lifetime: timedelta, issued_by: User
) -> tuple[ApiToken, str]:
    """
    Make a token for *user* and return it with its secret, which is not kept and cannot be shown again.

    :raises TokenInvalid: no name, an unknown scope, a lifetime over 365 days, or the account is closed.
    """
    unknown = sorted(set(scopes) - TOKEN_SCOPES.keys())
    if not name.strip():
        raise TokenInvalid("A token needs a name.", remedy="Name it after where it will be used.")
    if unknown:
        raise TokenInvalid(f"No scope is called {', '.join(unknown)}.", remedy=f"Known: {', '.join(TOKEN_SCOPES)}.")
    if not timedelta(0) < lifetime <= LONGEST:
        raise TokenInvalid("A token lives for up to 365 days.", remedy="Choose a shorter time.")
    if not user.is_active:
        raise TokenInvalid("The account is closed.", remedy="Open it again first.")
    secret = (SERVICE_PREFIX if user.is_service else PERSON_PREFIX) + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        digest=sha256_hex(secret),
        scopes=sorted(set(scopes)),
        expires_at=now() + lifetime,
    )
    audit_record(
        action="token.issue",
        object_kind="token",
        object_id=token.pk,
        actor=issued_by,
        on_behalf_of=str(user.pk),
        detail={"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at},
    )
    return token, secret


def token_authenticate(*, secret: str) -> ApiToken:
    """
    Return the valid token with *secret*, its user loaded, and note that it was used.

    :raises TokenRefused: it is unknown, expired or revoked, or its user's account is closed.
    """
    token = ApiToken.objects.select_related("user").filter(digest=sha256_hex(secret)).first()
    at = now()
    if token is None or token.revoked_at is not None or token.expires_at <= at or not token.user.is_active:
        raise TokenRefused("This token is not valid.", remedy="Run nofx login for a new one.")
    if token.last_used_at is None or token.last_used_at <= at - USE_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - USE_RESOLUTION)
        ).update(last_used_at=at)
    return token


@transaction.atomic
def token_revoke(*, token_id: UUID, revoked_by: User) -> ApiToken:
    """
    End a token now. Ending it twice changes nothing.

    :raises NotFound: there is no such token.
    """
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = now()
        token.save(update_fields=["revoked_at"])
        audit_record(
            action="token.revoke",
            object_kind="token",
            object_id=token.pk,
            actor=revoked_by,
            on_behalf_of=str(token.user_id),
        )
    return token
