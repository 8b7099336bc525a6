"""Gaps in a specification: each is a place, a reason, a question and, where there is one, a suggested answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.foreign import Foreign
from apps.core.javascript import source_of
from apps.generation.engine.secrets import secret_places
from apps.generation.engine.specification.addressed import addressed_places
from apps.generation.engine.specification.languages import JAVASCRIPT, language_issues
from apps.generation.engine.specification.model import (
    ClassOutline,
    Constraint,
    ConstraintKind,
    Criterion,
    FunctionSignature,
    IssueKind,
    Span,
    SpecExample,
    SpecIssue,
)
from apps.generation.engine.specification.prose import Sentence
from apps.generation.engine.specification.requirements import NOT_STANDARD
from apps.generation.engine.specification.sessions import input_of
from apps.generation.engine.specification.vocabulary import AMBIGUITIES, VAGUE_WORDS, vague_question
from apps.generation.engine.values import same

MAX_ISSUES = 60
_ERRORS = re.compile(r"\b(?:raises?|throws?|errors?|exceptions?|invalid|rejects?|fails?|illegal|malformed)\b", re.I)
_EMPTY = re.compile(r"\bempt(?:y|ies)\b|\[\]|\"\"|''|\bblank\b|\{\}|\bno (?:elements|items|characters)\b", re.I)
_ZERO = re.compile(r"\bzero\b|\bnegative\b|(?<![\w.])0(?![\w.])|(?<![\w)])-\d|\bpositive\b|\bnon-negative\b", re.I)
_MUST = re.compile(
    r"\b(?:must|shall|should|will|does|do|can)\b(?P<no>\s+(?:not|never)\b)?\s+(?P<rest>[^.;,\n]{4,80})", re.I
)
_LIMIT = re.compile(
    r"(?:(?P<subject>\b\w{1,40})\s+(?:must|shall|should|may|can|is|are|has to|have to)\s+(?:be\s+|have\s+)?)?"
    r"\bat (?P<kind>most|least) (?P<number>\d+)(?:\s+(?P<unit>[a-z]{3,20}))?",
    re.I,
)
_ORDER = re.compile(
    r"(?P<what>\b\w[^.;,\n]{0,60}?)\s(?:is|are|be|returned|come|comes)\s(?:sorted|ordered|returned)\b[^.;,\n]{0,40}?"
    r"\b(?P<way>ascending|increasing|descending|decreasing)\b",
    re.I,
)
_UP = frozenset({"ascending", "increasing"})
_DUTY = re.compile(r"\b(?:must|shall|should|will|always)\b", re.I)
_FILLER = re.compile(r"\b(?:the|a|an|be|its|it|any|all|of|to)\b|[^\w\s]", re.I)
_CONTAINERS = ("list", "str", "dict", "tuple", "set", "sequence", "iterable", "mapping", "bytes")
_NUMBERS = ("int", "float", "decimal", "complex")
_PYTHON_TYPES = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "tuple": (tuple,),
}


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


def issues_in(draft: Draft) -> tuple[SpecIssue, ...]:
    """Return the gaps of a specification in reading order, at most :data:`MAX_ISSUES`, whole-text ones first."""
    prose = _without_examples(draft)
    found = [
        *language_issues(draft.text),
        *_secrets(draft.text),
        *_addressed(draft),
        *_missing(draft),
        *_contradicting_examples(draft),
        *_contradicting_sentences(draft.sentences),
        *_contradicting_orders(draft.sentences),
        *_contradicting_dependencies(draft.constraints),
        *_vague(prose, _names(draft)),
        *_ambiguous(draft.text, prose),
        *_untestable(draft.criteria),
    ]
    return tuple(sorted(found, key=lambda issue: (issue.span.start, issue.span.end, issue.kind))[:MAX_ISSUES])


def _secrets(text: str) -> Iterable[SpecIssue]:
    for start, end, sort in secret_places(text):
        yield SpecIssue(
            IssueKind.CONFIDENTIAL,
            Span(start, end),
            f"This looks like a secret ({sort}). It is kept with the request for everybody who may read it; "
            "models are shown a mark in its place.",
            "Can something made up stand here?",
            "Replace it, and have the real one changed if it was in use.",
        )


def _addressed(draft: Draft) -> Iterable[SpecIssue]:
    """What is said to a model; the values of examples are input that somebody has to handle."""
    examples = [(example.span.start, example.span.end) for example in draft.examples]
    for start, end in addressed_places(draft.text):
        if not any(low <= start < high for low, high in examples):
            yield SpecIssue(
                IssueKind.ADDRESSED,
                Span(start, end),
                "This speaks to a language model instead of saying what the code must do. It is sent with the "
                "specification, so a model may follow it; people review what comes of it.",
                "Is it input that the code has to handle?",
                "Show it in an example; else remove it.",
            )


def _missing(draft: Draft) -> Iterable[SpecIssue]:
    nowhere = place_of(draft)
    function = next((f for f in draft.functions if f.name == draft.entry and not f.is_method), None)
    if draft.is_signature_inferred or (not draft.functions and not draft.classes):
        suggestion = function.source if function is not None else draft.wording.signature
        yield SpecIssue(
            IssueKind.NO_SIGNATURE,
            nowhere,
            "No function or class is declared with its parameters and types.",
            "What is it called, what does it take and what does it return?",
            suggestion,
        )
    if not draft.examples:
        name = draft.entry or "f"
        yield SpecIssue(
            IssueKind.NO_EXAMPLE,
            nowhere,
            "No example can be run, so no candidate can be judged by one.",
            "What should one typical call return?",
            draft.wording.example.format(name),
        )
    if not any(e.raises for e in draft.examples) and not _ERRORS.search(draft.text):
        yield SpecIssue(
            IssueKind.MISSING_ERROR,
            nowhere,
            "Nothing is said about input that cannot be handled.",
            "What happens when the input is not valid?",
            draft.wording.invalid,
        )
    yield from _missing_edges(draft, function, nowhere)


def place_of(draft: Draft) -> Span:
    """Return where the entry is named first, for what concerns all of it; the beginning where none is named."""
    hit = re.search(rf"(?<!\w){re.escape(draft.entry)}(?!\w)", draft.text) if draft.entry else None
    return Span(hit.start(), hit.end()) if hit else Span(0, 0)


def _missing_edges(draft: Draft, function: FunctionSignature | None, place: Span) -> Iterable[SpecIssue]:
    annotations = " ".join(p.annotation.lower() for p in function.parameters) if function else ""
    values = [value for example in draft.examples for value in example.args]
    takes_containers = any(word in annotations for word in _CONTAINERS) or any(
        isinstance(v, (list, str, dict, tuple)) for v in values
    )
    takes_numbers = any(word in annotations for word in _NUMBERS) or any(isinstance(v, (int, float)) for v in values)
    if takes_containers and not _EMPTY.search(draft.text):
        yield SpecIssue(
            IssueKind.MISSING_EDGE,
            place,
            "Nothing is said about empty input.",
            "What is returned for an empty value?",
            "An empty input gives an empty result.",
        )
    if takes_numbers and not _ZERO.search(draft.text):
        yield SpecIssue(
            IssueKind.MISSING_EDGE,
            place,
            "Nothing is said about zero and negative numbers.",
            "What happens for zero and for negative numbers?",
            draft.wording.negative,
        )


def _contradicting_examples(draft: Draft) -> Iterable[SpecIssue]:
    first: dict[str, SpecExample] = {}
    for example in draft.examples:
        key = input_of(example)
        earlier = first.setdefault(key, example)
        if earlier is not example and (
            earlier.raises != example.raises or not same(earlier.expected, example.expected)
        ):
            yield SpecIssue(
                IssueKind.CONTRADICTION,
                example.span,
                f"{example.call} is given two different outcomes.",
                "Which of the two holds?",
                f"{earlier.call} {draft.wording.gives} {draft.wording.value(earlier.expected)}"
                if not earlier.raises
                else f"{earlier.call} {draft.wording.raises} {earlier.raises}",
            )
    by_name = {function.name: function for function in draft.functions}
    for example in draft.examples:
        function = by_name.get(example.function)
        if function is None or example.steps or draft.is_signature_inferred:
            continue
        yield from _against_signature(example, function, draft.wording)


def _against_signature(example: SpecExample, function: FunctionSignature, wording: Wording) -> Iterable[SpecIssue]:
    positional = [p for p in function.parameters if p.kind == "positional"]
    accepts_any = any(p.kind.startswith("var_") for p in function.parameters)
    required = sum(1 for p in positional if p.default is None and p.name not in example.kwargs)
    if not accepts_any and not required <= len(example.args) <= len(positional):
        yield SpecIssue(
            IssueKind.CONTRADICTION,
            example.span,
            f"{example.call} does not fit {function.source or function.name}: the number of arguments differs.",
            "Which of the two is right?",
            "The signature; correct the example.",
        )
    kinds = _PYTHON_TYPES.get(function.returns.split("[")[0].lower())
    is_wrong = kinds is not None and example.raises is None and not isinstance(example.expected, kinds)
    if is_wrong and not (function.returns == "bool" and isinstance(example.expected, bool)):
        given = wording.type_name(type(example.expected).__name__, example.expected)
        yield SpecIssue(
            IssueKind.CONTRADICTION,
            example.span,
            f"{example.call} gives {given}, but the signature promises {wording.type_name(function.returns)}.",
            "Which of the two is right?",
            f"{wording.returns} {given}",
        )


def _contradicting_sentences(sentences: Sequence[Sentence]) -> Iterable[SpecIssue]:
    """The same obligation once with and once without "not", and limits that leave nothing between them."""
    duties: dict[str, tuple[bool, Sentence]] = {}
    limits: dict[str, dict[str, int]] = {}
    for sentence in sentences:
        for hit in _MUST.finditer(sentence.text):
            rest = " ".join(_FILLER.sub(" ", hit.group("rest")).lower().split())
            is_negative = hit.group("no") is not None
            earlier = duties.setdefault(rest, (is_negative, sentence))
            if earlier[0] is not is_negative:
                yield _against(sentence, earlier[1])
        for hit in _LIMIT.finditer(sentence.text):
            unit = f" {hit['unit'].lower()}" if hit["unit"] else ""
            what = unit.strip() or (hit["subject"] or "").lower()
            if not what:
                continue
            known = limits.setdefault(what, {})
            known[hit["kind"].lower()] = int(hit["number"][:18])
            if known.get("least", 0) > known.get("most", 10**18):
                yield SpecIssue(
                    IssueKind.CONTRADICTION,
                    sentence.span,
                    f"The limits on {what} leave no value.",
                    "Which limit is right?",
                    f"At least {known['most']} and at most {known['least']}{unit}.",
                )


def _contradicting_orders(sentences: Sequence[Sentence]) -> Iterable[SpecIssue]:
    """The same thing once in ascending and once in descending order."""
    ways: dict[str, tuple[bool, Sentence]] = {}
    for sentence in sentences:
        for hit in _ORDER.finditer(sentence.text):
            what = " ".join(_DUTY.sub(" ", _FILLER.sub(" ", hit["what"])).lower().split())
            is_up = hit["way"].lower() in _UP
            earlier = ways.setdefault(what, (is_up, sentence))
            if earlier[0] is not is_up:
                yield _against(sentence, earlier[1])


def _contradicting_dependencies(constraints: Sequence[Constraint]) -> Iterable[SpecIssue]:
    """A dependency that is asked for and forbidden, by its name or as one that is not in the standard library."""
    forbidden = {one.subject.lower(): one for one in constraints if one.kind is ConstraintKind.FORBIDDEN}
    for one in constraints:
        if one.kind is not ConstraintKind.REQUIRED:
            continue
        name = one.subject.lower()
        against = forbidden.get(name)
        if against is None and name.partition(".")[0] not in sys.stdlib_module_names:
            against = forbidden.get(NOT_STANDARD)
        if against is not None:
            yield SpecIssue(
                IssueKind.CONTRADICTION,
                one.span,
                f"{one.subject} is asked for here, and “{against.text}” forbids it.",
                "Which of the two holds?",
                f"Leave out one of them; {one.subject} is allowed, or is not used.",
            )


def _against(sentence: Sentence, earlier: Sentence) -> SpecIssue:
    return SpecIssue(
        IssueKind.CONTRADICTION,
        sentence.span,
        f"This contradicts “{earlier.text}”.",
        "Which of the two holds?",
        "The first; remove this one.",
    )


def _names(draft: Draft) -> frozenset[str]:
    parameters = {parameter.name for function in draft.functions for parameter in function.parameters}
    return frozenset({*parameters, *(one.name for one in draft.functions), *(one.name for one in draft.classes)})


def _vague(sentences: Sequence[Sentence], names: Collection[str]) -> Iterable[SpecIssue]:
    """Words that mean different things to different readers, but for *names* of what is to be written."""
    for sentence in sentences:
        for hit in VAGUE_WORDS.finditer(sentence.text):
            word = hit.group()
            if word in names:
                continue
            yield SpecIssue(
                IssueKind.VAGUE,
                _within(sentence, hit),
                f"“{word}” can mean different things to two readers.",
                *vague_question(word),
            )


def _within(sentence: Sentence, hit: re.Match[str]) -> Span:
    """The place of a word in the text; a sentence that was wrapped over lines is marked as a whole."""
    if sentence.span.end - sentence.span.start != len(sentence.text):
        return sentence.span
    return Span(sentence.span.start + hit.start(), sentence.span.start + hit.end())


def _without_examples(draft: Draft) -> list[Sentence]:
    """Leave out sentences that are part of an example: its values are no words of the author."""
    places = [(example.span.start, example.span.end) for example in draft.examples]
    return [one for one in draft.sentences if not any(low <= one.span.start < high for low, high in places)]


def _ambiguous(text: str, sentences: Sequence[Sentence]) -> Iterable[SpecIssue]:
    for pattern, settles, question, suggestion in AMBIGUITIES:
        for sentence in sentences:
            hit = pattern.search(sentence.text)
            if hit and not settles.search(sentence.text):
                if not settles.search(text):
                    yield SpecIssue(
                        IssueKind.AMBIGUITY,
                        _within(sentence, hit),
                        f"“{hit.group()}” leaves a choice open.",
                        question,
                        suggestion,
                    )
                break


def _untestable(criteria: Sequence[Criterion]) -> Iterable[SpecIssue]:
    for criterion in criteria:
        if not criterion.is_testable:
            yield SpecIssue(
                IssueKind.UNTESTABLE,
                criterion.span,
                f"{criterion.id} names no outcome that could be observed.",
                "What would a test check?",
                "Name the input, and what is returned or raised for it.",
            )
