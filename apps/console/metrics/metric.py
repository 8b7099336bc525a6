"""What a metric of the pages is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from apps.console.engine.goals import Goal
from apps.governance.measures import Measure, Reading, Window

ReadByOrigin = Callable[[Collection[int], Window, str], Reading]

ORIGINS = ("ai", "human", "mixed")
AUTOMATION, PRODUCTIVITY, INNOVATION, BUSINESS, GENERATED = (
    "Development automation",
    "Productivity",
    "Innovation",
    "Business value",
    "Generated code",
)
GROUPS = (AUTOMATION, PRODUCTIVITY, INNOVATION, BUSINESS, GENERATED)


@dataclass(frozen=True)
class Metric:
    """
    A measure on the pages. ``goal`` is None where nobody set one, ``goal_words`` is the goal as it was agreed.

    ``past`` says what a baseline of it is, "" where it is compared with none; ``unrecorded`` is a sentence on what the
    figure leaves out of that, "" where they count the same. With ``by_origin`` it is read for lines
    of one origin, too.
    """

    measure: Measure
    goal: Goal | None = None
    goal_words: str = ""
    past: str = ""
    unrecorded: str = ""
    by_origin: ReadByOrigin | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """The name of its measure."""
        return self.measure.key

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that it is sampled for; "" stands for all lines."""
        return ("", *ORIGINS) if self.by_origin else ("",)

    def read(self, scopes: Collection[int], window: Window, origin: str) -> Reading:
        """Return its reading for lines of *origin*."""
        return self.by_origin(scopes, window, origin) if self.by_origin else self.measure.read(scopes, window)
