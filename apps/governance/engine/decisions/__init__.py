"""
What a set of human ballots means under a policy.

``decide`` is the only place where an approval is computed; docs/governance.md says how. Models have a tally type of
their own, which nothing here accepts.
"""

from apps.governance.engine.decisions.model import (
    DEFAULT_POLICIES,
    PASSING,
    Decision,
    DecisionState,
    FilledSeat,
    HumanBallot,
    Member,
    ModelTally,
    Policy,
    Roster,
    Seat,
    Subject,
    Verdict,
)
from apps.governance.engine.decisions.rule import decide
from apps.governance.engine.decisions.seating import Seating, approvers, is_satisfiable, shortfall

__all__ = [
    "DEFAULT_POLICIES",
    "PASSING",
    "Decision",
    "DecisionState",
    "FilledSeat",
    "HumanBallot",
    "Member",
    "ModelTally",
    "Policy",
    "Roster",
    "Seat",
    "Seating",
    "Subject",
    "Verdict",
    "approvers",
    "decide",
    "is_satisfiable",
    "shortfall",
]
