"""What the API takes and gives when a specification is read."""

from __future__ import annotations

from ninja import Field, Schema
from pydantic import ConfigDict

from apps.generation import schema_examples as examples
from apps.generation.schemas import Body


class SpecificationIn(Body):
    """A specification to be read; nothing is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SPECIFICATION_IN]})

    title: str = Field("", max_length=200)
    specification: str
    repository: str = Field("", description="Name of a repository whose symbols are known; may be empty.")
    target_path: str = Field("", description="File the code would go to; its language is the one that is read.")
    ask_model: bool = Field(
        False, description="Also ask a language model, in the background (202); it is recorded and may cost."
    )


class ModelReading(Schema):
    """A model is asked what is open in the specification. It changes neither the issues nor the score of the rules."""

    reading_id: str = Field(description="Read it at /api/v1/readings/{reading_id} once it is finished.")
    job_id: str | None = Field(description="The job that asks; empty where no model can be asked.")
    problem: str = Field(description="Why no model is asked, as a sentence; else empty.")


class SpecificationBlocker(Schema):
    """A rule that the specification breaks, so that it is refused when it is submitted."""

    code: str = Field(examples=["specification.nothing_to_check"])
    rule: str = Field(examples=["A specification needs one example, or one sentence that says what can be observed."])
    message: str = Field(examples=["Nothing here could be checked."])
    remedy: str = Field(description="What would help.")


class AcceptanceCriterion(Schema):
    """An acceptance criterion and where it stands in the text."""

    id: str = Field(examples=["R1"])
    text: str
    start: int
    end: int
    pattern: str | None = Field(description="Its form in EARS; null for plain prose.")
    is_testable: bool


class SpecificationConstraint(Schema):
    """Something that is demanded or forbidden."""

    kind: str = Field(description="performance, security, compatibility, forbidden, required or other.")
    subject: str = Field(description="The dependency that it is about; empty for none.")
    text: str
    words: str = Field(description="The same as people read it.")


class QualityFigure(Schema):
    """Something to be reached: a figure, or strict types."""

    measure: str = Field(examples=["coverage"])
    at: float | None = Field(description="At least or at most so much; null without a figure.")
    text: str
    words: str = Field(description="The same as people read it.")


class SpecificationIssue(Schema):
    """Something that is open, vague, contradictory or missing, and where."""

    kind: str = Field(examples=["missing_edge"])
    start: int
    end: int
    message: str
    question: str
    suggestion: str
    is_certain: bool


class SpecificationAnalysis(Schema):
    """What could be read from a specification, and what is missing from it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SPECIFICATION_ANALYSIS]})

    entry: str | None = Field(description="The function or class to write.")
    is_executable: bool = Field(description="Whether candidates can be compared by running them.")
    signatures: list[str]
    classes: list[str]
    examples: int
    criteria: list[AcceptanceCriterion]
    target_language: str
    language_name: str = Field(description="The target language as people write it.", examples=["Python"])
    language_reason: str = Field(
        description="Why it is that language.", examples=["most of the repository is written in it"]
    )
    constraints: list[SpecificationConstraint]
    quality: list[QualityFigure]
    non_goals: list[str]
    issues: list[SpecificationIssue]
    clarity: dict[str, int]
    size_warning: str | None
    known_symbols: list[str]
    risk_tier: str
    blockers: list[SpecificationBlocker] = Field(description="What keeps it from being submitted.")
    model_reading: ModelReading | None = Field(None, description="Only when a model was to be asked.")
