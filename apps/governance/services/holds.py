"""Legal holds: one person places one and it holds at once; two people release it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.errors import Denial, RecordsClosed, RecordsInvalid
from apps.governance.models import LegalHold, Scope, User
from apps.governance.services.audit import audit_record
from apps.governance.services.retention import retention_lock
from apps.governance.services.signing import require_first, require_second

KIND = "legal_hold"


@transaction.atomic
def hold_place(
    *,
    reason: str,
    actor: User,
    is_interactive: bool,
    scope: Scope | None = None,
    request_id: UUID | None = None,
    person: User | None = None,
    session_key: str = "",
) -> LegalHold:
    """
    Hold a scope, a request or a person: nothing of it is deleted or pseudonymised from the return of this call on.

    :raises NotAllowed: the person does not place holds.
    :raises RecordsInvalid: not exactly one thing is named, or no reason is given.
    """
    denial = Denial("hold.place", KIND, "new", scope.pk if scope else None)
    require_first(actor, denial, is_interactive=is_interactive)
    if [scope, request_id, person].count(None) != 2 or not reason.strip():
        raise RecordsInvalid(
            "A hold is about one repository, one organisation, one request or one person.",
            remedy="Name exactly one of them, and say why.",
        )
    retention_lock()
    hold = LegalHold.objects.create(
        scope=scope, request_id=request_id, person=person, reason=reason.strip(), placed_by=actor
    )
    _record("hold.place", hold, actor, session_key, reason=hold.reason)
    return hold


@transaction.atomic
def hold_release_ask(*, hold_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> LegalHold:
    """
    Sign first that a hold ends; it holds until somebody else signs.

    :raises NotFound: there is no such hold.
    :raises NotAllowed: the person does not sign first.
    :raises RecordsClosed: somebody signed already.
    """
    hold = _locked(hold_id)
    denial = _denial("hold.release_ask", hold)
    require_first(actor, denial, is_interactive=is_interactive)
    if hold.release_asked_at is not None:
        raise RecordsClosed("Somebody asked for this already.", remedy="Reload the page.", denial=denial)
    hold.release_asked_by, hold.release_asked_at = actor, now()
    hold.save(update_fields=["release_asked_by", "release_asked_at"])
    _record("hold.release_ask", hold, actor, session_key)
    return hold


@transaction.atomic
def hold_release(*, hold_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> LegalHold:
    """
    Sign second: the hold ends.

    :raises NotFound: there is no such hold.
    :raises NotAllowed: the person does not sign second, or signed first.
    :raises RecordsClosed: nobody signed first, or it ended already.
    """
    hold = _locked(hold_id)
    denial = _denial("hold.release", hold)
    if hold.release_asked_by_id is None or hold.released_at is not None:
        raise RecordsClosed("This hold waits for no signature.", remedy="Reload the page.", denial=denial)
    require_second(actor, hold.release_asked_by_id, denial, is_interactive=is_interactive)
    hold.released_by, hold.released_at = actor, now()
    hold.save(update_fields=["released_by", "released_at"])
    _record("hold.release", hold, actor, session_key)
    return hold


def _locked(hold_id: UUID) -> LegalHold:
    hold = LegalHold.objects.select_for_update(of=("self",)).select_related("scope").filter(pk=hold_id).first()
    if hold is None:
        raise NotFound("There is no such hold.")
    return hold


def _denial(action: str, hold: LegalHold) -> Denial:
    return Denial(action, KIND, str(hold.pk), hold.scope_id)


def _record(action: str, hold: LegalHold, actor: User, session_key: str, *, reason: str = "") -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=hold.pk,
        actor=actor,
        scope=hold.scope,
        reason=reason,
        session_key=session_key,
        detail={"request": hold.request_id, "person": hold.person_id},
    )
