"""What the pattern library says to other apps, and what it asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.knowledge.engine.antipatterns import AntiPatternFinding
from apps.knowledge.engine.policy import Package, PolicyFinding, RuleKind

__all__ = [
    "MINE_JOB",
    "PROVIDER",
    "AntiPatternFinding",
    "ApprovedWork",
    "Package",
    "PastCandidate",
    "PatternOutcome",
    "PolicyFinding",
]

PROVIDER = "patterns"
MINE_JOB = "knowledge.mine"


@dataclass(frozen=True, slots=True)
class ApprovedWork:
    """A file that people approved: where it was to stand, its text, and the request that it was written for."""

    path: str
    text: str
    request_id: UUID


@dataclass(frozen=True, slots=True)
class PastCandidate:
    """
    A candidate of the past under other rules: those that it does not keep, each with what it is about.

    ``is_unread`` says that nobody knows whether it keeps rules on patterns, which refuses it; ``is_lost`` that the
    commit that it was written for cannot be read any more.
    """

    id: str
    findings: tuple[tuple[RuleKind, str], ...] = ()
    is_unread: bool = False
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class PatternOutcome:
    """
    What became of a pattern in the requests that people have decided.

    ``proposed`` is in how many candidates it stood: ``provided`` by the library itself, ``shown`` to a model that wrote
    it, or neither. Of these ``approved`` and ``rejected`` were the one that people voted on, and the rest was not
    chosen; ``reverted`` are those of the approved that were merged and taken back.
    """

    pattern: str
    proposed: int
    approved: int
    rejected: int
    reverted: int = 0
    provided: int = 0
    shown: int = 0

    @property
    def chosen(self) -> int:
        """How often people voted on it."""
        return self.approved + self.rejected

    @property
    def passed_over(self) -> int:
        """How often another candidate was chosen."""
        return self.proposed - self.chosen

    @property
    def unprompted(self) -> int:
        """How often a model wrote it without being shown it."""
        return self.proposed - self.provided - self.shown
