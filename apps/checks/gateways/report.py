"""What an adapter hands back for the files it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.checks.types import Finding


@dataclass(frozen=True)
class Report:
    """``unchecked`` names the files the tool could not look at, with the reason for each."""

    findings: tuple[Finding, ...] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, other: Report) -> Report:
        return Report(self.findings + other.findings, {**self.unchecked, **other.unchecked})
