"""What holds on the expansion ladder: for one repository, and for the pages about all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.core.clock import now
from apps.governance.engine.ladder import Granted, Leave, Standing, Stop, Stopped, leave_of
from apps.governance.engine.permissions import Action
from apps.governance.models import Rung, Scope, Suspension, User
from apps.governance.selectors import scopes_where

_WHO = JSONObject(
    kind="kind",
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


def standing_of(scope: Scope) -> Standing:
    """Return what holds for the repository of *scope* now; one query."""
    place = OuterRef("pk")
    above = Q(scope__organisation=OuterRef("organisation"), scope__repository="")
    standing = Suspension.objects.filter(resumed_at__isnull=True)
    stops = standing.filter(Q(scope=place) | above).exclude(kind=Suspension.Kind.RUNG).order_by("suspended_at")
    stop = standing.filter(rung=OuterRef("pk")).annotate(one=_WHO).values("one")[:1]
    covering = Rung.scopes.through.objects.filter(
        Q(scope=OuterRef(place)) | Q(scope__organisation=OuterRef(OuterRef("organisation")), scope__repository="")
    )
    rungs = Rung.objects.filter(pk__in=covering.values("rung")).order_by("granted_at")
    row = (
        Scope.objects.filter(pk=scope.pk)
        .annotate(
            stops_here=ArraySubquery(stops.values(one=_WHO)),
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
        )
        .values("is_pilot", "repository", "stops_here", "rungs_here")
        .get()
    )
    return Standing(
        repository=row["repository"],
        is_pilot=row["is_pilot"],
        stops=tuple(_stop(one) for one in row["stops_here"]),
        rungs=tuple(_granted(one) for one in row["rungs_here"]),
    )


def leave_now(scope: Scope, *, risk: str, task_class: str) -> Leave:
    """Return whether something of *risk* and *task_class* may be generated for *scope* now; one query."""
    return leave_of(standing_of(scope), risk=risk, task_class=task_class, now=now())


def _stop(one: Mapping[str, Any]) -> Stop:
    kind = Stopped(one["kind"])
    what = {
        Stopped.EVERYTHING: f"Generation for all of {one['organisation']}",
        Stopped.MODEL: one["model"],
        Stopped.REPOSITORY: f"Generation for {one['repository']}",
        Stopped.RUNG: one["rung"],
    }[kind]
    name = " ".join(part for part in (one["first"], one["last"]) if part) or one["username"] or ""
    return Stop(kind, what, _time(one["since"]), name, one["reason"])


def _granted(one: Mapping[str, Any]) -> Granted:
    return Granted(
        title=one["title"],
        risk_max=one["risk_max"],
        task_classes=frozenset(one["task_classes"]),
        models=frozenset(one["models"]),
        starts_at=_time(one["starts_at"]),
        expires_at=_time(one["expires_at"]),
        ended_at=_time(one["ended_at"]) if one["ended_at"] else None,
        stop=_stop(one["stop"]) if one["stop"] else None,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rungs_live(moment: datetime) -> QuerySet[Rung]:
    """Return the rungs that hold at *moment*: begun, not over and not suspended."""
    open_ones = Rung.objects.filter(starts_at__lte=moment, expires_at__gt=moment, ended_at__isnull=True)
    suspended = Suspension.objects.filter(resumed_at__isnull=True, rung__isnull=False)
    return open_ones.exclude(pk__in=suspended.values(key=F("rung")))


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
