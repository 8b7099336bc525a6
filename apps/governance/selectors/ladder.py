"""What holds on the expansion ladder: for one repository, and for the pages about all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.core.clock import now
from apps.governance.engine.ladder import RISKS, Granted, Leave, Refusal, Standing, Stop, Stopped, leave_of
from apps.governance.engine.permissions import Action
from apps.governance.models import Organisation, Rung, Scope, Suspension, User
from apps.governance.selectors import scopes_where

_WHO = JSONObject(
    kind="kind",
    scope="scope_id",
    owner="scope__organisation_id",
    model="model",
    since="suspended_at",
    reason="reason",
    first="suspended_by__first_name",
    last="suspended_by__last_name",
    username="suspended_by__username",
    organisation="scope__organisation__name",
    repository="scope__repository",
    rung="rung__title",
)


@cache
def _places() -> QuerySet[Scope, dict[str, Any]]:
    """Return every place with what stands there; made once, since making it takes longer than asking it."""
    place = OuterRef("pk")
    above = Q(scope__organisation=OuterRef("organisation"), scope__repository="")
    standing = Suspension.objects.filter(resumed_at__isnull=True)
    own = Q(scope=place) | above
    stops = standing.filter(own | _of_same_code(OuterRef(OuterRef("identities")))).exclude(kind=Suspension.Kind.RUNG)
    stop = standing.filter(rung=OuterRef("pk")).annotate(one=_WHO).values("one")[:1]
    covering = Rung.scopes.through.objects.filter(
        Q(scope=OuterRef(place)) | Q(scope__organisation=OuterRef(OuterRef("organisation")), scope__repository="")
    )
    rungs = Rung.objects.filter(pk__in=covering.values("rung")).order_by("granted_at")
    return Scope.objects.annotate(
        stops_here=ArraySubquery(stops.order_by("suspended_at").values(one=_WHO)),
        rungs_here=ArraySubquery(
            rungs.values(
                one=JSONObject(
                    title="title",
                    risk_max="risk_max",
                    task_classes="task_classes",
                    models="model_names",
                    starts_at="starts_at",
                    expires_at="expires_at",
                    ended_at="ended_at",
                    stop=Subquery(stop),
                )
            )
        ),
    ).values("pk", "organisation", "is_pilot", "repository", "stops_here", "rungs_here")


def standing_of(scope: Scope) -> Standing:
    """Return what holds for the repository of *scope* now; one query."""
    return standings_of([scope.pk])[scope.pk]


def standings_of(scopes: Collection[int]) -> dict[int, Standing]:
    """
    Return what holds for the repository of each of *scopes* now; one query.

    What is suspended is so wherever the same code is registered once more, in other organisations too.
    """
    return {
        row["pk"]: Standing(
            repository=row["repository"],
            is_pilot=row["is_pilot"],
            stops=tuple(_stop(one, row) for one in row["stops_here"]),
            rungs=tuple(_granted(one) for one in row["rungs_here"]),
        )
        for row in _places().filter(pk__in=scopes)
    }


def leave_now(scope: Scope, *, risk: str, task_class: str) -> Leave:
    """Return whether something of *risk* and *task_class* may be generated for *scope* now; one query."""
    return leave_of(standing_of(scope), risk=risk, task_class=task_class, now=now())


def places_closed(scopes: Collection[int]) -> dict[int, Leave]:
    """Return those of *scopes* for which nothing at all may be generated now, and why; one query."""
    moment = now()
    leaves = {
        pk: leave_of(standing, risk=RISKS[0], task_class="", now=moment)
        for pk, standing in standings_of(scopes).items()
    }
    # What is outside of a rung is so for its risk or its class: others are open.
    return {pk: leave for pk, leave in leaves.items() if leave.refusal not in {None, Refusal.OUTSIDE}}


def _of_same_code(identities: Any) -> Q:
    """Return which suspensions are of a repository with one of *identities*, or of everything where there is one."""
    same = Scope.objects.filter(identities__overlap=identities)
    return Q(kind=Suspension.Kind.REPOSITORY, scope__in=same.values("pk")) | Q(
        kind=Suspension.Kind.EVERYTHING, scope__organisation__in=same.values("organisation")
    )


def suspension_of_code(identities: Collection[str], *, organisation: Organisation) -> Stop | None:
    """
    Return what keeps code that is known by *identities* from becoming a pilot of *organisation*; None if nothing does.

    A suspension of everything there is none: the pilot waits for its end, as all others.
    """
    rows = Suspension.objects.filter(_of_same_code(list(identities)), resumed_at__isnull=True)
    there = Q(kind=Suspension.Kind.EVERYTHING, scope__organisation=organisation)
    one = rows.exclude(there).order_by("suspended_at").values(one=_WHO).first()
    return _stop(one["one"], {"pk": None, "organisation": organisation.pk}) if one else None


def places_stopped(suspension: Suspension) -> QuerySet[Scope]:
    """Return the places of repositories that *suspension* is about, with those of the same code."""
    places = Scope.objects.exclude(repository="")
    if suspension.kind == Suspension.Kind.REPOSITORY:
        return places.filter(Q(pk=suspension.scope_id) | Q(identities__overlap=suspension.scope.identities))
    within = places.filter(organisation=suspension.scope.organisation_id)
    if suspension.kind != Suspension.Kind.EVERYTHING:
        return within
    same = within.filter(identities__overlap=OuterRef("identities"))
    return places.filter(Q(pk__in=within.values("pk")) | Exists(same))


def _stop(one: Mapping[str, Any], place: Mapping[str, Any]) -> Stop:
    """Return a suspension as it is told in *place*: of another organisation, neither who, what nor why."""
    kind = Stopped(one["kind"])
    if one["owner"] != place["organisation"]:
        return Stop(kind, "Generation for the same code in another organisation", _time(one["since"]))
    what = {
        Stopped.EVERYTHING: f"Generation for all of {one['organisation']}",
        Stopped.MODEL: one["model"],
        Stopped.REPOSITORY: f"Generation for {one['repository']}" + _clone(one, place),
        Stopped.RUNG: one["rung"],
    }[kind]
    name = " ".join(part for part in (one["first"], one["last"]) if part) or one["username"] or ""
    return Stop(kind, what, _time(one["since"]), name, one["reason"])


def _clone(one: Mapping[str, Any], place: Mapping[str, Any]) -> str:
    return "" if one["scope"] == place["pk"] else ", which has the same first commit or address,"


def _granted(one: Mapping[str, Any]) -> Granted:
    return Granted(
        title=one["title"],
        risk_max=one["risk_max"],
        task_classes=frozenset(one["task_classes"]),
        models=frozenset(one["models"]),
        starts_at=_time(one["starts_at"]),
        expires_at=_time(one["expires_at"]),
        ended_at=_time(one["ended_at"]) if one["ended_at"] else None,
        stop=_stop(one["stop"], {"pk": None, "organisation": one["stop"]["owner"]}) if one["stop"] else None,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rungs_live(moment: datetime) -> QuerySet[Rung]:
    """Return the rungs that hold at *moment*: begun, not over and not suspended."""
    open_ones = Rung.objects.filter(starts_at__lte=moment, expires_at__gt=moment, ended_at__isnull=True)
    suspended = Suspension.objects.filter(resumed_at__isnull=True, rung__isnull=False)
    return open_ones.exclude(pk__in=suspended.values(key=F("rung")))


def rungs_unread(since: datetime) -> list[UUID]:
    """Return the rungs that hold, suspended ones too, and none of whose tripwires was read after *since*."""
    held = Rung.objects.filter(starts_at__lte=now(), expires_at__gt=now(), ended_at__isnull=True)
    return list(held.exclude(readings__read_at__gt=since).values_list("pk", flat=True))


def rungs_readable(user: User) -> QuerySet[Rung]:
    """Return the rungs that open a place which *user* reads, or all of an organisation in which they read one."""
    scopes = scopes_where(user, Action.REQUEST_READ)
    through = Rung.scopes.through.objects.filter(
        Q(scope__in=scopes.values("pk"))
        | Q(scope__repository="", scope__organisation__in=scopes.values("organisation"))
    )
    return Rung.objects.filter(pk__in=through.values("rung"))


def suspensions_readable(user: User) -> QuerySet[Suspension]:
    """Return the suspensions in places that *user* reads, or in all of an organisation in which they read one."""
    scopes = scopes_where(user, Action.REQUEST_READ)
    return Suspension.objects.filter(
        Q(scope__in=scopes.values("pk"))
        | Q(scope__repository="", scope__organisation__in=scopes.values("organisation"))
    )


@dataclass(frozen=True)
class LadderSummary:
    """
    The ladder in a few words, for home.

    ``rung`` is the newest that holds, "" where only pilots do. ``suspended`` counts what stands suspended.
    """

    pilots: int
    opened: int
    closed: int
    rung: str = ""
    expires_at: datetime | None = None
    days_left: int | None = None
    suspended: int = 0


def ladder_summary(user: User) -> LadderSummary:
    """Return the ladder in a few words for *user*; five queries."""
    moment = now()
    places = scopes_where(user, Action.REQUEST_READ).exclude(repository="")
    live = list(rungs_live(moment).filter(pk__in=rungs_readable(user).values("pk")).order_by("-granted_at", "id"))
    through = Rung.scopes.through.objects.filter(rung__in=[rung.pk for rung in live])
    pairs = list(through.values_list("scope", "scope__repository", "scope__organisation"))
    opened = {scope for scope, repository, _ in pairs if repository}
    whole = {organisation for _, repository, organisation in pairs if not repository}
    counted = {True: 0, False: 0}
    pilots = 0
    for pk, organisation, is_pilot in places.values_list("pk", "organisation", "is_pilot"):
        pilots += is_pilot
        if not is_pilot:
            counted[pk in opened or organisation in whole] += 1
    newest = live[0] if live else None
    return LadderSummary(
        pilots=pilots,
        opened=counted[True],
        closed=counted[False],
        rung=newest.title if newest else "",
        expires_at=newest.expires_at if newest else None,
        days_left=(newest.expires_at - moment).days if newest else None,
        suspended=suspensions_readable(user).filter(resumed_at=None).count(),
    )
