"""The gates that the platform comes with: PHASE5's milestone, as measures and thresholds."""

from __future__ import annotations

from collections.abc import Mapping

from apps.governance.engine.gates.criteria import Comparison, Criterion
from apps.governance.engine.gates.definition import GateDefinition

_AT_LEAST, _AT_MOST, _BELOW = Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.BELOW
_MERGE, _REQUEST = ("merged change", "merged changes"), ("decided request", "decided requests")
_PULL = ("opened pull request", "opened pull requests")


def _passing(key: str, title: str, measure: str, what: str) -> Criterion:
    return Criterion(
        key,
        title,
        measure,
        _AT_LEAST,
        0.95,
        minimum_n=30,
        counted=_PULL,
        good=(f"pull request whose first run passes {what}", f"pull requests whose first run passes {what}"),
    )


EXPANSION = GateDefinition(
    name="expansion",
    title="Expand AI generation beyond pilot repositories",
    purpose="Generated code may be asked for in further repositories, on what the pilots have shown.",
    criteria=(
        _passing("lint", "Lint passes on the first run", "generation.lint_pass", "lint"),
        _passing("types", "Types pass on the first run", "generation.type_pass", "type checks"),
        _passing("tests", "Tests pass on the first run", "generation.test_pass", "the tests"),
        Criterion(
            "approval",
            "People approve",
            "generation.approval_rate",
            _AT_LEAST,
            0.90,
            minimum_n=30,
            counted=_REQUEST,
            good=("approved request", "approved requests"),
        ),
        Criterion(
            "first_pass",
            "People approve without a new revision",
            "generation.first_pass_approval",
            _AT_LEAST,
            0.60,
            minimum_n=30,
            counted=_REQUEST,
            good=("request approved as first shown", "requests approved as first shown"),
            is_required=False,
        ),
        Criterion(
            "coverage_line",
            "Line coverage",
            "quality.coverage_line",
            _AT_LEAST,
            0.90,
            window_days=30,
            counted=("measured commit", "measured commits"),
            per_flagship=True,
        ),
        Criterion(
            "coverage_branch",
            "Branch coverage",
            "quality.coverage_branch",
            _AT_LEAST,
            0.90,
            window_days=30,
            counted=("measured commit", "measured commits"),
            per_flagship=True,
        ),
        Criterion(
            "flakes",
            "Flake rate",
            "quality.flake_rate",
            _BELOW,
            0.01,
            window_days=30,
            counted=("rerun", "reruns"),
            good=("clean rerun", "clean reruns"),
        ),
        Criterion(
            "mutation",
            "Mutation score",
            "quality.mutation_score",
            _AT_LEAST,
            0.60,
            counted=("mutant", "mutants"),
            good=("killed mutant", "killed mutants"),
            is_required=False,
        ),
        Criterion(
            "docs",
            "Documentation in sync for a release cycle",
            "docs.sync_cycle",
            _AT_LEAST,
            1.0,
            window_days=180,
            counted=("release cycle", "release cycles"),
            per_flagship=True,
        ),
        Criterion(
            "rework",
            "Rework within 21 days",
            "generation.rework_rate",
            _BELOW,
            0.20,
            counted=("merged line", "merged lines"),
            good=("line that stays", "lines that stay"),
        ),
        Criterion(
            "reverts",
            "Reverted merges",
            "generation.revert_rate",
            _BELOW,
            0.10,
            minimum_n=30,
            counted=_MERGE,
            good=("merge that stays", "merges that stay"),
        ),
        Criterion("incidents", "Open incidents", "governance.open_incidents", _AT_MOST, 0, minimum_n=0),
        Criterion(
            "depth",
            "Review depth",
            "generation.review_depth",
            _AT_LEAST,
            0.60,
            counted=("review", "reviews"),
            good=("review that reads all of it", "reviews that read all of it"),
            is_required=False,
        ),
    ),
)

TEMPLATES: Mapping[str, GateDefinition] = {EXPANSION.name: EXPANSION}
