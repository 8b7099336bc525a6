"""Pilots: repositories for which code may be generated without a rung of the ladder."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from apps.governance.engine.ladder import OPENS, RESUMES
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, LadderInvalid, NotAllowed
from apps.governance.models import Organisation, Scope, User
from apps.governance.selectors import can
from apps.governance.selectors.ladder import suspension_of_code
from apps.governance.services.audit import audit_record

KIND = "pilot"
# At once in an organisation; the database counts them, too.
MOST_PILOTS = 5
NO_PILOT = "This place was made before, and not for a pilot; a repository is one from the start or not at all."


@transaction.atomic
def pilot_name(*, scope: Scope, actor: User, object_id: UUID) -> None:
    """
    Write down that a repository, connected in the caller's transaction, is a pilot: its *scope* was made as one.

    :raises NotAllowed: the actor manages no repositories there.
    :raises LadderInvalid: the place is no pilot. Only a vote of the committee opens it.
    """
    _require(scope, actor, "pilot.name")
    if not scope.is_pilot:
        raise LadderInvalid(NO_PILOT, remedy="Connect it as no pilot, and ask the committee.")
    audit_record(action="pilot.name", object_kind=KIND, object_id=object_id, actor=actor, scope=scope)


def pilot_require_possible(*, organisation: Organisation, identities: Collection[str]) -> None:
    """
    Refuse a pilot beyond those that an organisation has at most, or whose code, known by *identities*, is suspended.

    :raises LadderInvalid: it is, with what is suspended and who resumes it, or with who opens more.
    """
    if Scope.objects.filter(organisation=organisation, is_pilot=True).count() >= MOST_PILOTS:
        raise LadderInvalid(
            f"{organisation.name} has {MOST_PILOTS} pilots, as many as an administrator names alone.",
            remedy=f"Connect it as no pilot; end another pilot first, or ask the committee. {OPENS}",
        )
    stop = suspension_of_code(identities, organisation=organisation)
    if stop is not None:
        raise LadderInvalid(f"This is no new code. {stop.sentence}", remedy=f"{RESUMES} It can be a pilot after that.")


@transaction.atomic
def code_identify(*, scope: Scope, identities: Collection[str]) -> None:
    """Add *identities* to what the code of *scope* is known by; harmless to repeat. None is ever taken away."""
    held = Scope.objects.select_for_update().get(pk=scope.pk)
    known = sorted({*held.identities, *identities})
    if known != held.identities:
        held.identities = known
        held.save(update_fields=["identities"])
    scope.identities = known


@transaction.atomic
def pilot_end(*, scope: Scope, reason: str, actor: User, session_key: str = "") -> None:
    """
    Take a repository out of the pilots; requests under way stop at their next question to the ladder.

    :raises NotAllowed: the actor manages no repositories there.
    :raises LadderInvalid: it is no pilot, or there is no reason.
    """
    _require(scope, actor, "pilot.end")
    if not reason.strip() or not Scope.objects.filter(pk=scope.pk, is_pilot=True).update(is_pilot=False):
        raise LadderInvalid("A pilot ends once, with a reason.", remedy="Say why, in one sentence.")
    audit_record(
        action="pilot.end",
        object_kind=KIND,
        object_id=scope.pk,
        actor=actor,
        scope=scope,
        reason=reason.strip(),
        session_key=session_key,
    )


def _require(scope: Scope, actor: User, action: str) -> None:
    if not can(actor, Action.REPOSITORY_MANAGE, scope):
        raise NotAllowed(
            "Only an administrator says which repositories are pilots.",
            remedy="Ask an administrator.",
            denial=Denial(action, KIND, str(scope.pk), scope.pk),
        )
