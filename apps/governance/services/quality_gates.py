"""
The quality gate of a repository: what the next gate of its committee asks of quality, held against its own figures.

Nothing is decided by it. When a condition changes its state that is an entry of the audit chain, which is also where
the state before is read from; webhooks and people are told from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.core.clock import now
from apps.governance.engine.chain import Outcome
from apps.governance.engine.gates import EXPANSION, Criterion, Judged, State, definition_read, judge
from apps.governance.measures import Measure, MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import AuditEvent, Scope
from apps.governance.services.audit import audit_record
from apps.governance.services.gates.requests import definition_ruling
from apps.governance.services.readings import reading_take

ACTION, KIND = "quality.gate", "scope"
TRACK = "quality."
# The gravest state of a condition is that of the gate.
_GRAVEST = (State.ERROR, State.NOT_MET, State.STALE, State.INSUFFICIENT_DATA, State.WAIVED, State.MET)


@dataclass(frozen=True)
class QualityGate:
    """Where the quality gate of a repository stands: the state of each condition, by its key, and of all of them."""

    conditions: Mapping[str, State]

    @property
    def state(self) -> State:
        """The gravest state of a condition; without any there is nothing to tell."""
        return min(self.conditions.values(), key=_GRAVEST.index, default=State.INSUFFICIENT_DATA)


@dataclass(frozen=True)
class QualityCondition:
    """One condition with what its measure says now: None where it failed, or nobody registered it."""

    criterion: Criterion
    measure: Measure | None
    reading: Reading | None
    judged: Judged


def quality_gate_read(scope: Scope, moment: datetime) -> QualityGate:
    """Return where the quality gate of the repository *scope* stands now; reads each of its measures."""
    return QualityGate({one.criterion.key: one.judged.state for one in quality_conditions(scope, moment)})


def quality_conditions(scope: Scope, moment: datetime) -> list[QualityCondition]:
    """Return the conditions of the repository *scope* with their figures now; reading them takes seconds."""
    whole = Scope.objects.filter(organisation=scope.organisation_id, repository="").first()
    definition = definition_read(definition_ruling(whole, EXPANSION.name)[1]) if whole is not None else EXPANSION
    asked = [one for one in definition.criteria if one.is_required and one.measure.startswith(TRACK)]
    return [_condition(one, scope, moment) for one in asked]


def _condition(criterion: Criterion, scope: Scope, moment: datetime) -> QualityCondition:
    measure = measure_find(criterion.measure)
    reading, error = None, ""
    if measure is not None:
        try:
            reading = reading_take(lambda: measure.read([scope.pk], Window(moment - criterion.window, moment)))
        except MeasureUnavailable as failure:
            error = str(failure)
    return QualityCondition(criterion, measure, reading, judge(criterion, measure, reading, error=error, now=moment))


def quality_gate_check(*, scope: Scope) -> QualityGate | None:
    """
    Read the quality gate of a repository; note it and return it when a condition is in another state than before.

    A repository of which nothing was ever measured is no change. Done twice it changes nothing. Nothing is locked while
    the measures are read, which takes seconds.
    """
    return _note(scope, quality_gate_read(scope, now()))


@transaction.atomic
def _note(scope: Scope, gate: QualityGate) -> QualityGate | None:
    Scope.objects.select_for_update(of=("self",)).get(pk=scope.pk)
    found = {key: state.value for key, state in gate.conditions.items()}
    last = quality_gate_last(scope)
    before = last.detail["conditions"] if last is not None else {}
    is_empty = last is None and not set(gate.conditions.values()) - {State.INSUFFICIENT_DATA, State.ERROR}
    if found == before or is_empty:
        return None
    audit_record(
        action=ACTION,
        object_kind=KIND,
        object_id=scope.pk,
        actor=None,
        scope=scope,
        detail={
            "state": gate.state.value,
            "before": last.detail["state"] if last is not None else "",
            "conditions": found,
            "changed": sorted(key for key, state in found.items() if before.get(key) != state),
        },
    )
    return gate


def quality_gate_last(scope: Scope) -> AuditEvent | None:
    """Return the entry that says where the quality gate of a repository stands, None before the first; one query."""
    rows = AuditEvent.objects.filter(
        object_kind=KIND, object_id=str(scope.pk), action=ACTION, outcome=Outcome.DONE.value
    )
    return rows.order_by("-sequence").first()


def quality_gates_known() -> list[int]:
    """Return the scopes whose quality gate was ever noted; one query."""
    rows = AuditEvent.objects.filter(action=ACTION, object_kind=KIND).values_list("object_id", flat=True)
    return sorted(int(one) for one in rows.distinct())
