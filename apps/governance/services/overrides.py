"""Sign and withdraw overrides. Only people at the page sign, and only for what they saw."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.governance.engine.decisions import Subject
from apps.governance.engine.overrides import OverrideState, end_refused, may_ask, may_confirm
from apps.governance.errors import (
    ContentChanged,
    Denial,
    NotAllowed,
    NotEligible,
    NotInteractive,
    OverrideClosed,
    OverrideInvalid,
)
from apps.governance.models import Override, Scope, User
from apps.governance.selectors import accounts_of, override_state_of, part_of, roles_of
from apps.governance.services.audit import audit_record


@transaction.atomic
def override_ask(
    *,
    subject: Subject,
    scope: Scope,
    check_name: str,
    actor: User,
    digest: str,
    reason: str,
    ends_at: datetime,
    is_interactive: bool,
) -> Override:
    """
    Sign first: *check_name* of *subject* failed, and it shall go on all the same until *ends_at*.

    *digest* is what the person saw, ``subject.digest`` what is there now: lock the subject before you compute it.

    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotEligible: the person has a part in the subject.
    :raises NotAllowed: the person's role signs no override.
    :raises ContentChanged: the subject changed since the person saw it.
    :raises OverrideInvalid: there is no reason, or the end is past or too far away.
    :raises OverrideClosed: somebody asked for it already.
    """
    denial = Denial("override.ask", subject.kind, str(subject.id), scope.pk, {"check": check_name})
    _require_person(actor, subject, denial, is_interactive=is_interactive)
    if not may_ask(roles_of(actor, scope), actor.pk, subject.barred):
        raise NotAllowed(
            "Your role cannot ask for an override.", remedy="Ask a quality lead or an architect.", denial=denial
        )
    if digest != subject.digest:
        raise _changed(denial)
    refused = end_refused(ends_at, now())
    if refused or not reason.strip():
        raise OverrideInvalid(refused or "Say why it shall go on.", remedy="Give a reason and a day within 90 days.")
    _ended_withdraw(subject, check_name, actor)
    try:
        with transaction.atomic():
            override = Override.objects.create(
                subject_kind=subject.kind,
                subject_id=subject.id,
                subject_digest=digest,
                scope=scope,
                check_name=check_name,
                reason=reason.strip(),
                ends_at=ends_at,
                asked_by=actor,
            )
    except IntegrityError as error:
        if "governance_override_one_open" not in str(error):
            raise
        raise OverrideClosed("Somebody asked for this override already.", denial=denial) from error
    override.refresh_from_db()
    _record(override, "override.ask", actor, reason=override.reason)
    return override


@transaction.atomic
def override_confirm(*, override_id: UUID, subject: Subject, actor: User, is_interactive: bool) -> Override:
    """
    Sign second; from now on the override stands.

    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotEligible: the person signed first, or has a part in the subject.
    :raises NotAllowed: the person's role does not sign second.
    :raises ContentChanged: the subject changed since the override was asked for.
    :raises OverrideClosed: it stands already, has ended or was withdrawn.
    """
    override = _locked(override_id)
    denial = Denial("override.confirm", subject.kind, str(subject.id), override.scope_id, {"override": override.pk})
    _require_person(actor, subject, denial, is_interactive=is_interactive)
    if override.asked_by_id in accounts_of(actor):
        raise NotEligible("You signed first; the second signature is another person's.", denial=denial)
    roles = roles_of(actor, override.scope)
    if not may_confirm(roles, actor.pk, subject.barred, asked_by=override.asked_by_id):
        raise NotAllowed("Your role does not sign second.", remedy="The chair confirms an override.", denial=denial)
    state = override_state_of(override, digest=subject.digest)
    if state is OverrideState.OUTDATED:
        raise _changed(denial)
    if state is not OverrideState.WAITING:
        raise OverrideClosed("This override waits for nobody.", remedy="Reload the page.", denial=denial)
    override.confirmed_by, override.confirmed_at = actor, now()
    override.save(update_fields=["confirmed_by", "confirmed_at"])
    _record(override, "override.confirm", actor)
    return override


@transaction.atomic
def override_withdraw(*, override_id: UUID, actor: User, is_interactive: bool) -> Override:
    """
    Take an override back: whoever signed it may, and whoever could sign second.

    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotAllowed: the person signed nothing here.
    :raises OverrideClosed: it was withdrawn before.
    """
    override = _locked(override_id)
    kind, identity = override.subject_kind, str(override.subject_id)
    denial = Denial("override.withdraw", kind, identity, override.scope_id, {"override": override.pk})
    _require_at_page(actor, denial, is_interactive=is_interactive)
    is_signatory = actor.pk in {override.asked_by_id, override.confirmed_by_id}
    if not is_signatory and not may_confirm(
        roles_of(actor, override.scope), actor.pk, {}, asked_by=override.asked_by_id
    ):
        raise NotAllowed("Only who signed an override, or a chair, takes it back.", denial=denial)
    if override.withdrawn_at is not None:
        raise OverrideClosed("This override was withdrawn before.", denial=denial)
    _withdraw(override, actor)
    return override


def _locked(override_id: UUID) -> Override:
    overrides = Override.objects.select_for_update(of=("self",)).select_related("scope__organisation")
    return overrides.get(pk=override_id)


def _ended_withdraw(subject: Subject, check_name: str, actor: User) -> None:
    """Make room for a new one where the last one has ended."""
    last = Override.objects.filter(
        subject_kind=subject.kind,
        subject_id=subject.id,
        check_name=check_name,
        withdrawn_at__isnull=True,
        ends_at__lte=now(),
    )
    for override in last.select_for_update():
        _withdraw(override, actor)


def _withdraw(override: Override, actor: User) -> None:
    override.withdrawn_by, override.withdrawn_at = actor, now()
    override.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record(override, "override.withdraw", actor)


def _require_at_page(actor: User, denial: Denial, *, is_interactive: bool) -> None:
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive(
            "Only a person who is signed in at the page signs an override; a token never does.", denial=denial
        )


def _require_person(actor: User, subject: Subject, denial: Denial, *, is_interactive: bool) -> None:
    _require_at_page(actor, denial, is_interactive=is_interactive)
    part = part_of(actor, subject.barred)
    if part:
        raise NotEligible(f"You cannot sign this: {part.rstrip('.')}.", denial=denial)


def _changed(denial: Denial) -> ContentChanged:
    return ContentChanged(
        "This changed meanwhile, so nothing was signed.",
        remedy="Reload the page and look at what is there now.",
        denial=denial,
    )


def _record(override: Override, action: str, actor: User, *, reason: str = "") -> None:
    audit_record(
        action=action,
        object_kind=override.subject_kind,
        object_id=override.subject_id,
        actor=actor,
        scope=override.scope,
        after_digest=override.subject_digest,
        reason=reason,
        detail={"override": override.pk, "check": override.check_name, "ends_at": override.ends_at.isoformat()},
    )
