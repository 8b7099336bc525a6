"""The cheapest imports to give up so that no cycle is left, and the steps that do it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from apps.checks.types import ImportEdge, ImportGraph
from apps.evolution.engine.graph import Analysis, Cycle, dependants, pair, reachable

MigrationType = Literal["drop_reexport", "import_submodule", "invert_dependency"]
Risk = Literal["low", "medium", "high"]
_GOALS: Mapping[MigrationType, str] = {
    "drop_reexport": "Let {importer} no longer import its own part {imported}; its users import the part directly.",
    "import_submodule": "Let {importer} import what it needs from its neighbours, not from its package {imported}.",
    "invert_dependency": "Let {importer} work without {imported}: move what both need into a third module, "
    "or hand it over as an argument.",
}


@dataclass(frozen=True)
class Opportunity:
    """A cycle, and the cheapest imports found that hold it together."""

    modules: Cycle
    cut: tuple[ImportEdge, ...]

    @property
    def lines(self) -> int:
        """Return how many import lines the cut touches."""
        return sum(len(edge.lines) for edge in self.cut)

    def as_json(self) -> dict[str, Any]:
        """Return the opportunity as it is stored."""
        return {
            "kind": "import_cycle",
            "modules": list(self.modules),
            "cut": [
                {"importer": edge.importer, "imported": edge.imported, "lines": list(edge.lines)} for edge in self.cut
            ],
            "lines": self.lines,
        }


@dataclass(frozen=True)
class Step:
    """One import to give up. Each step stands for itself: it can be done, and undone, without the others."""

    goal: str
    importer: str
    imported: str
    lines: tuple[int, ...]
    migration_type: MigrationType
    risk: Risk
    exposure: float
    rollback: str
    estimate_hours: int

    def as_json(self) -> dict[str, Any]:
        """Return the step as it is stored."""
        return asdict(self) | {"lines": list(self.lines), "exposure": round(self.exposure, 4)}


def opportunities(analysis: Analysis) -> tuple[Opportunity, ...]:
    """Return one opportunity for each cycle, in the order of the cycles."""
    return tuple(Opportunity(cycle, cheapest_cut(analysis.graph, cycle)) for cycle in analysis.cycles)


def cheapest_cut(graph: ImportGraph, cycle: Cycle) -> tuple[ImportEdge, ...]:
    """
    Return imports without which the modules of *cycle* form none, sorted by name.

    The cheapest such set is hard to find (minimum feedback arc set). This is the greedy heuristic: take the imports
    from the most lines to the fewest, and keep each that closes no circle with those kept before. What is not kept
    is the cut. No import in it is superfluous, and none has more lines than any other of a circle that it closes.
    """
    members = set(cycle)
    inside = [
        edge
        for edge in graph.imports
        if edge.importer in members and edge.imported in members and edge.importer != edge.imported
    ]
    kept: dict[str, list[str]] = {name: [] for name in cycle}
    cut = []
    for edge in sorted(inside, key=lambda edge: (-len(edge.lines), pair(edge))):
        if edge.importer in reachable(kept, edge.imported):
            cut.append(edge)
        else:
            kept[edge.importer].append(edge.imported)
    return tuple(sorted(cut, key=pair))


def steps(analysis: Analysis, found: Sequence[Opportunity]) -> tuple[Step, ...]:
    """Return one step for each import to give up, the least exposed first."""
    made = [_step(analysis, edge) for opportunity in found for edge in opportunity.cut]
    return tuple(sorted(made, key=lambda step: (step.exposure, step.estimate_hours, step.importer, step.imported)))


def risk_score(made: Sequence[Step]) -> float:
    """Return the risk of all steps together: that of the most exposed."""
    return max((step.exposure for step in made), default=0.0)


def _step(analysis: Analysis, edge: ImportEdge) -> Step:
    kind = _migration_type(edge)
    exposure = _exposure(analysis.graph, edge)
    return Step(
        goal=_GOALS[kind].format(importer=edge.importer, imported=edge.imported),
        importer=edge.importer,
        imported=edge.imported,
        lines=edge.lines,
        migration_type=kind,
        risk=_risk(exposure),
        exposure=exposure,
        rollback="Revert the commit of this step; no other step builds on it.",
        estimate_hours=_hours(edge, kind),
    )


def _migration_type(edge: ImportEdge) -> MigrationType:
    if edge.imported.startswith(f"{edge.importer}."):
        return "drop_reexport"
    if edge.importer.startswith(f"{edge.imported}."):
        return "import_submodule"
    return "invert_dependency"


def _exposure(graph: ImportGraph, edge: ImportEdge) -> float:
    """Return the share of the other modules that depend on the importer, and so may notice."""
    others = len(graph.modules) - 1
    return len(dependants(graph, edge.importer)) / others if others else 0.0


def _risk(exposure: float) -> Risk:
    return "low" if exposure < 0.25 else "medium" if exposure < 0.5 else "high"


def _hours(edge: ImportEdge, kind: MigrationType) -> int:
    """Return a rule of thumb: an hour for review, and for each import line one hour, or half of one to aim it anew."""
    return 1 + math.ceil(len(edge.lines) * (1 if kind == "invert_dependency" else 0.5))
