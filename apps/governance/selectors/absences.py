"""What could not be approved while people are away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from apps.governance.engine.decisions import DEFAULT_POLICIES, Policy, Roster, shortfall
from apps.governance.models import Absence, RoleAssignment, Scope
from apps.governance.selectors import ANY_PATH, roster_reader
from apps.governance.selectors.policies import policy_in, policy_ruling

AHEAD = timedelta(days=30)
AWAY = "away"
RISKS = tuple(DEFAULT_POLICIES)


@dataclass(frozen=True)
class Gap:
    """From a day to a day nobody could approve what has *risk* in a place: *seats* have nobody who is there."""

    scope: Scope
    risk: str
    starts_on: date
    ends_on: date
    seats: tuple[str, ...]


def absence_gaps(today: date) -> list[Gap]:
    """
    Return the first gap of each repository and risk within 30 days that is there only because people are away.

    Two queries, and for each repository in which somebody who will be away has a role three and up to two for each
    risk. What nobody could approve anyhow is no gap of an absence.
    """
    absences = list(Absence.objects.filter(ends_on__gte=today, starts_on__lte=today + AHEAD))
    held = RoleAssignment.objects.filter(user__in={one.user_id for one in absences})
    whole = held.filter(scope__repository="").values("scope__organisation")
    places = Scope.objects.filter(organisation__in=whole) | Scope.objects.filter(pk__in=held.values("scope"))
    rows = places.exclude(repository="").select_related("organisation").order_by("organisation", "repository")
    return [gap for place in rows.distinct() for gap in _gaps(place, absences, today)]


def _gaps(place: Scope, absences: Iterable[Absence], today: date) -> list[Gap]:
    roster = roster_reader(place)(ANY_PATH)
    members = {member.user_id for member in roster.members}
    mine = [one for one in absences if one.user_id in members]
    found = (_gap(place, risk, policy_in(policy_ruling(place, risk), risk), roster, mine, today) for risk in RISKS)
    return [gap for gap in found if gap is not None]


def _gap(
    place: Scope, risk: str, policy: Policy, roster: Roster, absences: Collection[Absence], today: date
) -> Gap | None:
    if shortfall(policy, _on(roster, ()), {}):
        return None
    for day in sorted({max(today, one.starts_on) for one in absences}):
        away = [one for one in absences if one.starts_on <= day <= one.ends_on]
        accounts = {one.user_id for one in away}
        missing = shortfall(policy, _on(roster, accounts), dict.fromkeys(accounts, AWAY))
        if missing:
            return Gap(place, risk, day, min(one.ends_on for one in away), tuple(seat.name for seat in missing))
    return None


def _on(roster: Roster, away: Collection[int]) -> Roster:
    """Return *roster* as it is on a day on which *away* are away, whoever is away today."""
    members = tuple(replace(member, is_absent=member.user_id in away) for member in roster.members)
    return Roster(members, roster.linked)
