"""What is known of a specification before its gaps are, and the words that its language has for suggestions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.foreign import Foreign
from apps.core.javascript import source_of
from apps.generation.engine.specification.languages import JAVASCRIPT
from apps.generation.engine.specification.model import (
    ClassOutline,
    Constraint,
    Criterion,
    FunctionSignature,
    SpecExample,
)
from apps.generation.engine.specification.prose import Sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known about a text before its gaps are."""

    text: str
    sentences: Sequence[Sentence]
    functions: Sequence[FunctionSignature]
    classes: Sequence[ClassOutline]
    examples: Sequence[SpecExample]
    criteria: Sequence[Criterion]
    constraints: Sequence[Constraint]
    entry: str | None
    is_signature_inferred: bool
    language: str = "python"
    title: str = ""

    @property
    def wording(self) -> Wording:
        """How suggestions are put in the language of the text."""
        return _JAVASCRIPT if self.language in JAVASCRIPT else _PYTHON


@dataclass(frozen=True, slots=True)
class Wording:
    """Suggestions as the author of a text in one language would write them."""

    signature: str
    example: str  # with the name to be called
    invalid: str
    negative: str
    raises: str
    gives: str
    value: Callable[[object], str]
    returns: str = "->"
    types: Mapping[str, str] = field(default_factory=dict)

    def type_name(self, name: str, value: object = None) -> str:
        """Return a type by its name here as the language calls it."""
        return value.kind if isinstance(value, Foreign) else self.types.get(name, name)


_PYTHON = Wording(
    "def name(value: int) -> int",
    "{}(...) == ...",
    "Raises ValueError when the input is not valid.",
    "Negative numbers raise ValueError.",
    "raises",
    "==",
    repr,
)
_JAVASCRIPT = Wording(
    "function name(value)",
    "{}(...) // -> ...",
    "Throws TypeError when the input is not valid.",
    "Negative numbers throw RangeError.",
    "throws",
    "// ->",
    source_of,
    ":",
    {"int": "number", "float": "number", "str": "string", "bool": "boolean", "NoneType": "null", "list": "an array"},
)


def names_of(functions: Sequence[FunctionSignature], classes: Sequence[ClassOutline]) -> frozenset[str]:
    """Return the names of what is to be written and of its parameters."""
    parameters = {parameter.name for function in functions for parameter in function.parameters}
    return frozenset({*parameters, *(one.name for one in functions), *(one.name for one in classes)})
