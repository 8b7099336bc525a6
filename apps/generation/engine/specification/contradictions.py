"""
What cannot hold at once: examples, duties, limits, orders and dependencies that exclude each other.

Each is a finding; ``is_certain`` marks those that no reading of the text resolves (``certainty.py``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from apps.generation.engine.specification.certainty import (
    are_limits_of_one_thing,
    has_cases,
    is_negation_of,
    leaves_no_value,
    plain,
)
from apps.generation.engine.specification.draft import Draft, Wording
from apps.generation.engine.specification.model import (
    Constraint,
    ConstraintKind,
    FunctionSignature,
    IssueKind,
    SpecExample,
    SpecIssue,
)
from apps.generation.engine.specification.prose import Sentence
from apps.generation.engine.specification.requirements import NOT_STANDARD
from apps.generation.engine.specification.sessions import input_of
from apps.generation.engine.values import same

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
_WAY = re.compile(r"\b(?:in\s+)?(?:ascending|increasing|descending|decreasing)(?:\s+order)?\b", re.I)
_UP = frozenset({"ascending", "increasing"})
_DUTY = re.compile(r"\b(?:must|shall|should|will|always)\b", re.I)
_FILLER = re.compile(r"\b(?:the|a|an|be|its|it|any|all|of|to)\b|[^\w\s]", re.I)
# Written loosely by people who mean the same: 2.0 for 2, a list for a tuple, None for what may be missing.
_LOOSE = (int, float, list, tuple, type(None))
_PYTHON_TYPES = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "tuple": (tuple,),
}


def contradictions_in(draft: Draft) -> Iterable[SpecIssue]:
    """Yield what excludes each other, kind by kind."""
    yield from _contradicting_examples(draft)
    yield from _contradicting_sentences(draft.sentences)
    yield from _contradicting_orders(draft.sentences)
    yield from _contradicting_dependencies(draft.constraints)


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
                is_certain=True,
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
            is_certain=bool(function.source) and not function.is_method and not example.kwargs,
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
            is_certain=bool(function.source) and not isinstance(example.expected, _LOOSE),
        )


def _contradicting_sentences(sentences: Sequence[Sentence]) -> Iterable[SpecIssue]:
    """The same obligation once with and once without "not", and limits that leave nothing between them."""
    duties: dict[str, tuple[bool, Sentence]] = {}
    limits: dict[str, dict[str, int]] = {}
    limited: dict[str, Sentence] = {}
    for sentence in sentences:
        for hit in _MUST.finditer(sentence.text):
            rest = " ".join(_FILLER.sub(" ", hit.group("rest")).lower().split())
            is_negative = hit.group("no") is not None
            earlier = duties.setdefault(rest, (is_negative, sentence))
            if earlier[0] is not is_negative:
                yield _against(sentence, earlier[1], is_certain=is_negation_of(earlier[1].text, sentence.text))
        for hit in _LIMIT.finditer(sentence.text):
            unit = f" {hit['unit'].lower()}" if hit["unit"] else ""
            what = unit.strip() or (hit["subject"] or "").lower()
            if not what:
                continue
            known = limits.setdefault(what, {})
            earlier_limit = limited.setdefault(what, sentence)
            known[hit["kind"].lower()] = int(hit["number"][:18])
            if known.get("least", 0) > known.get("most", 10**18):
                yield SpecIssue(
                    IssueKind.CONTRADICTION,
                    sentence.span,
                    f"The limits on {what} leave no value.",
                    "Which limit is right?",
                    f"At least {known['most']} and at most {known['least']}{unit}.",
                    is_certain=leaves_no_value(sentence.text)
                    or are_limits_of_one_thing(earlier_limit.text, sentence.text),
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
                yield _against(sentence, earlier[1], is_certain=_are_one_order(earlier[1].text, sentence.text))


def _are_one_order(one: str, other: str) -> bool:
    """Tell whether two sentences order the same thing by the same key, without a case that tells them apart."""
    keys = [plain(_WAY.sub("", text)) for text in (one, other)]
    return keys[0] == keys[1] and not has_cases(one) and not has_cases(other)


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
                f"{one.subject} is asked for here, and {quoted(against.text)} forbids it.",
                "Which of the two holds?",
                f"Leave out one of them; {one.subject} is allowed, or is not used.",
                is_certain=forbidden.get(name) is against and not has_cases(one.text) and not has_cases(against.text),
            )


def _against(sentence: Sentence, earlier: Sentence, *, is_certain: bool) -> SpecIssue:
    return SpecIssue(
        IssueKind.CONTRADICTION,
        sentence.span,
        f"This contradicts {quoted(earlier.text)}.",
        "Which of the two holds?",
        "The first; remove this one.",
        is_certain=is_certain,
    )


def quoted(sentence: str) -> str:
    """Return *sentence* in quotation marks, to stand inside another sentence: without its own full stop."""
    return f"“{sentence.rstrip().rstrip('.')}”"
