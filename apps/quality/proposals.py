"""A stored proposal as people read it: kind and state in words, figures with their meaning, the patch as code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apps.core.highlighting import Line, diff_columns, folded
from apps.quality.engine.patches import patched
from apps.quality.types import ProposalKind

FIGURES = {
    "issues": (
        "Reported places",
        "Lines at which lint, types or the security check report something, or at which a safe fix is known.",
    ),
    "safe_fixes": ("Safe fixes", "Changes that the linter holds to be safe: they keep what the code does."),
    "code_lines": ("Lines of code", "Lines that hold code. Comments and blank lines are not counted."),
    "complexity": ("Complexity", "Ways through all functions together, after McCabe. Fewer are easier to test."),
    "remediation_minutes": ("Minutes owed", "What it would take to bring the code to the house's standard."),
    "ratio": ("Debt ratio", "Minutes owed for each minute it would take to write the code again."),
    "rating": ("Rating", "A to a ratio of 5 %, B 10, C 20, D 50, E over."),
}


@dataclass(frozen=True)
class Figure:
    """One metric before and after; None where it was not taken."""

    label: str
    meaning: str
    before: object
    after: object


@dataclass(frozen=True)
class Proposal:
    """One row of ``quality_improvements``, with ``path`` and ``sha`` of its code, and what its pages say about it."""

    row: Any

    @property
    def kind(self) -> str:
        """Return the kind in words; one that is not ours keeps its own."""
        known = {kind.value: kind.label for kind in ProposalKind}
        return known.get(self.row.improvement_type, self.row.improvement_type)

    @property
    def before(self) -> Mapping[str, Any]:
        return self.row.original_metrics or {}

    @property
    def after(self) -> Mapping[str, Any]:
        return self.row.improved_metrics or {}

    @property
    def is_about_debt(self) -> bool:
        return bool(self.row.improvement_type == ProposalKind.DEBT_REPAYMENT)

    @property
    def fixes(self) -> list[dict[str, Any]]:
        return list(self.after.get("fixes", []))

    @property
    def patch(self) -> str:
        return str(self.after.get("patch", ""))

    @property
    def files(self) -> list[dict[str, Any]]:
        """Return the files whose debt is to be repaid first."""
        return [file for file in self.before.get("files", []) if file["minutes"]]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could be done."""
        return not (self.files if self.is_about_debt else self.patch)

    @property
    def state(self) -> str:
        if self.row.applied_at:
            return "applied"
        if self.is_empty:
            return "nothing to repay" if self.is_about_debt else "nothing to fix"
        return "proposed"

    @property
    def figures(self) -> list[Figure]:
        """Return the metrics side by side, in the order in which they are explained."""
        return [
            Figure(label, meaning, self.before.get(name), self.after.get(name))
            for name, (label, meaning) in FIGURES.items()
            if name in self.before or name in self.after
        ]


def proposal_panes(proposal: Proposal, text: str) -> list[dict[str, Any]]:
    """Return *text* before and after as the panes of components/diff_pane.html; none when the patch does not fit."""
    after = patched(text, proposal.patch) if proposal.patch else None
    if after is None:
        return []
    left, right = folded(diff_columns(text, after))
    return [_pane("As it is", left), _pane("With the fixes", right)]


def patch_name(proposal: Proposal) -> str:
    """Return a file name for the patch that no header, shell or file system takes for anything else."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", PurePosixPath(proposal.row.path).stem)[:60].strip("-")
    return f"{stem or 'code'}-{str(proposal.row.pk)[:8]}.patch"


def _pane(title: str, lines: list[Line]) -> dict[str, Any]:
    return {"letter": "", "title": title, "lines": lines}
