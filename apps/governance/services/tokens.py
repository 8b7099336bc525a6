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
from apps.core.ids import format_id
from apps.governance.addresses import is_within, networks_read
from apps.governance.errors import Denial, NotAllowed, TokenElsewhere, TokenInvalid, TokenRefused
from apps.governance.models import ApiToken, Scope, User
from apps.governance.selectors import readable_scopes
from apps.governance.services.audit import audit_record

PERSON_PREFIX = "nofx_pat_"
SERVICE_PREFIX = "nofx_svc_"
TOKEN_PREFIXES = (PERSON_PREFIX, SERVICE_PREFIX)
SCOPE_PREFIX = "scope"
LONGEST = timedelta(days=365)
LONGEST_OVERLAP = timedelta(days=7)
# Writing last_used_at at every call would turn each read into a write.
USE_RESOLUTION = timedelta(minutes=1)

TOKEN_SCOPES: dict[str, str] = {
    "specs:read": "Read specifications and drafts.",
    "specs:write": "Analyse and submit specifications.",
    "requests:read": "Read requests, candidates and consensus.",
    "requests:write": "Generate code, tests and refactorings; guide and raise requests, put candidates together.",
    "requests:stop": "Stop a run.",
    "reviews:read": "Read verdicts and decisions.",
    "quality:read": "Read reviews, test suites, coverage and debt.",
    "quality:upload": "Send reports of coverage, tests and defects.",
    "quality:write": "Measure quality and generate tests.",
    "docs:read": "Read generated documentation.",
    "docs:write": "Generate and validate documentation.",
    "architecture:read": "Read snapshots and plans.",
    "architecture:write": "Analyse the architecture and propose plans.",
    "governance:read": "Read decisions and policies.",
    "audit:read": "Read the audit chain.",
    "webhooks:manage": "See webhooks, their messages and what was answered.",
}


@transaction.atomic
def token_issue(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    lifetime: timedelta,
    issued_by: User,
    repositories: Collection[Scope] = (),
    networks: Collection[str] = (),
    replaces: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """
    Make a token for *user* and return it with its secret, which is not kept and cannot be shown again.

    With *repositories* it sees these only, and with *networks* it works from there only.

    :raises TokenInvalid: no name, an unknown scope, a repository that *user* does not read, a lifetime over 365 days,
        or the account is closed.
    :raises NotAllowed: it is for somebody else, and not for a machine by an administrator.
    """
    _require_hand(user, issued_by)
    unknown = sorted(set(scopes) - TOKEN_SCOPES.keys())
    if not name.strip():
        raise TokenInvalid("A token needs a name.", remedy="Name it after where it will be used.")
    if unknown:
        raise TokenInvalid(f"No scope is called {', '.join(unknown)}.", remedy=f"Known: {', '.join(TOKEN_SCOPES)}.")
    if not timedelta(0) < lifetime <= LONGEST:
        raise TokenInvalid("A token lives for up to 365 days.", remedy="Choose a shorter time.")
    if not user.is_active:
        raise TokenInvalid("The account is closed.", remedy="Open it again first.")
    if {scope.pk for scope in repositories} - set(readable_scopes(user).values_list("pk", flat=True)):
        raise TokenInvalid("The account does not read all of these repositories.", remedy="Choose others.")
    secret = (SERVICE_PREFIX if user.is_service else PERSON_PREFIX) + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        digest=sha256_hex(secret),
        scopes=sorted(set(scopes)),
        repositories=sorted(format_id(SCOPE_PREFIX, scope.pk) for scope in repositories),
        networks=networks_read(" ".join(networks)),
        replaces=replaces,
        expires_at=now() + lifetime,
    )
    audit_record(
        action="token.issue",
        object_kind="token",
        object_id=token.pk,
        actor=issued_by,
        on_behalf_of=str(user.pk),
        detail={
            "name": token.name,
            "scopes": token.scopes,
            "repositories": token.repositories,
            "networks": token.networks,
            "expires_at": token.expires_at,
            **({"replaces": replaces.pk} if replaces else {}),
        },
    )
    return token, secret


