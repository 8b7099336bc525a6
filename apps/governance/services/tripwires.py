"""Read the tripwires of a rung, and suspend it where one tripped: no meeting, with what was read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.core.clock import now
from apps.governance.engine.figures import figure_told
from apps.governance.engine.tripwires import (
    Found,
    Tripwire,
    TripwireState,
    tripwire_data,
    tripwire_judge,
    tripwire_read,
)
from apps.governance.measures import Measure, MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import Rung, Scope, TripwireReading
from apps.governance.services.readings import reading_take
from apps.governance.services.suspensions import rung_suspend


@transaction.atomic
def tripwires_check(*, rung_id: UUID, only: str = "") -> list[TripwireReading]:
    """
    Read every tripwire of a rung, keep what was found, and suspend the rung when one tripped. Safe to repeat.

    With *only* those of that measure. A rung that is over is left alone. A measure that fails, that nobody registered,
    or whose newest observation is older than its freshness counts as tripped once it has done so for longer than the
    tripwire's grace; a figure without a value yet trips nothing.
    """
    rung = Rung.objects.select_for_update().get(pk=rung_id)
    moment = now()
    if rung.ended_at is not None or not rung.starts_at <= moment < rung.expires_at:
        return []
    places = _repositories(rung)
    known = {row.position: row for row in TripwireReading.objects.filter(rung=rung)}
    found = []
    for position, data in enumerate(rung.tripwires):
        wire = tripwire_read(data)
        if only and wire.measure != only:
            continue
        found.append((wire, _read(rung, position, wire, places, known.get(position), moment)))
    _suspend_where_tripped(rung, found)
    return [row for _, row in found]


def tripwires_check_measure(*, measure: str, scope: Scope) -> int:
    """Read the tripwires on *measure* of the rungs that open *scope*, at once; return how many rungs that were."""
    above = Q(scopes__organisation=scope.organisation_id, scopes__repository="")
    rungs = Rung.objects.filter(Q(scopes=scope) | above, ended_at__isnull=True, expires_at__gt=now()).distinct()
    checked = list(rungs.values_list("pk", flat=True))
    for rung_id in checked:
        tripwires_check(rung_id=rung_id, only=measure)
    return len(checked)


def _read(
    rung: Rung,
    position: int,
    wire: Tripwire,
    places: list[int],
    before: TripwireReading | None,
    moment: datetime,
) -> TripwireReading:
    measure = measure_find(wire.measure)
    reading, problem = _reading(measure, wire, places, moment)
    failing_since = None
    if problem:
        failing_since = before.failing_since if before is not None and before.failing_since else moment
    state = tripwire_judge(
        wire,
        Found(
            value=reading.value if reading else None,
            n=reading.n if reading else 0,
            problem=problem,
            failing_since=failing_since,
        ),
        moment,
    )
    row, _ = TripwireReading.objects.update_or_create(
        rung=rung,
        position=position,
        defaults={
            "state": state.value,
            "value": reading.value if reading else None,
            "n": reading.n if reading else 0,
            "low": reading.low if reading else None,
            "high": reading.high if reading else None,
            "as_of": reading.as_of if reading else None,
            "note": problem or (reading.missing if reading else ""),
            "failing_since": failing_since,
            "read_at": moment,
        },
    )
    return row


def _reading(
    measure: Measure | None, wire: Tripwire, places: list[int], moment: datetime
) -> tuple[Reading | None, str]:
    """Return what the measure says, and why it cannot be relied on ("" where it can)."""
    if measure is None:
        return None, f"Nothing here measures {wire.measure}."
    try:
        window = Window(moment - timedelta(days=wire.window_days), moment)
        reading = reading_take(lambda: measure.read(places, window))
    except MeasureUnavailable as error:
        return None, str(error)
    if reading.value is not None and reading.as_of is not None and moment - reading.as_of > measure.freshness:
        return reading, f"The newest observation of {measure.title} is too old."
    return reading, ""


def _suspend_where_tripped(rung: Rung, found: Iterable[tuple[Tripwire, TripwireReading]]) -> None:
    tripped = [(wire, row) for wire, row in found if row.state == TripwireState.TRIPPED]
    if not tripped:
        return
    rung_suspend(
        rung=rung,
        reason=" ".join(tripped_sentence(wire, row) for wire, row in tripped),
        reading={
            "tripped": [
                {
                    **tripwire_data(wire),
                    "value": row.value,
                    "n": row.n,
                    "low": row.low,
                    "high": row.high,
                    "as_of": row.as_of.isoformat() if row.as_of else None,
                    "read_at": row.read_at.isoformat(),
                    "note": row.note,
                }
                for wire, row in tripped
            ]
        },
    )


def tripped_sentence(wire: Tripwire, row: TripwireReading) -> str:
    """Return why *wire* tripped, with what was read."""
    measure = measure_find(wire.measure)
    title = measure.title if measure else wire.measure
    if row.failing_since is not None:
        return f"{title} could not be read for more than {wire.grace_hours} h: {row.note.rstrip('.')}."
    value, bound = figure_told(row.value, measure), figure_told(wire.bound, measure)
    return f"{title} is {value} (n {row.n}), {wire.trips.value} its bound of {bound}."


def _repositories(rung: Rung) -> list[int]:
    """Return the repositories that *rung* opens, those of a whole organisation included."""
    through = Rung.scopes.through.objects.filter(rung=rung)
    own = Q(pk__in=through.values("scope"))
    whole = Q(organisation__in=through.filter(scope__repository="").values("scope__organisation"))
    return list(Scope.objects.filter(own | whole).exclude(repository="").values_list("pk", flat=True))
