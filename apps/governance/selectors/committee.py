"""Who holds the security seat of an organisation's committee: whoever the chair seated there last."""

from __future__ import annotations

from collections.abc import Collection

from apps.governance.engine.decisions import Member, Policy, Seat, Seating
from apps.governance.engine.permissions import Action
from apps.governance.models import GateSeat, Scope, Suspension, User
from apps.governance.selectors import roster_of

SECURITY = "security"


def security_seat(scope: Scope) -> Seat | None:
    """
    Return the security seat of the committee of *scope*'s organisation, None before a gate filled it; one query.

    It is the seating of the newest gate that has somebody on it, whatever became of that gate.
    """
    rows = GateSeat.objects.filter(gate__scope__organisation=scope.organisation_id, seat=SECURITY)
    newest = rows.order_by("-assigned_at", "-id").values("gate")[:1]
    seated = list(rows.filter(gate__in=newest).values_list("user", "is_alternate"))
    holders = [user for user, is_alternate in seated if not is_alternate]
    if not holders:
        return None
    return _seat(holders, [user for user, is_alternate in seated if is_alternate])


def security_sitters(scope: Scope, *, present: Collection[int] = ()) -> list[Member]:
    """
    Return whoever sits on the security seat in *scope* now: its holders, and its alternates while every holder is out.

    Somebody who is no active member of the committee any more sits nowhere. *present* are accounts that spoke: an
    absence of theirs lets nobody stand in. One query, four where the seat is filled.
    """
    return _sitters(security_seat(scope), scope, present)


def resuming_sitters(suspension: Suspension, *, present: Collection[int] = ()) -> list[Member]:
    """
    Return whoever vetoes resuming: those who sat on the security seat as *suspension* began, and those who do now.

    The chair seats people alone, and so adds somebody but takes the veto from nobody. Seven queries at most.
    """
    settled = suspension.security
    then = None
    if settled.get("holders"):
        then = _seat(settled["holders"], settled["alternates"])
    members = [*_sitters(then, suspension.scope, present), *security_sitters(suspension.scope, present=present)]
    return list({member.user_id: member for member in members}.values())


def _seat(holders: Collection[int], alternates: Collection[int]) -> Seat:
    return Seat("security", holders=frozenset(holders), alternates=frozenset(alternates), has_veto=True)


def _sitters(seat: Seat | None, scope: Scope, present: Collection[int]) -> list[Member]:
    if seat is None:
        return []
    seating = Seating(Policy(seat.name, (seat,), votes=Action.GATE_VOTE, blocks=None), roster_of(scope), {})
    return [member for member in seating.eligible if seating.assign([member], present)]


def holds_security_seat(user: User, scope: Scope) -> bool:
    """Return whether *user* sits on the security seat in *scope* now; at most four queries."""
    return any(member.user_id == user.pk for member in security_sitters(scope))


def organisations_secured_by(user: User) -> list[int]:
    """Return the organisations whose security seat *user* holds now; one query for whoever was never seated there."""
    seated = GateSeat.objects.filter(user=user, seat=SECURITY).values("gate__scope")
    places = Scope.objects.filter(pk__in=seated).select_related("organisation")
    return [place.organisation_id for place in places if holds_security_seat(user, place)]
