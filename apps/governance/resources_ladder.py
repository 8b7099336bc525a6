"""The expansion ladder as API resources. Nothing here is written: a vote opens, people suspend, a vote resumes."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from apps.governance.models import Incident, Rung, Suspension, TripwireReading, User
from apps.governance.resources import ScopeResource
from apps.governance.rest import Resource
from apps.governance.selectors.ladder import rungs_readable, suspensions_readable


class RungResource(Resource):
    """What one vote of the committee opened: where, for which risks, classes and models, and until when."""

    noun = "rungs"
    prefix = "rung"
    model = Rung
    permit = "governance:read"
    columns = {
        "id": "pk",
        "organisation": "",
        "title": "",
        "gate_id": "",
        "evidence_digest": "",
        "places": "",
        "risk_max": "",
        "task_classes": "",
        "model_names": "",
        "tripwires": "",
        "granted_at": "",
        "starts_at": "",
        "expires_at": "",
        "ended_by": "",
        "ended_at": "",
        "end_reason": "",
    }
    references = {"organisation": "org", "ended_by": "user"}
    computed = {"places": ArrayField(CharField(), help_text="What it opens, where you read it.")}
    filters = ("gate_id", "risk_max")
    newest = "granted_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those that open nothing which *user* reads."""
        through = Rung.scopes.through.objects.filter(rung=OuterRef("pk"), scope__in=self.places(user))
        place = Concat(Value(f"{ScopeResource.prefix}_"), Cast("scope", CharField()))
        readable = rows.filter(pk__in=rungs_readable(user).values("pk"))
        return readable.annotate(places=ArraySubquery(through.order_by("scope").values(one=place)))


class TripwireReadingResource(Resource):
    """How a tripwire of a rung was last found; ``position`` counts the tripwires of the rung from 0."""

    noun = "tripwire-readings"
    prefix = "wire"
    model = TripwireReading
    permit = "governance:read"
    columns = {
        "id": "pk",
        "rung": "",
        "position": "",
        "state": "",
        "value": "",
        "n": "",
        "low": "",
        "high": "",
        "as_of": "",
        "note": "",
        "failing_since": "",
        "read_at": "",
    }
    references = {"rung": "rung"}
    filters = ("rung", "state")
    newest = "read_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of rungs that *user* does not read."""
        return rows.filter(rung__in=rungs_readable(user).values("pk"))


class SuspensionResource(Resource):
    """Generation that is, or was, stopped; ``resumed_at`` is empty while it stands."""

    noun = "suspensions"
    prefix = "suspension"
    model = Suspension
    permit = "governance:read"
    columns = {
        "id": "pk",
        "kind": "",
        "scope": "",
        "model": "",
        "rung": "",
        "suspended_by": "",
        "suspended_at": "",
        "reason": "",
        "reading": "",
        "content_digest": "",
        "resumed_at": "",
    }
    references = {"scope": "scope", "rung": "rung", "suspended_by": "user"}
    filters = ("kind", "scope", "model", "rung")
    newest = "suspended_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of places that *user* does not read."""
        return rows.filter(pk__in=suspensions_readable(user).values("pk"))


class IncidentResource(Resource):
    """Something that went wrong with generated code; ``closed_at`` is empty while it is open."""

    noun = "incidents"
    prefix = "incident"
    model = Incident
    permit = "governance:read"
    columns = {
        "id": "pk",
        "scope": "",
        "title": "",
        "severity": "",
        "request_id": "",
        "opened_by": "",
        "opened_at": "",
        "closed_by": "",
        "closed_at": "",
        "resolution": "",
    }
    references = {"scope": "scope", "opened_by": "user", "closed_by": "user"}
    filters = ("scope", "severity")
    newest = "opened_at"
    place_path = "scope"
