"""What the checks say about code: plain values that other apps may hold and store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from apps.core.errors import NofxError

Severity = Literal["low", "medium", "high"]
Status = Literal["passed", "failed", "error", "not_applicable", "not_checked", "measured"]
NOT_JUDGED: frozenset[Status] = frozenset({"not_applicable", "not_checked", "measured"})
# Which tools look at the same thing, each for its languages.
TOOLS_FOR = {
    "lint": ("ruff", "javascript-lint"),
    "types": ("mypy", "tsc"),
    "security": ("bandit", "javascript-security"),
}
SECURITY_TOOLS = TOOLS_FOR["security"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


def subject_of(tool: str) -> str:
    """Return what a tool looks at: "lint", "types", "security", or its own name."""
    return next((subject for subject, tools in TOOLS_FOR.items() if tool in tools), tool)


def plain_text(text: str) -> str:
    """Return *text* as any database and any JSON reader can hold it: NULs and lone surrogates are written out."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


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
class Share:
    """How many of n, with the 95 % interval of the share, from 0 to 1; a sample stands for more than was counted."""

    hits: int
    n: int
    low: float
    high: float
    is_sample: bool = False

    def reaches(self, percent: float) -> bool:
        """Return whether the share is at least *percent*; of a sample, whether the low end of its interval is."""
        return self.n > 0 and 100 * (self.low if self.is_sample else self.hits / self.n) >= percent


@dataclass(frozen=True)
class CheckResult:
    """
    What one tool said.

    ``failed`` means that it found something that counts (any lint or type error; a security finding of at least
    medium severity). ``error`` means that it could not look, for the given ``reason``: never a pass. ``not_applicable``
    means that it does not read the language, ``not_checked`` that nothing here looks, ``measured`` that it gives a
    ``share``, which says nothing until somebody asks for a figure: none is a pass. ``unchecked`` are the files it did
    not look at; a failed check may have some, too.
    """

    tool: str
    version: str
    status: Status
    findings: tuple[Finding, ...]
    seconds: float
    reason: str = ""
    unchecked: tuple[str, ...] = ()
    share: Share | None = None

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
class JavaScriptSource:
    """
    A text in JavaScript, or in TypeScript where ``is_typed``, and which kind of module it is.

    ``neighbours`` are the files of its repository that it imports (path to text), for its types.
    """

    text: str
    is_typed: bool = False
    kind: Literal["module", "commonjs"] = "module"
    path: str = "source.ts"
    neighbours: Mapping[str, str] = field(default_factory=dict)


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


class MeasurementFailed(NofxError):
    """The tests could not be run to their end, so there is nothing to report."""

    code = "checks.measurement_failed"
    status = 422


@dataclass(frozen=True)
class TestFailure:
    """One failing test; ``input`` holds the arguments of the smallest failing example, where a property failed."""

    test: str
    error: str
    input: str

    def as_json(self) -> dict[str, str]:
        """Return the failure as it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class ExecutedTest:
    """One test as its runner names it, what became of it, and how long it took."""

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    seconds: float


@dataclass(frozen=True)
class FileCoverage:
    """Which statements and branches of one file were run."""

    path: str
    statements: int
    missing_lines: tuple[int, ...]
    branches: int
    missing_branches: int

    @property
    def covered_statements(self) -> int:
        return self.statements - len(self.missing_lines)

    @property
    def line_percent(self) -> float | None:
        """Return the share of statements that ran, or None for a file without any."""
        return None if self.statements == 0 else 100 * self.covered_statements / self.statements


@dataclass(frozen=True)
class TestMeasurement:
    """
    What a test run showed. It was reported from inside the process that ran the code.

    Percentages are None where there is nothing to count, never zero. In ``tests`` a test whose preparation or cleaning
    up failed has failed; not every runner names its tests.
    """

    passed: int
    failed: int
    skipped: int
    errors: int
    failures: tuple[TestFailure, ...]
    files: tuple[FileCoverage, ...]
    wall_ms: float
    tests: tuple[ExecutedTest, ...] = ()

    @property
    def tests_run(self) -> int:
        return self.passed + self.failed

    @property
    def line_percent(self) -> float | None:
        statements = sum(file.statements for file in self.files)
        return None if statements == 0 else 100 * sum(file.covered_statements for file in self.files) / statements

    @property
    def branch_percent(self) -> float | None:
        branches = sum(file.branches for file in self.files)
        missed = sum(file.missing_branches for file in self.files)
        return None if branches == 0 else 100 * (branches - missed) / branches


class CodeUnreadable(NofxError):
    """A tool could not read a repository's code, so nothing is said about it."""

    code = "checks.code_unreadable"
    status = 422


DocstringStyle = Literal["sphinx", "google", "numpy"]


@dataclass(frozen=True)
class ImportEdge:
    """One module imports another, on these lines."""

    importer: str
    imported: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class ImportGraph:
    """The modules of a repository's own packages and the imports between them, sorted."""

    modules: tuple[str, ...]
    imports: tuple[ImportEdge, ...]


@dataclass(frozen=True)
class Documented:
    """One public function, method or class: its signature as written and its docstring ("" when it has none)."""

    path: str
    module: str
    qualname: str
    kind: str
    signature: str
    docstring: str
    line: int
