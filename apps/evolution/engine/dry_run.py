"""A plan held against a newer graph, in memory: which of its imports are still there, and what is left without them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.checks.types import ImportGraph
from apps.evolution.engine.graph import Cycle, analyse, pair, without

Status = Literal["ready", "done", "stale"]


@dataclass(frozen=True)
class StepResult:
    """Whether the import of a step is there, on which lines of which file."""

    importer: str
    imported: str
    exists: bool
    path: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class DryRun:
    """What a plan would do to today's code; ``left`` are the cycles that it would not remove."""

    steps: tuple[StepResult, ...]
    cycles_before: int
    cycles_after: int
    left: tuple[Cycle, ...]

    @property
    def status(self) -> Status:
        """Return ``ready``, ``done``, or ``stale`` when the code has moved on since the plan was made."""
        existing = sum(step.exists for step in self.steps)
        if self.cycles_after == 0 and existing == len(self.steps):
            return "ready"
        return "done" if self.cycles_after == 0 and existing == 0 else "stale"

    def as_json(self) -> dict[str, Any]:
        """Return the dry run as it is stored."""
        return {
            "steps": [
                {
                    "importer": step.importer,
                    "imported": step.imported,
                    "exists": step.exists,
                    "path": step.path,
                    "lines": list(step.lines),
                }
                for step in self.steps
            ],
            "cycles_before": self.cycles_before,
            "cycles_after": self.cycles_after,
            "cycles_left": [list(cycle) for cycle in self.left],
        }


def rehearse(graph: ImportGraph, steps: Sequence[Mapping[str, Any]], *, paths: Collection[str]) -> DryRun:
    """Return what the stored *steps* of a plan would do to *graph*, which was read from the files *paths*."""
    lines = {pair(edge): edge.lines for edge in graph.imports}
    wanted = [(step["importer"], step["imported"]) for step in steps]
    after = analyse(without(graph, set(wanted)))
    return DryRun(
        steps=tuple(
            StepResult(
                importer,
                imported,
                (importer, imported) in lines,
                _path(importer, paths),
                lines.get((importer, imported), ()),
            )
            for importer, imported in wanted
        ),
        cycles_before=len(analyse(graph).cycles),
        cycles_after=len(after.cycles),
        left=after.cycles,
    )


def _path(module: str, paths: Collection[str]) -> str:
    """Return the file of *module*, or nothing when it is gone."""
    stem = module.replace(".", "/")
    candidates = (f"{root}{stem}{end}" for root in ("", "src/") for end in ("/__init__.py", ".py"))
    return next((path for path in candidates if path in paths), "")
