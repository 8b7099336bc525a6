"""What a benchmark prints: a measured value, the goal it has to keep, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value; ``goal`` is a bound that it keeps from the side that ``at_least`` says."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    how: str = ""
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the goal is met; a value without one is only told."""
        return self.goal is None or (self.value >= self.goal if self.at_least else self.value <= self.goal)

    def line(self) -> str:
        """Return the figure as one line of a table."""
        goal = "" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:g}"
        verdict = "" if self.goal is None else ("ok" if self.is_kept else "MISSED")
        return f"{self.name:<52} {self.value:>9.2f} {self.unit:<8} {goal:<8} {verdict:<7} {self.how}".rstrip()
