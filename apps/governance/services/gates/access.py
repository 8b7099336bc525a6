"""Who may do what to a gate, and its row, locked."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from apps.core.errors import NotFound
from apps.governance.engine.decisions import Subject
from apps.governance.engine.gates import GateDefinition, definition_read
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, GateClosed, NotAllowed, NotInteractive
from apps.governance.models import Gate, Scope, User
from apps.governance.selectors import accounts_of, can

KIND = "gate"
ASKED = "asked for this expansion"


def gate_locked(gate_id: UUID) -> Gate:
    """
    Return the gate with its row locked to the end of the caller's transaction.

    :raises NotFound: there is no such gate.
    """
    gates = Gate.objects.select_for_update(of=("self",)).select_related("scope__organisation", "requested_by")
    gate = gates.filter(pk=gate_id).first()
    if gate is None:
        raise NotFound("There is no such gate.", remedy="Check the address.")
    return gate


def denial_of(action: str, gate: Gate) -> Denial:
    """Return what the audit chain keeps when *action* on *gate* is refused."""
    return Denial(action, KIND, str(gate.pk), gate.scope_id)


def require_person(actor: User, denial: Denial, *, is_interactive: bool) -> None:
    """
    Let only a person at the page pass.

    :raises NotInteractive: the wish came with a token, or the account is a machine's or closed.
    """
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive(
            "Only a person who is signed in at the page does this; a token never can.",
            remedy="Sign in with a browser and do it on the page of the gate.",
            denial=denial,
        )


def require_role(actor: User, action: Action, scope: Scope, denial: Denial, who: str) -> None:
    """
    Let only those pass whose role allows *action* in the organisation.

    :raises NotAllowed: theirs does not; *who* names those whose does.
    """
    if not can(actor, action, scope):
        raise NotAllowed("Your role does not do this.", remedy=f"{who} can.", denial=denial)


def require_state(gate: Gate, *states: str, denial: Denial) -> None:
    """
    Let only a gate in one of *states* pass.

    :raises GateClosed: it is in another one.
    """
    if gate.state not in states:
        raise GateClosed(
            f"This gate is {gate.get_state_display().lower()}, so this cannot be done any more or yet.",
            remedy="Reload the page to see where it stands.",
            denial=denial,
        )


def definition_of(gate: Gate) -> GateDefinition:
    """Return the definition that *gate* is held against: the one it was made with, whatever rules now."""
    return definition_read(gate.definition_content)


def subject_of(gate: Gate) -> Subject:
    """Return *gate* as the decision engine sees it: its digest, none while evidence changed, and who is barred."""
    barred = dict.fromkeys(accounts_of(gate.requested_by), ASKED)
    return Subject(KIND, gate.pk, "" if gate.evidence_changed else gate.digest, barred)


def is_over(gate: Gate) -> bool:
    """Return whether the time of the vote is up, by the clock that stamps ballots; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() >= %s", [gate.closes_at])
        return bool(cursor.fetchone()[0])
