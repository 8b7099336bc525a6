"""What is told of the lives of lines: curves by origin, at whole weeks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.repositories.engine.lineage import Origin
from apps.repositories.engine.survival import Life, kaplan_meier, survival_at

WEEKS_SHOWN = 52
SAME_FILES = "human_same_files"


class Seen(NamedTuple):
    """Lines of one origin in a file: how many days they were seen, and whether they ended then."""

    path: str
    origin: Origin
    days: float
    is_ended: bool
    lines: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A survival curve at whole weeks, with the lines that it rests on and the longest time that one was seen."""

    lines: int
    ended: int
    longest_days: float
    weeks: tuple[tuple[int, float, float, float, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored; a week is [days, survival, low, high, lines at risk]."""
        return {
            "lines": self.lines,
            "ended": self.ended,
            "longest_days": round(self.longest_days, 2),
            "weeks": [list(week) for week in self.weeks],
        }


def curves(seen: Iterable[Seen]) -> dict[str, Curve]:
    """Return the curve of each origin, and of people's lines in the files that have or had a candidate's."""
    rows = list(seen)
    touched = {row.path for row in rows if row.origin is Origin.AI}
    groups: Mapping[str, list[Seen]] = {
        **{origin.value: [row for row in rows if row.origin is origin] for origin in Origin},
        SAME_FILES: [row for row in rows if row.origin is Origin.HUMAN and row.path in touched],
    }
    return {name: _curve(group) for name, group in groups.items() if group}


def _curve(group: list[Seen]) -> Curve:
    lives = [Life(row.days, row.is_ended, row.lines) for row in group]
    steps = kaplan_meier(lives)
    longest = max(life.days for life in lives)
    weeks = []
    for days in range(0, min(int(longest), WEEKS_SHOWN * 7) + 1, 7):
        step = survival_at(steps, days)
        at_risk = sum(life.lines for life in lives if life.days >= days)
        weeks.append((days, *((step.survival, step.low, step.high) if step else (1.0, 1.0, 1.0)), at_risk))
    return Curve(
        lines=sum(life.lines for life in lives),
        ended=sum(life.lines for life in lives if life.is_ended),
        longest_days=longest,
        weeks=tuple(weeks),
    )
