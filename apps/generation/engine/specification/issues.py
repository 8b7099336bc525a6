"""Gaps in a specification: each is a place, a reason, a question and, where there is one, a suggested answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from apps.generation.engine.secrets import secret_places
from apps.generation.engine.specification.addressed import addressed_places
from apps.generation.engine.specification.contradictions import contradictions_in
from apps.generation.engine.specification.draft import Draft, names_of
from apps.generation.engine.specification.human_language import human_language_issues
from apps.generation.engine.specification.model import (
    Criterion,
    FunctionSignature,
    IssueKind,
    Span,
    SpecIssue,
)
from apps.generation.engine.specification.naming import suggested_signature
from apps.generation.engine.specification.prose import Sentence
from apps.generation.engine.specification.vocabulary import AMBIGUITIES, VAGUE_WORDS, vague_question

MAX_ISSUES = 60
_ERRORS = re.compile(r"\b(?:raises?|throws?|errors?|exceptions?|invalid|rejects?|fails?|illegal|malformed)\b", re.I)
_EMPTY = re.compile(r"\bempt(?:y|ies)\b|\[\]|\"\"|''|\bblank\b|\{\}|\bno (?:elements|items|characters)\b", re.I)
_ZERO = re.compile(r"\bzero\b|\bnegative\b|(?<![\w.])0(?![\w.])|(?<![\w)])-\d|\bpositive\b|\bnon-negative\b", re.I)
_CONTAINERS = ("list", "str", "dict", "tuple", "set", "sequence", "iterable", "mapping", "bytes")
_NUMBERS = ("int", "float", "decimal", "complex")


def issues_in(draft: Draft) -> tuple[SpecIssue, ...]:
    """
    Return the gaps of a specification in reading order, at most :data:`MAX_ISSUES`, whole-text ones first.

    What is certain is never among those left out: it keeps a specification from being submitted.
    """
    prose = _without_examples(draft)
    found = [
        *human_language_issues(draft.text),
        *_secrets(draft.text),
        *_addressed(draft),
        *_missing(draft),
        *contradictions_in(draft),
        *_vague(prose, names_of(draft.functions, draft.classes)),
        *_ambiguous(draft.text, prose),
        *_untestable(draft.criteria),
    ]
    kept = sorted(found, key=lambda issue: (not issue.is_certain, *_place(issue)))[:MAX_ISSUES]
    return tuple(sorted(kept, key=_place))


def _place(issue: SpecIssue) -> tuple[int, int, str]:
    return issue.span.start, issue.span.end, issue.kind


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
        suggestion = function.source if function is not None else suggested_signature(draft)
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
