"""Open and close incidents. One that is open counts at gates, and trips the tripwires that watch for it at once."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, LadderInvalid, NotAllowed
from apps.governance.models import Incident, Scope, User
from apps.governance.selectors import can
from apps.governance.selectors.incidents import OPEN_INCIDENTS
from apps.governance.services.audit import audit_record
from apps.governance.services.tripwires import tripwires_check_measure

KIND = "incident"


@transaction.atomic
def incident_open(
    *, scope: Scope, title: str, severity: str, actor: User, request_id: UUID | None = None, session_key: str = ""
) -> Incident:
    """
    Record that something went wrong with generated code in a repository.

    :raises NotAllowed: the actor's role opens no incidents there.
    :raises LadderInvalid: it has no title, no known severity, or the place is no repository.
    """
    _require(actor, Action.INCIDENT_OPEN, scope, Denial("incident.open", KIND, str(scope.pk), scope.pk))
    if not title.strip() or severity not in Incident.Severity.values or not scope.repository:
        raise LadderInvalid("An incident has a title, a severity and a repository.", remedy="Fill in what is missing.")
    incident = Incident.objects.create(
        scope=scope, title=title.strip()[:200], severity=severity, request_id=request_id, opened_by=actor
    )
    incident.refresh_from_db(fields=["opened_at"])
    tripwires_check_measure(measure=OPEN_INCIDENTS, scope=scope)
    audit_record(
        action="incident.open",
        object_kind=KIND,
        object_id=incident.pk,
        actor=actor,
        scope=scope,
        reason=incident.title,
        session_key=session_key,
        detail={"severity": severity, "request": str(request_id) if request_id else None},
    )
    return incident


@transaction.atomic
def incident_close(*, incident_id: UUID, resolution: str, actor: User, session_key: str = "") -> Incident:
    """
    Record that an incident is over, and how. What it suspended stays so until the committee resumes it.

    :raises NotFound: there is no such incident.
    :raises NotAllowed: the actor's role closes no incidents there.
    :raises LadderInvalid: it is closed, or nothing says how it ended.
    """
    rows = Incident.objects.select_for_update(of=("self",)).select_related("scope__organisation")
    incident = rows.filter(pk=incident_id).first()
    if incident is None:
        raise NotFound("There is no such incident.")
    denial = Denial("incident.close", KIND, str(incident.pk), incident.scope_id)
    _require(actor, Action.INCIDENT_CLOSE, incident.scope, denial)
    if incident.closed_at is not None or not resolution.strip():
        raise LadderInvalid("An incident is closed once, and says how it ended.", remedy="Say it in a sentence.")
    incident.closed_at, incident.closed_by, incident.resolution = now(), actor, resolution.strip()
    incident.save(update_fields=["closed_at", "closed_by", "resolution"])
    audit_record(
        action="incident.close",
        object_kind=KIND,
        object_id=incident.pk,
        actor=actor,
        scope=incident.scope,
        reason=incident.resolution,
        session_key=session_key,
    )
    return incident


def _require(actor: User, action: Action, scope: Scope, denial: Denial) -> None:
    if actor.is_service or not actor.is_active or not can(actor, action, scope):
        raise NotAllowed("Your role does not do this here.", remedy="A quality lead or the chair does.", denial=denial)
