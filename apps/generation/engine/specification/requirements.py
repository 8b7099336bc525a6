"""Acceptance criteria, constraints by kind, figures that quality must reach, and the EARS pattern of a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.generation.engine.specification.model import (
    Constraint,
    ConstraintKind,
    Criterion,
    EarsPattern,
    QualityRequirement,
)
from apps.generation.engine.specification.prose import MODAL, NON_GOAL, STRONG_MODAL, Sentence, is_testable


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


NOT_STANDARD = "what is not in the standard library"
_DEPENDENCY = (
    r"(?P<what>(?:the\s+|any\s+)?`?[A-Za-z][\w.-]{0,40}`?(?:\s+(?:library|package|module|framework|client))?)"
    r"(?=\s+(?:for|to|in|as|from|when|and|or|directly)\b|[.;,]|\s*$)"
)
_FORBIDS = _any_of(
    r"\b(?:must not|may not|shall not|do(?:es)? not|don't|never|without|avoid)\s+(?:be\s+)?"
    r"(?:us(?:e|ing)|import(?:ing)?|depend(?:ing)? on|requir(?:e|ing)|rely(?:ing)? on|call(?:ing)?|add(?:ing)?)\s+"
    + _DEPENDENCY,
    r"\bno (?P<none>(?:external|third[- ]party|new|additional|other) (?:dependenc(?:y|ies)|librar(?:y|ies)|packages?))",
    r"(?P<only>\bonly\b[^.\n]{0,20}\bstandard library\b|\bstandard library only\b)",
)
_REQUIRES = _any_of(
    r"\b(?:must|shall|should|has to|needs to)\s+(?:use|import|depend on|rely on|be (?:built|based) on)\s+"
    + _DEPENDENCY,
    r"\buse\s+(?P<tool>`[\w.-]{1,40}`)",
)
_KINDS = (
    (
        ConstraintKind.PERFORMANCE,
        _any_of(
            r"\bO\([^)\n]{1,20}\)",
            r"\b(?:time|space|memory) complexity\b|\bin (?:constant|linear|logarithmic) (?:time|space)\b|\bin place\b",
            r"\b(?:within|under|at most|less than|below|in)\s+\d[\d.,]{0,9}\s?"
            r"(?:ms|milliseconds?|s|seconds?|minutes?|[kmg]i?b|(?:kilo|mega|giga)?bytes)\b",
            r"\b\d[\d.,]{0,9}\s?(?:requests?|calls?|items?) (?:per|a|each) second\b|\blatency\b|\bthroughput\b",
        ),
    ),
    (
        ConstraintKind.SECURITY,
        _any_of(
            r"\b(?:sql|code|command|shell) injection\b|\bsaniti[sz]\w+",
            r"\bescap(?:e|es|ed|ing) (?:html|sql|the|all|user)\b",
            r"\b(?:untrusted|secrets?|passwords?|credentials?|personal data|path traversal|xss|csrf)\b",
            r"\bencrypt\w*|\bconstant[- ]time\b|\btiming attacks?\b|\bauthenticat\w+|\bauthori[sz]\w+",
        ),
    ),
    (
        ConstraintKind.COMPATIBILITY,
        _any_of(
            r"\b(?:python|node|django|postgres(?:ql)?|sqlite)\s?(?:>=?\s?)?\d[\d.+]*",
            r"\bbackwards?[- ]compatib\w+|\bcompatible with\b|\b(?:windows|linux|macos)\b",
            r"\bthread[- ]safe\b|\b(?:signature|interface) (?:must|may) not change\b",
            r"\bexisting (?:callers|api|interface)\b|\bpublic (?:api|interface)\b",
        ),
    ),
    (
        ConstraintKind.OTHER,
        _any_of(r"\bside[- ]effects?\b", r"\bmutat(?:e|es|ing) (?:its|the)\b", r"\bdependenc(?:y|ies)\b"),
    ),
)
_ARTICLE = re.compile(r"^(?:the|a|an|any)\s+", re.IGNORECASE)
_LEADS = (
    (EarsPattern.COMPLEX, re.compile(r"^while\b.{1,200}?,\s*(?:when|if)\b", re.IGNORECASE | re.DOTALL)),
    (EarsPattern.EVENT, _any_of(r"^(?:when|as soon as|after|before|upon)\b")),
    (EarsPattern.STATE, _any_of(r"^(?:while|during)\b")),
    (EarsPattern.OPTION, _any_of(r"^where\b")),
    (EarsPattern.UNWANTED, _any_of(r"^if\b")),
)
_OBLIGES = _any_of(r"\b(?:shall|must)\b")
_UBIQUITOUS = _any_of(r"^(?:the|each|every|all)\s+[`\w][\w` .()-]{0,60}?\b(?:shall|must)\b")
_PERCENT = r"(\d{1,3}(?:\.\d+)?)\s?%"
_QUALITY = (
    ("coverage", _any_of(rf"\bcoverage\b[^.\n%]{{0,40}}?{_PERCENT}", rf"{_PERCENT}[^.\n]{{0,30}}?\bcoverage\b")),
    ("mutation", _any_of(rf"\bmutation score\b[^.\n%]{{0,40}}?{_PERCENT}")),
    (
        "complexity",
        _any_of(r"(?<!time )(?<!space )(?<!memory )\bcomplexity\b[^.\n(]{0,40}?(?<![\w.])(\d{1,3})(?![\w%])"),
    ),
    (
        "typing",
        _any_of(
            r"\b(?:mypy|pyright)\b|\bstrict(?:ly)? typ\w+|\bfully typed\b|\btype[- ]check\w*",
            r"\btype (?:hints?|annotations?)\b",
        ),
    ),
)


def criteria_in(sentences: Sequence[Sentence]) -> tuple[Criterion, ...]:
    """
    Return the acceptance criteria.

    List items are criteria wherever they stand, unless their section says otherwise; without any, the sentences that
    oblige or promise something are. Ids that the author wrote (``R3:``) are kept when they are unique.
    """
    eligible = [s for s in sentences if s.section not in ("non_goals", "examples") and not NON_GOAL.search(s.text)]
    items = [s for s in eligible if s.is_item and (s.label or s.section == "criteria" or MODAL.search(s.text))]
    chosen = items or [s for s in eligible if STRONG_MODAL.search(s.text) and len(s.text) > 12]
    labels = [s.label for s in chosen]
    keeps_labels = all(labels) and len(set(labels)) == len(labels)
    return tuple(
        Criterion(
            sentence.label if keeps_labels else f"R{number}",
            sentence.text,
            sentence.span,
            ears_pattern(sentence.text),
            is_testable(sentence.text),
        )
        for number, sentence in enumerate(chosen, 1)
    )


def constraints_in(sentences: Sequence[Sentence]) -> tuple[Constraint, ...]:
    """
    Return the constraints in reading order, each with its kind.

    A sentence that forbids or requires a dependency names it as the subject; one in a section of constraints that is
    of no known kind is kept as "other".
    """
    found = []
    for sentence in sentences:
        if sentence.section == "non_goals" or NON_GOAL.search(sentence.text):
            continue
        kind, subject = _kind_of(sentence)
        if kind is not None:
            found.append(Constraint(kind, sentence.text, sentence.span, subject))
    return tuple(found)


def _kind_of(sentence: Sentence) -> tuple[ConstraintKind | None, str]:
    forbids = _FORBIDS.search(sentence.text)
    if forbids is not None:
        return ConstraintKind.FORBIDDEN, _subject(forbids["what"] or forbids["none"] or NOT_STANDARD)
    requires = _REQUIRES.search(sentence.text)
    if requires is not None:
        return ConstraintKind.REQUIRED, _subject(requires["what"] or requires["tool"])
    for kind, pattern in _KINDS:
        if pattern.search(sentence.text):
            return kind, ""
    return (ConstraintKind.OTHER, "") if sentence.section == "constraints" else (None, "")


def _subject(words: str) -> str:
    return _ARTICLE.sub("", words.strip()).replace("`", "")


def ears_pattern(text: str) -> EarsPattern | None:
    """Return which pattern of EARS a sentence follows, None when it follows none."""
    if not _OBLIGES.search(text):
        return None
    lead = next((pattern for pattern, opening in _LEADS if opening.search(text)), None)
    return lead or (EarsPattern.UBIQUITOUS if _UBIQUITOUS.search(text) else None)


def quality_requirements_in(sentences: Sequence[Sentence]) -> tuple[QualityRequirement, ...]:
    """Return the figures that the author wants quality to reach, one for each measure and sentence."""
    found = []
    for sentence in sentences:
        for measure, pattern in _QUALITY:
            hit = pattern.search(sentence.text)
            if hit is not None and not NON_GOAL.search(sentence.text):
                figure = next((group for group in hit.groups() if group), None)
                at = float(figure) if figure else None
                found.append(QualityRequirement(measure, at, sentence.text, sentence.span))
    return tuple(found)
