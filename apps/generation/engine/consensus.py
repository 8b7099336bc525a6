"""Choose among candidates by what they do, never by a majority of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Expected, Outcome

NOTHING_COMPARED = "No behaviour could be compared."


class InputOrigin(StrEnum):
    """Who wrote an input; a person's example outranks everything else."""

    EXAMPLE = "example"
    GENERATED_TEST = "generated_test"
    FUZZ = "fuzz"


@dataclass(frozen=True, slots=True)
class PoolInput:
    """An input that every candidate was run on; ``weight`` scales its say among inputs of its origin."""

    call: CallInput
    origin: InputOrigin
    expected: Expected | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """
    A candidate in the pool.

    ``outcomes`` has one outcome for each input, in the same order. ``prior`` (0..1) is the quality expected before
    anything ran; ``weight`` (> 0) is how much its author's vote counts.
    """

    id: str
    model_id: str
    normalised_digest: str
    outcomes: tuple[Outcome, ...]
    prior: float = 0.5
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Candidates that nobody could tell apart on the inputs; ``share`` (0..1) is their part of the weighted vote."""

    label: str
    members: tuple[str, ...]
    share: float
    examples_passed: int
    examples_total: int


@dataclass(frozen=True, slots=True)
class ClusterOutput:
    """What one cluster did on the distinguishing input."""

    label: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Distinguishing:
    """The smallest observed input on which the two leading clusters differ, with what each cluster did."""

    input: PoolInput
    index: int
    outputs: tuple[ClusterOutput, ...]


@dataclass(frozen=True, slots=True)
class Consensus:
    """
    The choice and why.

    ``selected`` is None only for an empty pool. ``score`` (0..1) rates the evidence behind it. ``selectors`` maps
    the name of each selector to its choice: "consensus", "unweighted", "baseline" and "text_majority".
    """

    selected: str | None
    score: float
    clusters: tuple[Cluster, ...]
    distinguishing: Distinguishing | None
    unweighted_selected: str | None
    baseline_selected: str | None
    reasons: tuple[str, ...]
    selectors: Mapping[str, str | None] = field(default_factory=dict)


def decide_consensus(candidates: Sequence[PoolEntry], inputs: Sequence[PoolInput]) -> Consensus:
    """Choose one candidate; deterministic, and the same whatever the order of *candidates*."""
    raise NotImplementedError