def token_authenticate(*, secret: str, address: str = "") -> ApiToken:
    """
    Return the valid token with *secret*, its user loaded and held to its repositories, and note that it was used.

    :raises TokenRefused: it is unknown, expired or revoked, or its user's account is closed.
    :raises TokenElsewhere: it is not used from *address*.
    """
    token = ApiToken.objects.select_related("user").filter(digest=sha256_hex(secret)).first()
    at = now()
    if token is None or token.revoked_at is not None or token.expires_at <= at or not token.user.is_active:
        raise TokenRefused("This token is not valid.", remedy="Run nofx login for a new one.")
    if token.networks and not is_within(address, token.networks):
        raise TokenElsewhere(
            "This token is not used from this address.",
            remedy="Its networks are on the page of tokens.",
            denial=Denial("token.use", "token", str(token.pk), detail={"networks": token.networks}),
        )
    token.user.within = _within(token)
    if token.last_used_at is None or token.last_used_at <= at - USE_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - USE_RESOLUTION)
        ).update(last_used_at=at)
    return token


@transaction.atomic
def token_revoke(*, token_id: UUID, revoked_by: User) -> ApiToken:
    """
    End a token now. Ending it twice changes nothing.

    :raises NotFound: there is no such token, or it is somebody else's and *revoked_by* no administrator.
    """
    token = _locked(token_id, revoked_by)
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


@transaction.atomic
def token_rotate(*, token_id: UUID, overlap: timedelta, rotated_by: User) -> tuple[ApiToken, str]:
    """
    Make a token that may do the same for as long as the old one was given; the old one ends after *overlap*.

    :raises NotFound: there is no such token, or it is somebody else's and *rotated_by* no administrator.
    :raises TokenInvalid: it has ended already, or the overlap is longer than seven days.
    """
    old = _locked(token_id, rotated_by)
    at = now()
    if old.revoked_at is not None or old.expires_at <= at:
        raise TokenInvalid("This token has ended.", remedy="Make a new one.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise TokenInvalid("Two tokens overlap for up to seven days.", remedy="Choose a shorter time.")
    issued = token_issue(
        user=old.user,
        name=old.name,
        scopes=[scope for scope in old.scopes if scope in TOKEN_SCOPES],
        lifetime=min(old.expires_at - old.created_at, LONGEST),
        issued_by=rotated_by,
        repositories=list(Scope.objects.filter(pk__in=_keys(old))),
        networks=old.networks,
        replaces=old,
    )
    if old.repositories and not issued[0].repositories:
        raise TokenInvalid("The repositories of this token are gone.", remedy="Make a new one.")
    old.expires_at = min(old.expires_at, at + overlap)
    old.save(update_fields=["expires_at"])
    return issued


def _locked(token_id: UUID, actor: User) -> ApiToken:
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").filter(pk=token_id).first()
    if token is None or (token.user_id != actor.pk and not actor.is_superuser):
        raise NotFound("There is no such token.")
    return token


def _require_hand(user: User, issued_by: User) -> None:
    if user.pk == issued_by.pk or (issued_by.is_superuser and user.is_service):
        return
    raise NotAllowed(
        "People make their own tokens, and administrators those of machines.",
        denial=Denial("token.issue", "user", str(user.pk)),
    )


def _keys(token: ApiToken) -> list[int]:
    texts = [str(text).removeprefix(f"{SCOPE_PREFIX}_") for text in token.repositories]
    return [int(text) for text in texts if text.isdecimal()]


def _within(token: ApiToken) -> frozenset[int] | None:
    """Return the scopes that *token* ends at, those of a whole organisation with its repositories; None for all."""
    if not token.repositories:
        return None
    keys = _keys(token)
    organisations = Scope.objects.filter(pk__in=keys, repository="").values("organisation")
    found = Scope.objects.filter(Q(pk__in=keys) | Q(organisation__in=organisations))
    return frozenset(found.values_list("pk", flat=True))
