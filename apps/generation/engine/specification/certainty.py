"""
Which contradictions hold whatever the author meant.

Two sentences can seem to exclude each other and yet speak of two things, or of two cases. Only these are certain: the
same sentence with and without its "not", the same limits on the same thing, the same order said both ways, the same
package asked for and forbidden without a case that would tell them apart.
"""

from __future__ import annotations

import re

_NEGATION = re.compile(r"\b(must|shall|should|will|can|may|is|are)\s+(?:not|never)\b|\bcannot\b", re.IGNORECASE)
_OBLIGES = re.compile(r"\b(?:must|shall|should|will|can|may)\b", re.IGNORECASE)
_FILLER = re.compile(r"\b(?:the|a|an)\b|[^\w\s<>=+*/.-]|\.(?=\s|$)", re.IGNORECASE)
# A clause of its own, up to its comma: an obligation inside it is a case and no demand.
_CASE = re.compile(r"\b(?:if|when|whenever|unless|whether|while|where|that|which|who|whose|in case)\b", re.IGNORECASE)
_CASES = re.compile(
    r"\b(?:if|when|whenever|unless|whether|while|where|otherwise|else|except|instead|unlike|"
    r"for|during|before|after|until|in case|by default|optionally|may|can|either|or)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\bat (?P<one>least|most) (?P<low>\d{1,18})(?:\s+(?P<unit>[a-z]{3,20}))?,?\s+(?:and|but)\s+"
    r"at (?P<other>most|least) (?P<high>\d{1,18})(?:\s+(?P<same>[a-z]{3,20}))?",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"\bat (?:least|most) \d{1,18}", re.IGNORECASE)


def plain(text: str) -> str:
    """Return the words of *text* in lower case, without articles and punctuation."""
    return " ".join(_FILLER.sub(" ", text).lower().split())


def is_negation_of(one: str, other: str) -> bool:
    """
    Tell whether one of two sentences is the other with a "not" behind its verb of obligation, and nothing else differs.

    What stands in a clause of its own ("if it must not be sorted, ...") demands nothing.
    """
    negatives = [bool(_NEGATION.search(text)) for text in (one, other)]
    if negatives[0] == negatives[1] or not (_demands(one) and _demands(other)):
        return False
    return plain(_positive(one)) == plain(_positive(other))


def _positive(text: str) -> str:
    return _NEGATION.sub(lambda hit: hit.group(1) or "can", text)


def _demands(text: str) -> bool:
    hit = _OBLIGES.search(text)
    if hit is None:
        return False
    before = text[: hit.start()]
    case = max((found.end() for found in _CASE.finditer(before)), default=-1)
    return case < 0 or "," in before[case:]


def leaves_no_value(text: str) -> bool:
    """Tell whether a sentence itself asks for at least more than for at most of the same thing."""
    for hit in _BETWEEN.finditer(text):
        limits = {hit["one"].lower(): int(hit["low"]), hit["other"].lower(): int(hit["high"])}
        is_same = not hit["same"] or not hit["unit"] or hit["same"].lower() == hit["unit"].lower()
        if is_same and len(limits) == 2 and limits["least"] > limits["most"]:
            return True
    return False


def are_limits_of_one_thing(one: str, other: str) -> bool:
    """Tell whether two sentences with a limit each differ in nothing but the limit, and name no case."""
    if has_cases(one) or has_cases(other):
        return False
    return plain(_LIMIT.sub("limit", one)) == plain(_LIMIT.sub("limit", other))


def has_cases(text: str) -> bool:
    """Tell whether a sentence may hold in some cases only."""
    return _CASES.search(text) is not None
