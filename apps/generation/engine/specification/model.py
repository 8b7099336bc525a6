"""What a specification is once it has been read: signatures, examples, criteria, gaps, and how clear it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IssueKind(StrEnum):
    """What kind of gap a reader would stumble over."""

    AMBIGUITY = "ambiguity"
    CONTRADICTION = "contradiction"
    VAGUE = "vague"
    MISSING_ERROR = "missing_error"
    MISSING_EDGE = "missing_edge"
    UNTESTABLE = "untestable"
    NO_SIGNATURE = "no_signature"
    NO_EXAMPLE = "no_example"
    LANGUAGE = "language"
    CONFIDENTIAL = "confidential"
    ADDRESSED = "addressed_to_model"


class ConstraintKind(StrEnum):
    """What a constraint is about; "forbidden" and "required" are dependencies."""

    PERFORMANCE = "performance"
    SECURITY = "security"
    COMPATIBILITY = "compatibility"
    FORBIDDEN = "forbidden"
    REQUIRED = "required"
    OTHER = "other"


class EarsPattern(StrEnum):
    """The patterns of EARS (Mavin et al., "Easy Approach to Requirements Syntax", RE 2009)."""

    UBIQUITOUS = "ubiquitous"
    EVENT = "event-driven"
    STATE = "state-driven"
    OPTION = "optional feature"
    UNWANTED = "unwanted behaviour"
    COMPLEX = "complex"


class RiskTier(StrEnum):
    """How many people must look at a change; see :func:`apps.generation.engine.specification.risk_tier`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters ``text[start:end]`` of the specification."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter of a signature.

    ``kind`` is "positional", "var_positional", "keyword" or "var_keyword"; ``annotation`` is "" when none was
    written; ``default`` is its source, None when the parameter is required.
    """

    name: str
    annotation: str = ""
    default: str | None = None
    kind: str = "positional"


@dataclass(frozen=True, slots=True)
class FunctionSignature:
    """
    A function or method that the specification asks for.

    ``source`` is one line without the colon, such as ``def f(a: int) -> int``. ``parameters`` leaves out the
    ``self`` of a method. ``returns`` is "" when no type was written. ``owner`` is the class of a method.
    """

    name: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    is_method: bool = False
    owner: str | None = None

    @property
    def qualname(self) -> str:
        """The dotted name inside its module, such as ``Counter.add``."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True, slots=True)
class ClassOutline:
    """A class that the specification asks for, with the methods that could be read from it."""

    name: str
    methods: tuple[FunctionSignature, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecExample:
    """
    One judged example.

    A plain example is a call with literal arguments: ``args`` and ``kwargs`` hold them, ``steps`` is empty. A session
    (a class, or names bound on the way) has ``steps``, statements in order, and then the judged ``call`` expression;
    its ``args`` and ``kwargs`` are empty and ``function`` is the class or function that the session exercises.
    Either ``raises`` names an exception type, or ``expected`` is the value.
    """

    call: str
    function: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    expected: object = None
    raises: str | None = None
    span: Span = Span(0, 0)
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    An acceptance criterion, numbered R1..Rn in reading order.

    ``pattern`` is the EARS pattern that it follows, None for plain prose. ``is_testable`` is False when no observation
    could show that it holds.
    """

    id: str
    text: str
    span: Span
    pattern: EarsPattern | None
    is_testable: bool


@dataclass(frozen=True, slots=True)
class Constraint:
    """A limit on how it may be done; ``subject`` is the dependency that is forbidden or required, else ""."""

    kind: ConstraintKind
    text: str
    span: Span
    subject: str = ""

    @property
    def words(self) -> str:
        """What is asked, as people read it."""
        match self.kind:
            case ConstraintKind.FORBIDDEN:
                return f"Does not use {self.subject.rstrip('.')}"
            case ConstraintKind.REQUIRED:
                return f"Uses {self.subject.rstrip('.')}"
            case ConstraintKind.OTHER:
                return "Limit"
        return self.kind.value.capitalize()


@dataclass(frozen=True, slots=True)
class QualityRequirement:
    """
    A figure that quality must reach.

    ``measure`` is "coverage" or "mutation" (percent, at least ``at``), "complexity" (at most ``at``) or "typing"
    (``at`` is None: types are checked strictly).
    """

    measure: str
    at: float | None
    text: str
    span: Span

    @property
    def words(self) -> str:
        """What is asked, as people read it."""
        figure = f"{self.at:g}" if self.at is not None else ""
        match self.measure:
            case "coverage":
                return f"Test coverage of at least {figure} %"
            case "mutation":
                return f"Mutation score of at least {figure} %"
            case "complexity":
                return f"Complexity of at most {figure} in each function"
        return "Types that a strict check accepts"


@dataclass(frozen=True, slots=True)
class SpecIssue:
    """
    A gap at ``span``, why it matters, the question to the author and a suggested answer ("" when there is none).

    ``is_certain`` marks a contradiction that no reading resolves; it stands in the way of submitting.
    """

    kind: IssueKind
    span: Span
    message: str
    question: str
    suggestion: str = ""
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class Clarity:
    """``score`` and its five parts, each from 0 (worst) to 100 (best): see ``clarity.py`` for the weights."""

    score: int
    completeness: int
    ambiguity: int
    testability: int
    conflicts: int
    size: int


@dataclass(frozen=True, slots=True)
class Specification:
    """
    Everything that could be read from a text without a model.

    ``entry`` names the function or class to implement (None when the text names none); ``is_executable`` is True
    when candidates can be compared by running them: there is an entry whose calls are known.
    ``language_reason`` says why ``target_language`` was chosen, as a clause that follows "because".
    ``known_symbols`` are the symbols of the repository that the text mentions. ``guidance`` is what its author
    said about it afterwards, in order.
    """

    title: str
    text: str
    target_language: str
    functions: tuple[FunctionSignature, ...]
    classes: tuple[ClassOutline, ...]
    examples: tuple[SpecExample, ...]
    criteria: tuple[Criterion, ...]
    constraints: tuple[Constraint, ...]
    quality: tuple[QualityRequirement, ...]
    non_goals: tuple[str, ...]
    issues: tuple[SpecIssue, ...]
    clarity: Clarity
    entry: str | None
    is_executable: bool
    size_warning: str | None = None
    known_symbols: tuple[str, ...] = ()
    language_reason: str = ""
    guidance: tuple[str, ...] = ()

    @property
    def entry_signature(self) -> FunctionSignature | None:
        """The signature of ``entry`` when it is a function that the text declares."""
        return next((f for f in self.functions if f.name == self.entry and not f.is_method), None)

    @property
    def entry_class(self) -> ClassOutline | None:
        """The outline of ``entry`` when it is a class."""
        return next((c for c in self.classes if c.name == self.entry), None)
