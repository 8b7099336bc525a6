"""What the API of the generation track takes and gives."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from apps.generation import schema_examples as examples
from apps.generation.engine.consensus import Standing
from apps.generation.engine.specification import Demands

MODULE_NAME = r"^[A-Za-z_][\w.]*$"
MOST_DEMANDS = 20
PackageName = Annotated[str, Field(pattern=r"^[A-Za-z][\w.-]{0,39}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\n\r`]*\S[^\n\r`]*$")]


class Body(Schema):
    """What is sent: a field that nobody knows is refused, since leaving it out would look like taking it."""

    model_config = ConfigDict(extra="forbid")


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class CodebaseContext(Body):
    """Where the code goes; the rest of its context is read from the repository."""

    repository: str = Field("", description="Name of a registered repository.", examples=["demo"])
    target_path: str = Field("", description="File the code goes to; empty: chosen from the repository.")


class GenerationConstraints(Body):
    """
    Limits on how it may be done. They become part of the specification, under a heading of their own.

    Packages that are forbidden or required are held against every candidate, and stand in the way of approval.
    """

    forbidden: list[PackageName] = Field(default_factory=list, max_length=MOST_DEMANDS, examples=[["requests"]])
    required: list[PackageName] = Field(default_factory=list, max_length=MOST_DEMANDS, examples=[["pydantic"]])
    performance: list[Sentence] = Field(default_factory=list, max_length=MOST_DEMANDS, examples=[["O(n log n)"]])
    security: list[Sentence] = Field(
        default_factory=list, max_length=MOST_DEMANDS, examples=[["The text is untrusted: escape HTML."]]
    )
    compatibility: list[Sentence] = Field(default_factory=list, max_length=MOST_DEMANDS, examples=[["Python 3.11"]])

    @field_validator("required")
    @classmethod
    def _not_forbidden(cls, required: list[str], info: ValidationInfo) -> list[str]:
        both = sorted({name.lower() for name in required} & {name.lower() for name in info.data.get("forbidden", [])})
        if both:
            raise PydanticCustomError("contradiction", "{name} is both forbidden and required.", {"name": both[0]})
        return required


class QualityMetrics(Body):
    """Figures that quality must reach. They are measured before people approve."""

    coverage: float | None = Field(None, ge=0, le=100, description="Percent of lines, at least.")
    mutation_score: float | None = Field(None, ge=0, le=100, description="Percent of mutants found, at least.")
    complexity: int | None = Field(None, ge=1, le=100, description="Cyclomatic, of each function, at most.")
    strict_types: bool = Field(False, description="A strict check of types finds nothing in what is written.")


class GenerationRequest(Body):
    """A specification for one repository, which is named here or in its context."""

    model_config = _shown(examples.GENERATION_REQUEST)

    title: str = Field(max_length=200, examples=["Slugs for page titles"])
    specification: str = Field(
        description="What the code must do, in plain language, with examples.",
        examples=["Write `def slugify(text: str) -> str`.\n\n>>> slugify('A b')\n'a-b'"],
    )
    context: CodebaseContext = Field(default_factory=lambda: CodebaseContext.model_validate({}))
    constraints: GenerationConstraints = Field(default_factory=GenerationConstraints)
    target_language: str = Field(
        "",
        description="python, javascript or typescript; empty: that of the file, else what the text asks for or shows, "
        "else the repository's.",
        examples=["python"],
    )
    quality_requirements: QualityMetrics = Field(default_factory=lambda: QualityMetrics.model_validate({}))
    repository: str = Field(
        "", description="The same as in `context`, in short.", examples=["demo"], validate_default=True
    )
    target_path: str = Field("", description="The same as in `context`, in short.")
    no_contradiction: bool = Field(
        False,
        description="You answer for it that what the rules take for contradictions are none; kept with the request.",
    )

    @field_validator("repository", "target_path")
    @classmethod
    def _as_in_context(cls, value: str, info: ValidationInfo) -> str:
        context = info.data.get("context")
        other = getattr(context, str(info.field_name)) if context else ""
        if value and other and value != other:
            raise PydanticCustomError("contradiction", "The context names another one: {other}.", {"other": other})
        return value

    @field_validator("repository")
    @classmethod
    def _is_named(cls, value: str, info: ValidationInfo) -> str:
        context = info.data.get("context")
        if context is not None and not value and not context.repository:
            raise PydanticCustomError("missing", "Name a repository, here or in the context.")
        return value

    @property
    def demands(self) -> Demands:
        """What is demanded beside the text."""
        limits, quality = self.constraints, self.quality_requirements
        return Demands(
            forbidden=tuple(limits.forbidden),
            required=tuple(limits.required),
            performance=tuple(limits.performance),
            security=tuple(limits.security),
            compatibility=tuple(limits.compatibility),
            coverage=quality.coverage,
            mutation_score=quality.mutation_score,
            complexity=quality.complexity,
            strict_types=quality.strict_types,
        )


class GenerationAccepted(Schema):
    """The request that was made; its progress is at ``url``."""

    model_config = _shown(examples.GENERATION_ACCEPTED)

    request_id: str = Field(examples=["req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"])
    job_id: str | None
    status: str = Field(examples=["queued"])
    risk_tier: str = Field(examples=["low"])
    url: str = Field(description="The page of the request.")


class WithdrawalIn(Body):
    """Why a request is taken back."""

    model_config = _shown(examples.WITHDRAWAL_IN)

    reason: str = Field(min_length=1, max_length=1000, description="Its reviewers read it.")


class Withdrawn(Schema):
    """The request that was taken back."""

    model_config = _shown(examples.WITHDRAWN)

    request_id: str = Field(examples=["req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11"])
    status: str = Field(examples=["cancelled"])
    remedy: str = Field(description="How to go on, as a sentence.")


class TestsIn(Body):
    """A specification to write tests for."""

    model_config = _shown(examples.TESTS_IN)

    title: str = Field("", max_length=200)
    specification: str
    module: str = Field(
        "module",
        pattern=MODULE_NAME,
        description="Dotted name that the tests import from.",
        examples=["shop.slugs"],
    )


class TestsOut(Schema):
    """A pytest module with one test for each example."""

    model_config = _shown(examples.TESTS_OUT)

    artifact_id: str
    test_code: str
    examples: int
    url: str = Field(description="Its page, which only you can open.")


class RefactorIn(Body):
    """A Python module."""

    model_config = _shown(examples.REFACTOR_IN)

    title: str = Field("", max_length=200, description="What it is called in your list; empty: its functions.")
    code: str = Field(max_length=200_000)


class LeftOut(Schema):
    """A function or method whose changes were not shown to behave the same."""

    name: str = Field(examples=["Basket.total"])
    reason: str = Field(examples=["No input reached the lines that change."])


class AppliedFix(Schema):
    """One change that the linter holds to be safe."""

    rule: str = Field(examples=["SIM103"])
    message: str
    line: int


class RefactorOut(Schema):
    """A simplification that behaved the same, or none with the reason."""

    model_config = _shown(examples.REFACTOR_OUT)

    artifact_id: str | None
    patch: str
    code: str
    fixes: list[AppliedFix]
    equal_on_inputs: int = Field(description="Runs of the changed lines that were compared, over all functions.")
    functions: list[str] = Field(description="Functions and methods whose changes were shown to behave the same.")
    inputs_by_function: dict[str, int] = Field(
        description="On how many inputs the changed lines of each ran, with outcomes that could be compared."
    )
    left_out: list[LeftOut] = Field(description="Changes that were found but not taken, and why.")
    reason: str
    url: str | None = Field(description="Its page, which only you can open.")


class VoteCandidate(Body):
    """A module to be compared, under a name."""

    name: str = Field(min_length=1, max_length=80, pattern=r"\S", description="No two may have the same.")
    code: str = Field(max_length=200_000)


class VoteIn(Body):
    """Candidates to be run on one specification."""

    model_config = _shown(examples.VOTE_IN)

    title: str = Field("", max_length=200)
    specification: str
    candidates: list[VoteCandidate] = Field(min_length=1, max_length=12)

    @field_validator("candidates")
    @classmethod
    def _names_differ(cls, candidates: list[VoteCandidate]) -> list[VoteCandidate]:
        counts = Counter(candidate.name for candidate in candidates)
        repeated = next((name for name, count in counts.items() if count > 1), None)
        if repeated is not None:
            raise PydanticCustomError("name_repeated", "Two candidates are called {name}.", {"name": repeated})
        return candidates


class Cluster(Schema):
    """Candidates that behaved alike."""

    label: str
    members: list[str]
    share: float = Field(description="Part of the weighted vote, 0 to 1.")
    examples_passed: int
    examples_total: int


class Sureness(Schema):
    """How probable it is that the choice is right, and what that rests on."""

    probability: float = Field(description="0 to 1.")
    low: float = Field(description="Lower end of the 95 % interval.")
    high: float = Field(description="Upper end of the 95 % interval.")
    rests_on: Literal["public", "here"] = Field(
        description="Public problems alone, or requests that people judged on this platform too."
    )
    judged: int = Field(description="Requests that people had judged here by then.")
    problems: int = Field(description="Public problems that the calibration was fitted on.")
    as_of: str = Field(description="The day of the newest evidence.")


class ClusterOutput(Schema):
    """What one cluster did on the distinguishing input."""

    label: str = Field(description="The cluster's.")
    text: str = Field(examples=["returns 6"])


class DistinguishingInput(Schema):
    """The smallest input found on which the leading clusters differ, with what each cluster did on it."""

    call: str = Field(examples=["double(3)"])
    origin: str = Field(description="Where it comes from: example, generated_test or fuzz.", examples=["fuzz"])
    expected: str | None = Field(description="What its author expects; null where nobody does.")
    reduced_from: str | None = Field(None, description="The observed input that it was made of, by leaving parts out.")
    outputs: list[ClusterOutput]


class FailedCandidate(Schema):
    """A candidate that had no vote, and why."""

    name: str
    reason: str = Field(examples=["The code does not parse: line 1, '(' was never closed."])


class Vote(Schema):
    """What behaviour chose."""

    model_config = _shown(examples.VOTE)

    selected: str | None = Field(description="The chosen candidate; null where none of those given could be compared.")
    score: float | None = Field(
        description="Probability that the choice is right, 0 to 1; null where nobody could agree, see `standing`."
    )
    sureness: Sureness | None = Field(None, description="The same with its interval and what it rests on.")
    standing: Standing | None = Field(None, description="What the candidates' agreement amounts to.")
    is_compared: bool
    clusters: list[Cluster]
    distinguishing: DistinguishingInput | None = Field(description="Null where all behave alike.")
    selectors: dict[str, str | None]
    reasons: list[str]
    inputs: dict[str, int]
    failed: list[FailedCandidate] = Field(
        default_factory=list, description="Given candidates that do not parse, lack the entry, or work on no input."
    )


class CheckFinding(Schema):
    """One thing that a tool found; a line or a column of 0 is none."""

    rule: str
    message: str
    path: str
    line: int
    column: int
    severity: str = Field(examples=["medium"])


class SecurityCheck(Schema):
    """What one tool said."""

    tool: str
    version: str
    status: str = Field(description="passed, failed, or error where it could not look.", examples=["passed"])
    findings: list[CheckFinding]
    seconds: float
    reason: str = Field("", description="Why it could not look.")
    unchecked: list[str] = Field(default_factory=list, description="Files that it did not look at.")


class SecurityReport(Schema):
    """What the security tools said of the implementation."""

    score: float | None = Field(description="0 (worst) to 1; null where nothing was assessed.")
    checks: list[SecurityCheck]


class GeneratedCode(Schema):
    """What a request came to: the chosen implementation, and what was written and measured beside it."""

    model_config = _shown(examples.GENERATED)

    implementation: str = Field(description="Source of what was written.")
    tests: str | None = Field(description="Tests for the requirements; null where none were written.")
    documentation: str | None = Field(description="A page of Markdown; null where none was written.")
    performance_profile: dict[str, Any] | None = Field(
        description="Time and memory of a call on growing inputs; null where it was not measured."
    )
    security_assessment: SecurityReport


class ConsensusOut(Schema):
    """The result of a request as far as it is."""

    model_config = _shown(examples.CONSENSUS_OUT)

    request_id: str
    status: str
    failure: str
    remedy: str
    human_approved: bool | None
    code: str | None = Field(description="The chosen implementation.")
    generated: GeneratedCode | None = Field(description="The same with its tests, documentation and measurements.")
    vote: Vote | None = Field(
        description="Null before it is taken, and to whoever is still to vote on seeded requests."
    )
    cost: float | None = Field(description="US dollars; null when a price is not known, and as for the vote.")
    calls: int | None = Field(description="Calls of models; null as for the vote.")
