"""What the pattern library says to other apps, and what it asks of them."""

from __future__ import annotations

from dataclasses import dataclass

from apps.knowledge.engine.antipatterns import AntiPatternFinding
from apps.knowledge.engine.policy import Package, PolicyFinding

__all__ = ["PROVIDER", "AntiPatternFinding", "Package", "PatternOutcome", "PolicyFinding"]

PROVIDER = "patterns"


@dataclass(frozen=True, slots=True)
class PatternOutcome:
    """
    What became of a pattern in the requests that people have decided.

    ``proposed`` is how often it was a candidate; of these ``approved`` and ``rejected`` were the one that people voted
    on, and the rest was not chosen.
    """

    model_id: str
    proposed: int
    approved: int
    rejected: int

    @property
    def passed_over(self) -> int:
        """How often another candidate was chosen."""
        return self.proposed - self.approved - self.rejected
