"""What the checks say about code: plain values that other apps may hold and store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from apps.core.errors import NofxError

Severity = Literal["low", "medium", "high"]
Status = Literal["passed", "failed", "error"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


class Unparsable(NofxError):
    """The text is not Python that can be analysed."""

    code = "checks.unparsable"
    status = 422


class UnsafePath(NofxError):
    """A file name that leaves its folder, or that no file can have."""

    code = "checks.unsafe_path"
    status = 422


@dataclass(frozen=True)
class Finding:
    """One thing a tool found; ``line`` and ``column`` count from 1, and are 0 when the tool named no place."""

    rule: str
    message: str
    path: str
    line: int
    column: int
    severity: Severity

    def as_json(self) -> dict[str, Any]:
        """Return the finding as it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class CheckResult:
    """
    What one tool said.

    ``failed`` means that it found something that counts (any lint or type error; a security finding of at least
    medium severity). ``error`` means that it could not look, for the given ``reason``: never a pass.
    """

    tool: str
    version: str
    status: Status
    findings: tuple[Finding, ...]
    seconds: float
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the result as it is stored."""
        return asdict(self) | {"findings": [finding.as_json() for finding in self.findings]}


@dataclass(frozen=True)
class FunctionComplexity:
    """Cyclomatic complexity (McCabe) of one function or method, named with its class."""

    name: str
    line: int
    end_line: int
    complexity: int


@dataclass(frozen=True)
class Fix:
    """One change that the linter holds to be safe."""

    rule: str
    message: str
    line: int

    def as_json(self) -> dict[str, Any]:
        """Return the fix as it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class FixedSource:
    """A text after its safe fixes; equal to the original when there were none."""

    source: str
    fixes: tuple[Fix, ...]
