"""Read the evidence of a gate: every criterion from its measure. Outside the web request, by a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.core.clock import now
from apps.core.errors import Conflict, NotFound
from apps.governance.engine.gates import UNDECIDED, Criterion, GateDefinition, GateState, judge
from apps.governance.measures import MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import Gate, GateEvidence, GateReading, User
from apps.governance.services.audit import audit_record
from apps.governance.services.ballots import ballots_void
from apps.governance.services.gates.access import KIND, definition_of, denial_of, gate_locked, require_state
from apps.governance.services.readings import reading_take

# Before the vote evidence is read this often by itself; what is frozen is read again by people.
EVIDENCE_EVERY = timedelta(hours=6)
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Row:
    """One line of the matrix: a criterion, for all of the sample or for one flagship."""

    key: str
    criterion: Criterion
    scopes: tuple[int, ...]
    place_id: int | None = None


def gates_unread(moment: datetime) -> list[UUID]:
    """Return the gates before their vote whose evidence is due by *moment* and that no job reads; one query."""
    waiting = Gate.objects.filter(state=GateState.DRAFT.value, refresh_job=None, expires_at__gt=moment)
    due = waiting.filter(Q(evidence_read_at=None) | Q(evidence_read_at__lte=moment - EVIDENCE_EVERY))
    return list(due.order_by("requested_at", "id").values_list("pk", flat=True)[:MOST_AT_ONCE])


def evidence_next(gate: Gate, moment: datetime) -> datetime | None:
    """Return when the evidence of *gate* is read again by itself; None where nothing but a person has it read."""
    if gate.state != GateState.DRAFT or gate.expires_at <= moment:
        return None
    return max(moment, gate.evidence_read_at + EVIDENCE_EVERY) if gate.evidence_read_at else moment


def gate_rows(gate: Gate) -> list[Row]:
    """Return the lines of the matrix of *gate*, in the order of its definition."""
    rows: list[Row] = []
    for criterion in definition_of(gate).criteria:
        if criterion.per_flagship:
            rows += [Row(f"{criterion.key}:{one}", criterion, (one,), one) for one in gate.flagships]
        else:
            rows.append(Row(criterion.key, criterion, tuple(gate.sample)))
    return rows


def evidence_asked(*, gate_id: UUID, job_id: UUID) -> None:
    """Remember which job reads the evidence now, so that the page follows it; None ends that."""
    Gate.objects.filter(pk=gate_id, state__in=UNDECIDED).update(refresh_job=job_id)


def evidence_done(*, gate_id: UUID, job_id: UUID) -> None:
    """Forget the job, however it ended."""
    Gate.objects.filter(pk=gate_id, refresh_job=job_id).update(refresh_job=None)


def evidence_read(*, gate_id: UUID, asked_by: User | None) -> Gate:
    """
    Read every criterion and keep what was read as the next batch; a source that fails is kept as an error.

    While the vote is open the frozen windows are read again: where a figure is not what was frozen, the ballots are
    void, the page says which rows changed, and the chair has to freeze anew. Reading twice only adds a batch.

    :raises NotFound: there is no such gate.
    :raises GateClosed: it was decided or withdrawn.
    :raises Conflict: somebody froze or decided it meanwhile.
    """
    gate = Gate.objects.filter(pk=gate_id).first()
    if gate is None:
        raise NotFound("There is no such gate.")
    require_state(gate, *UNDECIDED, denial=denial_of("gate.evidence", gate))
    frozen = frozen_readings(gate)
    moment = now()
    read = [_read(gate, at, row, frozen.get(row.key), moment) for at, row in enumerate(gate_rows(gate))]
    return _keep(gate, read, frozen, asked_by, moment)


def frozen_readings(gate: Gate) -> dict[str, GateReading]:
    """Return what is frozen now, by the key of the row; one query."""
    if not gate.freeze_number:
        return {}
    rows = GateEvidence.objects.filter(freeze__gate=gate, freeze__number=gate.freeze_number).select_related("reading")
    return {row.reading.key: row.reading for row in rows}


def reading_of(kept: GateReading) -> Reading | None:
    """Return *kept* as the engine reads it; None where the source had failed."""
    if kept.error:
        return None
    missing = kept.missing or ("" if kept.value is not None else "Nothing was read.")
    return Reading(kept.value, kept.n, kept.low, kept.high, kept.as_of, missing=missing)


def _read(gate: Gate, position: int, row: Row, frozen: GateReading | None, moment: datetime) -> GateReading:
    measure = measure_find(row.criterion.measure)
    window = (
        Window(frozen.window_start, frozen.window_end)
        if frozen is not None
        else Window(moment - row.criterion.window, moment)
    )
    reading, error = None, ""
    if measure is not None:
        try:
            reading = reading_take(lambda: measure.read(row.scopes, window))
        except MeasureUnavailable as failure:
            error = str(failure)
    judged = judge(row.criterion, measure, reading, error=error, now=moment)
    figures = reading or Reading(None, missing=judged.sentence)
    return GateReading(
        gate=gate,
        position=position,
        key=row.key,
        criterion=row.criterion.key,
        place_id=row.place_id,
        measure=row.criterion.measure,
        measure_version=measure.version if measure else 0,
        definition=measure.definition if measure else "",
        window_start=window.start,
        window_end=window.end,
        value=_storable(figures.value),
        n=figures.n,
        low=_storable(judged.low),
        high=_storable(judged.high),
        as_of=figures.as_of,
        missing="" if reading is None else figures.missing,
        error=judged.sentence if judged.state == "error" else "",
        sources=[{"title": source.title, "url": source.url} for source in figures.sources],
        state=judged.state.value,
        sentence=judged.sentence,
    )


def _storable(figure: float | None) -> float | None:
    """Leave out what is no number: JSON and digests have no word for it, and the row says what was wrong."""
    return figure if figure is not None and abs(figure) < float("inf") else None


@transaction.atomic
def _keep(
    gate: Gate,
    read: Sequence[GateReading],
    frozen: dict[str, GateReading],
    asked_by: User | None,
    moment: datetime,
) -> Gate:
    seen = (gate.state, gate.freeze_number)
    locked = gate_locked(gate.pk)
    if (locked.state, locked.freeze_number) != seen:
        raise Conflict("The gate was frozen or decided while its evidence was read.", remedy="Refresh it again.")
    locked.evidence_batch += 1
    locked.evidence_read_at = moment
    for one in read:
        one.batch = locked.evidence_batch
    GateReading.objects.bulk_create(read)
    changed = changed_rows(read, frozen)
    if changed and not locked.evidence_changed:
        definition = definition_of(locked)
        titles = [title for one in read if one.key in changed and (title := reading_title(definition, one))]
        locked.evidence_changed = f"Changed since the vote opened: {', '.join(titles)}."
    locked.save(update_fields=["evidence_batch", "evidence_read_at", "evidence_changed"])
    if changed:
        reason = "The evidence changed after the vote opened; the chair freezes it anew."
        ballots_void(subject_kind=KIND, subject_id=gate.pk, new_digest="", reason=reason)
    states = [one.state for one in read]
    audit_record(
        action="gate.evidence",
        object_kind=KIND,
        object_id=gate.pk,
        actor=asked_by,
        scope=locked.scope,
        before_digest=locked.digest,
        reason=locked.evidence_changed,
        detail={"batch": locked.evidence_batch, "changed": changed, **{one: states.count(one) for one in set(states)}},
    )
    return locked


def reading_title(definition: GateDefinition, reading: GateReading) -> str:
    """Return what a row is called: its criterion, and the flagship that it is about; "" where it is asked no more."""
    criterion = definition.find(reading.criterion)
    if criterion is None:
        return ""
    return f"{criterion.title}, {reading.place.repository}" if reading.place else criterion.title


def changed_rows(read: Iterable[GateReading], frozen: dict[str, GateReading]) -> list[str]:
    """Return the keys of the rows whose figures are not what was frozen; a source that fails now changed nothing."""
    return [
        one.key for one in read if one.key in frozen and not one.error and _figures(one) != _figures(frozen[one.key])
    ]


def _figures(one: GateReading) -> tuple[object, ...]:
    return (one.value, one.n, one.low, one.high, one.missing, one.measure_version, one.sources)
