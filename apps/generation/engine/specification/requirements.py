"""Acceptance criteria, constraints by kind, figures that quality must reach, and the EARS pattern of a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import count

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
_FORBIDDEN_NAME = _any_of(
    r"(?P<banned>`?[A-Za-z][\w.-]{0,40}`?) (?:is|are) (?:forbidden|banned|prohibited|not allowed|not permitted)",
    r"\bno (?:use of )?(?P<dangerous>`?(?:eval|exec|pickle|subprocess|ctypes)`?)(?![\w-])",
)
_FURTHER = re.compile(
    r"(?:\s*,(?:\s*(?:or|nor|and))?|\s+(?:or|nor|and))\s+(`?[A-Za-z][\w.-]{0,40}`?)"
    r"(?=\s*(?:[.;,]|$|\s(?:or|nor|and)\b))"
)
_JOINS = _any_of(r"\b(?:or|nor|and)\b")
_REQUIRES = _any_of(
    r"\b(?:must|shall|should|has to|needs to)\s+(?:use|import|depend on|rely on|be (?:built|based) on)\s+"
    + _DEPENDENCY,
    r"\buse\s+(?P<tool>(?:the\s+)?`[\w.-]{1,40}`(?:\s+(?:library|package|module|framework|client))?)",
    r"\brequires\s+(?:the\s+)?(?P<needed>`[\w.-]{1,40}`)",
)
_KINDS = (
    (
        ConstraintKind.PERFORMANCE,
        _any_of(
            r"\bO\([^)\n]{1,20}\)",
            r"\b(?:time|space|memory) complexity\b|\bin (?:constant|linear|logarithmic) (?:time|space)\b|\bin place\b",
            r"\b(?:within|under|at most|less than|below|in)\s+\d[\d.,]{0,9}\s?"
            r"(?:ms|milliseconds?|s|seconds?|minutes?|[kmg]i?b|(?:kilo|mega|giga)?bytes)\b",
            r"\b(?:exceed|exceeds|exceeding|more than|over|above)\s+\d[\d.,]{0,9}\s?"
            r"(?:ms|milliseconds?|seconds?|minutes?|[kmg]i?b|(?:kilo|mega|giga)?bytes)\b",
            r"\b\d[\d.,]{0,9}\s?(?:requests?|calls?|items?) (?:per|a|each) second\b|\blatency\b|\bthroughput\b",
            r"\b\d[\d.,]{0,9}\s?(?:rps|qps|req/s)\b",
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
_LABELLED = re.compile(r"(performance|security|compatibility)\s*+:\s", re.IGNORECASE)
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
_PERCENT = r"(\d{1,3}(?:\.\d+)?)\s?(?:%|per ?cent\b)"
_BELOW = _any_of(r"\b(?:below|under|less than|lower than|smaller than)\s*$", r"<\s*$")
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


def criteria_in(sentences: Sequence[Sentence], names: Collection[str] = ()) -> tuple[Criterion, ...]:
    """
    Return the acceptance criteria.

    List items are criteria wherever they stand, unless their section says otherwise; without any, the sentences that
    oblige or promise something are. Ids that the author wrote (``R3:``) are kept when they are unique. What forbids or
    requires a dependency can be tested by looking at the imports.

    :param names: functions, parameters and classes of the text, whose names are no vague words.
    """
    eligible = [s for s in sentences if s.section not in ("non_goals", "examples") and not NON_GOAL.search(s.text)]
    items = [s for s in eligible if s.is_item and (s.label or s.section == "criteria" or MODAL.search(s.text))]
    chosen = items or [s for s in eligible if STRONG_MODAL.search(s.text) and len(s.text) > 12]
    ids = _ids([s.label for s in chosen])
    return tuple(
        Criterion(own, one.text, one.span, ears_pattern(one.text), _is_testable(one, names))
        for own, one in zip(ids, chosen, strict=True)
    )


def _is_testable(sentence: Sentence, names: Collection[str]) -> bool:
    kinds = {kind for kind, _ in _kinds_of(sentence)}
    return is_testable(sentence.text, names) or not kinds.isdisjoint(
        {ConstraintKind.FORBIDDEN, ConstraintKind.REQUIRED}
    )


def _ids(labels: Sequence[str]) -> list[str]:
    """Return an id for each criterion: the author's where it stands for the first time, else the next free number."""
    taken: set[str] = set(labels)
    free = (f"R{number}" for number in count(1) if f"R{number}" not in taken)
    seen: set[str] = set()
    ids = []
    for label in labels:
        ids.append(label if label and label not in seen else next(free))
        seen.add(label)
    return ids


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
        found += [Constraint(kind, sentence.text, sentence.span, subject) for kind, subject in _kinds_of(sentence)]
    return tuple(found)


def _kinds_of(sentence: Sentence) -> list[tuple[ConstraintKind, str]]:
    """Return each kind of constraint that a sentence states, with the dependencies that it forbids or requires."""
    text = sentence.text
    found = [(ConstraintKind.FORBIDDEN, name) for name in _named(_FORBIDS, text)]
    found += [(ConstraintKind.REQUIRED, name) for name in _named(_REQUIRES, text) if not found]
    labelled = _LABELLED.match(text)
    if labelled is not None and not found:
        return [(ConstraintKind(labelled.group(1).lower()), "")]
    found += [(ConstraintKind.FORBIDDEN, name) for name in _named(_FORBIDDEN_NAME, text) if not found]
    found += [(kind, "") for kind, pattern in _KINDS if not found and pattern.search(text)]
    if not found and sentence.section == "constraints":
        return [(ConstraintKind.OTHER, "")]
    return found


def _named(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return what a sentence names where *pattern* finds something, with what is listed behind it."""
    hit = pattern.search(text)
    if hit is None:
        return []
    groups = hit.groupdict()
    if groups.pop("only", None):
        return [NOT_STANDARD]
    listed: list[str] = []
    place = hit.end()
    while (further := _FURTHER.match(text, place)) is not None:
        listed.append(further[1])
        place = further.end()
    is_list = _JOINS.search(text, hit.end(), place) is not None
    names = [next(name for name in groups.values() if name), *(listed if is_list else ())]
    return [_subject(name) for name in names]


def _subject(words: str) -> str:
    return _ARTICLE.sub("", words.strip()).replace("`", "").rstrip(".")


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
                found.append(QualityRequirement(measure, _figure(measure, hit), sentence.text, sentence.span))
    return tuple(found)


def _figure(measure: str, hit: re.Match[str]) -> float | None:
    """Return the figure that is asked for; what must stay below a whole number may be one less."""
    place = next((number for number, group in enumerate(hit.groups(), 1) if group), None)
    if place is None:
        return None
    at = float(hit[place])
    is_open = measure == "complexity" and _BELOW.search(hit.string[hit.start() : hit.start(place)]) is not None
    return at - 1 if is_open else at
