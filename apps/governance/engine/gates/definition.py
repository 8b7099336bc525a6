"""
What a gate asks for, as data: its criteria, its waivers, its seats.

The content is plain JSON, so that its SHA-256 says exactly which definition a gate is held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from apps.governance.engine.decisions import Policy, Seat
from apps.governance.engine.gates.criteria import Comparison, Criterion, impossible
from apps.governance.engine.permissions import Action
from apps.governance.measures import Shape

MOST_CRITERIA = 40
# No account has this key: a seat that it holds stays empty.
NOBODY = 0


@dataclass(frozen=True)
class CommitteeSeat:
    """One seat of the committee: ``key`` names it in the tables, whoever sits on it may have a veto."""

    key: str
    title: str
    has_veto: bool = False


SEATS = (
    CommitteeSeat("chair", "Chair"),
    CommitteeSeat("engineering", "Engineering"),
    CommitteeSeat("security", "Security", has_veto=True),
    CommitteeSeat("quality", "Quality"),
    CommitteeSeat("legal", "Legal and privacy"),
    CommitteeSeat("independent", "Independent member"),
)


def _is_guarded(seats: Sequence[CommitteeSeat]) -> bool:
    """Return whether each of *seats* is there once, and security with its veto."""
    keys = [seat.key for seat in seats]
    return len(set(keys)) == len(keys) and any(seat.key == "security" and seat.has_veto for seat in seats)


@dataclass(frozen=True)
class GateDefinition:
    """
    The criteria of a gate and how its committee decides.

    ``needed`` of the seats must approve and ``quorum`` be present. At most ``most_waivers`` criteria are waived.
    Whoever wrote more than ``authored_share`` of what the evidence counts is flagged for stepping aside. The vote lasts
    ``vote_days`` at most.
    """

    name: str
    title: str
    purpose: str
    criteria: tuple[Criterion, ...]
    seats: tuple[CommitteeSeat, ...] = SEATS
    needed: int = 4
    quorum: int = 4
    most_waivers: int = 2
    authored_share: float = 0.25
    vote_days: int = 14

    def __post_init__(self) -> None:
        if not 1 <= len(self.criteria) <= MOST_CRITERIA:
            raise ValueError(f"A gate has between 1 and {MOST_CRITERIA} criteria.")
        if not any(one.is_required for one in self.criteria):
            raise ValueError("A gate that requires nothing is none: at least one criterion has to be met.")
        keys = [one.key for one in self.criteria]
        if len(set(keys)) != len(keys):
            raise ValueError("Each criterion has a name of its own.")
        if not {seat.key for seat in SEATS} <= {seat.key for seat in self.seats} or not _is_guarded(self.seats):
            raise ValueError(
                "A committee has a chair, engineering, security with its veto, quality, legal, an independent member."
            )
        if not 1 <= self.needed <= len(self.seats) or not 0 <= self.quorum <= len(self.seats):
            raise ValueError(
                f"Of {len(self.seats)} seats between 1 and {len(self.seats)} approve, and no more are present."
            )
        if self.needed * 2 <= len(self.seats):
            raise ValueError("A gate is decided by more than half of its seats.")
        if self.most_waivers < 0 or not 0 < self.authored_share <= 1 or self.vote_days < 1:
            raise ValueError(
                "Waivers are counted from 0, a share lies between 0 and 1, and a vote lasts a day at least."
            )
        if self.most_waivers >= sum(one.is_required for one in self.criteria):
            raise ValueError("Not every criterion that is required can be waived.")

    def find(self, key: str) -> Criterion | None:
        """Return the criterion called *key*, if any."""
        return next((one for one in self.criteria if one.key == key), None)


def definition_content(definition: GateDefinition) -> dict[str, Any]:
    """Return *definition* as JSON data; ``definition_read`` makes the same definition of it."""
    content = asdict(definition)
    content["seats"] = [asdict(seat) for seat in definition.seats]
    content["criteria"] = [
        {**asdict(one), "comparison": one.comparison.value, "counted": list(one.counted), "good": list(one.good)}
        for one in definition.criteria
    ]
    return content


def definition_read(content: Mapping[str, Any]) -> GateDefinition:
    """
    Return the definition that *content* describes.

    :raises ValueError: it contradicts itself, with a sentence about how.
    """
    seats = tuple(CommitteeSeat(**seat) for seat in content["seats"])
    criteria = tuple(
        Criterion(
            **{
                **one,
                "comparison": Comparison(one["comparison"]),
                "counted": _pair(one["counted"]),
                "good": _pair(one["good"]),
            }
        )
        for one in content["criteria"]
    )
    return GateDefinition(**{**content, "seats": seats, "criteria": criteria})


def _pair(words: Any) -> tuple[str, str]:
    one, many = words
    return str(one), str(many)


def definition_problem(definition: GateDefinition, shapes: Mapping[str, Shape]) -> str:
    """Return why *definition* could never be met, given the *shapes* of the known measures; empty when it could."""
    for criterion in definition.criteria:
        shape = shapes.get(criterion.measure)
        problem = impossible(criterion, shape) if shape is not None else ""
        if problem:
            return problem
    return ""


@dataclass(frozen=True)
class Seated:
    """Who sits on one seat of a gate: the key of the seat, its holders and those who stand in for them."""

    key: str
    holders: frozenset[int] = frozenset()
    alternates: frozenset[int] = frozenset()


def gate_policy(definition: GateDefinition, seated: Mapping[str, Seated]) -> Policy:
    """Return the rule of the vote: seats, who holds them, and the veto. A seat that nobody holds stays empty."""
    empty = Seated("")
    return Policy(
        name=definition.title,
        seats=tuple(
            Seat(
                name=seat.title,
                holders=seated.get(seat.key, empty).holders or frozenset({NOBODY}),
                alternates=seated.get(seat.key, empty).alternates,
                has_veto=seat.has_veto,
            )
            for seat in definition.seats
        ),
        needed=definition.needed,
        quorum=definition.quorum,
        votes=Action.GATE_VOTE,
        blocks=None,
    )


def vote_length(definition: GateDefinition) -> timedelta:
    """Return how long a vote lasts at most."""
    return timedelta(days=definition.vote_days)
