"""A gate as its page shows it: the matrix with bars on one axis, seats, tally, and what the person may do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.clock import now
from apps.governance.engine.accounts import accounts_in, accounts_told
from apps.governance.engine.decisions import Verdict
from apps.governance.engine.figures import figure_told
from apps.governance.engine.gates import UNDECIDED, Comparison, GateState, State
from apps.governance.engine.permissions import Action
from apps.governance.measures import Measure, Shape, measure_find
from apps.governance.models import Ballot, Gate, GateReading, GateSeat, GateWaiver, Scope, User
from apps.governance.selectors import accounts_of, ballots_of, can, display_name
from apps.governance.selectors.gates import KIND
from apps.governance.selectors.names import accounts_named, names_of
from apps.governance.services.gates.access import definition_of
from apps.governance.services.gates.evidence import changed_rows, frozen_readings, gate_rows, reading_title
from apps.governance.services.gates.freezing import Line, lines_now, newest_readings, row_threshold

HISTORY = 12
# The bars of all shares stand on one axis of this many units.
AXIS = 200


@dataclass(frozen=True)
class Bar:
    """An interval on the axis from 0 to 100 %, from 0 to :data:`AXIS`, with threshold and passing side."""

    low: float
    width: float
    value: float
    threshold: float
    pass_from: float
    pass_width: float


@dataclass(frozen=True)
class MatrixRow:
    """One line of the matrix, with words for every figure."""

    key: str
    title: str
    threshold: str
    value: str
    n: int
    interval: str
    window: str
    as_of: datetime | None
    state: str
    sentence: str
    is_required: bool
    is_changed: bool
    bar: Bar | None
    reading: GateReading
    waiver: GateWaiver | None


def matrix_of(gate: Gate) -> list[MatrixRow]:
    """
    Return the lines of *gate*: what is frozen once the vote is open, else what was read last; five queries.

    While the vote is open a line is marked where the newest reading is not what was frozen.
    """
    definition = definition_of(gate)
    newest = newest_readings(gate)
    frozen = frozen_readings(gate)
    shown = sorted(frozen.values(), key=lambda one: one.position) if frozen else newest
    changed = set(changed_rows(newest, frozen))
    moment = now() if gate.state in UNDECIDED else (gate.closed_at or now())
    rows = []
    for line in lines_now(gate, moment, shown):
        criterion = definition.find(line.reading.criterion)
        if criterion is None:
            continue
        measure = measure_find(line.reading.measure)
        rows.append(
            MatrixRow(
                key=line.reading.key,
                title=reading_title(definition, line.reading),
                threshold=row_threshold(line, gate),
                value=figure_told(line.reading.value, measure),
                n=line.reading.n,
                interval=_interval(line, measure),
                window=f"{criterion.window_days} d",
                as_of=line.reading.as_of,
                state=line.state.value,
                sentence=line.judged.sentence,
                is_required=line.is_required,
                is_changed=line.reading.key in changed,
                bar=_bar(line, measure, criterion.comparison, criterion.threshold),
                reading=line.reading,
                waiver=line.waiver,
            )
        )
    return rows


def _interval(line: Line, measure: Measure | None) -> str:
    low, high = line.judged.low, line.judged.high
    if low is None or high is None or measure is None or measure.shape is not Shape.RATE:
        return "–"
    return f"{figure_told(low, measure).removesuffix(' %')}–{figure_told(high, measure)}"


def _bar(line: Line, measure: Measure | None, comparison: Comparison, threshold: float) -> Bar | None:
    value, low, high = line.reading.value, line.judged.low, line.judged.high
    is_share = measure is not None and (measure.shape is Shape.RATE or measure.unit == "%")
    if not is_share or value is None or low is None or high is None:
        return None
    tick = _at(threshold)
    is_above = comparison is Comparison.AT_LEAST
    return Bar(
        low=_at(low),
        width=max(1.0, _at(high) - _at(low)),
        value=_at(value),
        threshold=tick,
        pass_from=tick if is_above else 0.0,
        pass_width=AXIS - tick if is_above else tick,
    )


def _at(share: float) -> float:
    return round(min(1.0, max(0.0, share)) * AXIS, 1)


def history_of(gate: Gate, key: str) -> list[GateReading]:
    """Return the newest readings of one line, newest first; one query."""
    return list(GateReading.objects.filter(gate=gate, key=key).order_by("-batch")[:HISTORY])


@dataclass(frozen=True)
class SeatRow:
    """A seat as people see it: who sits there, who is present, and, once the vote is closed, what they said."""

    title: str
    has_veto: bool
    holders: tuple[str, ...]
    alternates: tuple[str, ...]
    present_at: datetime | None
    state: str
    word: str
    said: Mapping[str, Any] | None
    flags: tuple[str, ...]


def seat_rows(gate: Gate) -> list[SeatRow]:
    """Return the seats of *gate*; three queries. What a ballot says is left out while the vote is open."""
    seated: dict[str, list[GateSeat]] = defaultdict(list)
    for row in GateSeat.objects.filter(gate=gate).select_related("user").order_by("is_alternate", "id"):
        seated[row.seat].append(row)
    ballots = {one.voter_id: one for one in ballots_of(KIND, gate.pk) if one.voided_at is None}
    freeze = gate.freezes.order_by("-number").values_list("content", flat=True).first()
    shares = {one["user"]: one for one in (freeze or {}).get("authored", [])}
    said = {one["seat"]: one for one in decided_of(gate).get("ballots", []) if one["choice"] != "recuse"}
    return [
        _seat_row(seat.title, seat.has_veto, seated[seat.key], ballots, shares, said.get(seat.title), gate)
        for seat in definition_of(gate).seats
    ]


def _seat_row(
    title: str,
    has_veto: bool,
    rows: Sequence[GateSeat],
    ballots: Mapping[int, Ballot],
    shares: Mapping[int, Mapping[str, Any]],
    said: Mapping[str, Any] | None,
    gate: Gate,
) -> SeatRow:
    spoken = [ballots[row.user_id] for row in rows if row.user_id in ballots]
    aside = [one for one in spoken if one.verdict == Verdict.RECUSE.value]
    if len(spoken) > len(aside):
        state, word = ("met", "voted") if said is None else _CHOICES[said["choice"]]
    elif aside:
        state, word = "waived", "stepped aside"
    elif not rows:
        state, word = "insufficient_data", "vacant"
    else:
        state, word = ("queued", "has not voted") if gate.state != GateState.DRAFT else ("draft", "seated")
    return SeatRow(
        title=title,
        has_veto=has_veto,
        holders=tuple(display_name(row.user) for row in rows if not row.is_alternate),
        alternates=tuple(display_name(row.user) for row in rows if row.is_alternate),
        present_at=min((row.present_at for row in rows if row.present_at), default=None),
        state=state,
        word=word,
        said=said,
        flags=tuple(
            f"{display_name(row.user)} wrote {shares[row.user_id]['share']:.0%} of the sample; stepping aside is "
            "expected"
            for row in rows
            if row.user_id in shares
        ),
    )


_CHOICES = {
    "approve": ("met", "approves"),
    "approve_with_conditions": ("met", "approves with conditions"),
    "reject": ("not_met", "rejects"),
    "abstain": ("insufficient_data", "abstains"),
}


def decided_of(gate: Gate) -> dict[str, Any]:
    """
    Return what the decision says, with the names that people have now; empty before there is one. One query.

    Decisions from before accounts were kept by number hold names as well; those of conditions are all that they have.
    """
    decision = getattr(gate, "decision", None)
    if decision is None:
        return {}
    content = decision.content
    reasons = content.get("reasons", [])
    names = names_of({one["voter"] for one in content.get("ballots", [])} | accounts_in(" ".join(reasons)))

    def named(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**one, "name": names.get(one.get("voter", 0), one.get("name", ""))} for one in rows]

    told = {part: named(content.get(part, [])) for part in ("ballots", "dissent", "conditions")}
    return {**content, **told, "reasons": [accounts_told(reason, names) for reason in reasons]}


@dataclass(frozen=True)
class May:
    """What one person may do on the page of a gate."""

    manage: bool
    open: bool
    vote: bool
    waive: bool
    withdraw: bool
    refresh: bool
    seat: str = ""
    ballot: Ballot | None = None


def may_of(gate: Gate, user: User, rows: Sequence[MatrixRow]) -> May:
    """Return what *user* may do with *gate* now; seven queries at most. The services check it again."""
    is_undecided = gate.state in UNDECIDED
    manages = is_undecided and can(user, Action.GATE_MANAGE, gate.scope)
    edits = is_undecided and can(user, Action.THRESHOLD_EDIT, gate.scope)
    accounts = accounts_of(user)
    asked = gate.requested_by_id in accounts
    seat = GateSeat.objects.filter(gate=gate, user=user).first() if is_undecided else None
    ballot = ballots_of(KIND, gate.pk).filter(voter__in=accounts, voided_at__isnull=True).first()
    is_open = gate.state == GateState.VOTING and not gate.evidence_changed
    return May(
        manage=manages,
        open=manages and gate.state == GateState.DRAFT and bool(rows) and not any(_blocks(row) for row in rows),
        vote=seat is not None and ballot is None and is_open,
        waive=edits and not asked,
        withdraw=manages or (asked and is_undecided),
        refresh=may_refresh(gate, user),
        seat=seat.seat if seat else "",
        ballot=ballot,
    )


def may_refresh(gate: Gate, user: User) -> bool:
    """Return whether *user* may have the evidence read: who asked, sits on it, manages or edits thresholds."""
    if gate.state not in UNDECIDED:
        return False
    is_seated = GateSeat.objects.filter(gate=gate, user=user).exists()
    edits = can(user, Action.GATE_MANAGE, gate.scope) or can(user, Action.THRESHOLD_EDIT, gate.scope)
    return gate.requested_by_id in accounts_of(user) or is_seated or edits


def _blocks(row: MatrixRow) -> bool:
    is_passing = row.state in {State.MET.value, State.WAIVED.value}
    return row.state in {State.ERROR.value, State.STALE.value} or (row.is_required and not is_passing)


def places_named(keys: Sequence[int]) -> list[str]:
    """Return the repositories with these keys by name; one query."""
    return sorted(str(one) for one in Scope.objects.filter(pk__in=keys).select_related("organisation"))


def row_titles(gate: Gate) -> dict[str, str]:
    """Return what the lines of the matrix of *gate* are called, by key; one query."""
    names = dict(Scope.objects.filter(pk__in=gate.flagships).values_list("pk", "repository"))
    return {
        row.key: f"{row.criterion.title}, {names[row.place_id]}" if row.place_id in names else row.criterion.title
        for row in gate_rows(gate)
    }


@dataclass(frozen=True)
class Moment:
    """Something that happened to a gate."""

    at: datetime
    what: str
    who: str = ""
    note: str = ""


def timeline_of(gate: Gate) -> list[Moment]:
    """Return what happened to *gate*, oldest first; four queries."""
    found = [Moment(gate.requested_at, "Asked for", display_name(gate.requested_by))]
    for freeze in gate.freezes.select_related("frozen_by").order_by("number"):
        what = "Vote opened" if freeze.number == 1 else f"Evidence frozen anew ({freeze.number})"
        found.append(Moment(freeze.frozen_at, what, display_name(freeze.frozen_by), freeze.reason))
    waivers = GateWaiver.objects.filter(gate=gate, confirmed_at__isnull=False).select_related("confirmed_by")
    titles = row_titles(gate)
    for waiver in waivers:
        if waiver.confirmed_at and waiver.confirmed_by:
            who = display_name(waiver.confirmed_by)
            found.append(
                Moment(waiver.confirmed_at, f"Waived: {titles.get(waiver.key, waiver.key)}", who, waiver.reason)
            )
    if gate.closed_at is not None:
        who = display_name(gate.closed_by) if gate.closed_by else ""
        note = gate.close_reason
        if gate.state != GateState.WITHDRAWN:
            note = accounts_named([note])(note)
        found.append(Moment(gate.closed_at, gate.get_state_display(), who, note))
    return sorted(found, key=lambda one: one.at)
