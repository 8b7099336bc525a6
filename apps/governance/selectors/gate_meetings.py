"""A gate as a meeting goes through it: an agenda, one item at a time, and nothing of what ballots say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from apps.core.clock import now
from apps.core.states import state_of
from apps.governance.engine.gates import gate_policy, silent_seats
from apps.governance.models import Gate
from apps.governance.selectors import ballots_of, human_ballots, roster_of
from apps.governance.selectors.gate_pages import MatrixRow, SeatRow
from apps.governance.selectors.gates import KIND
from apps.governance.services.gates.access import definition_of, subject_of
from apps.governance.services.gates.requests import seats_of


@dataclass(frozen=True)
class Item:
    """One item of the agenda. ``kind`` is seats, criterion, scope, vote or minutes; a criterion has its row."""

    key: str
    kind: str
    title: str
    url: str
    row: MatrixRow | None = None


@dataclass(frozen=True)
class Meeting:
    """The item that is up, what is before and after it, and since how many minutes people meet."""

    items: tuple[Item, ...]
    at: int
    minutes: int

    @property
    def item(self) -> Item:
        """The item that is up."""
        return self.items[self.at]

    @property
    def before(self) -> Item | None:
        """The item before it, if any."""
        return self.items[self.at - 1] if self.at else None

    @property
    def after(self) -> Item | None:
        """The item after it, if any."""
        return self.items[self.at + 1] if self.at + 1 < len(self.items) else None


def meeting_of(rows: Sequence[MatrixRow], *, wanted: str, since: str) -> Meeting:
    """
    Return the meeting at the item called *wanted*, the first one where there is none. No query.

    *since* is when it began, in seconds since 1970, as the address carries it; anything else begins it now.
    """
    moment = int(now().timestamp())
    began = int(since) if since.isdecimal() and len(since) < 12 and int(since) <= moment else moment

    def item(key: str, kind: str, title: str, row: MatrixRow | None = None) -> Item:
        return Item(key, kind, title, "?" + urlencode({"meeting": 1, "at": key, "since": began}), row)

    items = (
        item("seats", "seats", "Who is there"),
        *(item(f"criterion-{row.key}", "criterion", row.title, row) for row in rows),
        item("scope", "scope", "What would open"),
        item("vote", "vote", "The vote"),
        item("minutes", "minutes", "Minutes"),
    )
    at = next((at for at, one in enumerate(items) if one.key == wanted), 0)
    return Meeting(items, at, (moment - began) // 60)


def seats_silent(gate: Gate) -> list[str]:
    """Return the seats from which somebody could still vote and nobody has: those that a close waits for."""
    policy = gate_policy(definition_of(gate), seats_of(gate))
    ballots = human_ballots(ballots_of(KIND, gate.pk))
    return [seat.name for seat in silent_seats(policy, roster_of(gate.scope), subject_of(gate), ballots)]


def minutes_draft(gate: Gate, rows: Sequence[MatrixRow], seats: Sequence[SeatRow]) -> str:
    """
    Return minutes that say which seats were there and what each criterion is, for the chair to go on from. No query.

    They name nobody: who sits where is kept by number beside them, and the minutes are kept for ever.
    """
    there = [seat.title for seat in seats if seat.present_at]
    missing = [seat.title for seat in seats if not seat.present_at]
    lines = [
        f"Meeting on “{gate.title}”, {_day(now())}.",
        f"Present: {', '.join(there) or 'nobody said so'}.",
    ]
    if missing:
        lines.append(f"Not present: {', '.join(missing)}.")
    lines += [f"{row.title}: {row.value} (n {row.n}), asks for {row.threshold}: {_word(row)}." for row in rows]
    return "\n".join(lines)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _word(row: MatrixRow) -> str:
    return state_of(row.state).word
