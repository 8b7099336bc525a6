"""
How clear a specification is: five parts from 0 to 100 and their weighted mean.

======================  ======  ==================================================================================
part                    weight  what it measures
======================  ======  ==================================================================================
completeness            0.30    signature 25, types 10, examples 10 each up to 30, criteria 20, errors 10, edges 5
ambiguity               0.20    100 less 12 for each open choice and 8 for each vague word
testability             0.25    share of criteria that can be tested, times 100; half of it without any example
conflicts               0.15    100 less 50 for each contradiction
size                    0.10    100 up to 4,000 characters and 15 criteria, falling to 0 at 5 times as much
======================  ======  ==================================================================================
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from apps.generation.engine.specification.draft import Draft
from apps.generation.engine.specification.model import Clarity, IssueKind, SpecIssue

COMFORTABLE_CHARACTERS = 4_000
COMFORTABLE_CRITERIA = 15
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+([^\n]{1,80})$")
_WEIGHTS = {"completeness": 0.30, "ambiguity": 0.20, "testability": 0.25, "conflicts": 0.15, "size": 0.10}


def clarity_of(draft: Draft, issues: Sequence[SpecIssue]) -> Clarity:
    """Rate a specification; an empty one rates 0 in every part."""
    if not draft.text.strip():
        return Clarity(0, 0, 0, 0, 0, 0)
    kinds = Counter(issue.kind for issue in issues)
    parts = {
        "completeness": _completeness(draft, kinds),
        "ambiguity": _clamp(100 - 12 * kinds[IssueKind.AMBIGUITY] - 8 * kinds[IssueKind.VAGUE]),
        "testability": _testability(draft),
        "conflicts": _clamp(100 - 50 * kinds[IssueKind.CONTRADICTION]),
        "size": _size(draft),
    }
    score = round(sum(_WEIGHTS[name] * value for name, value in parts.items()))
    return Clarity(score=score, **parts)


def _completeness(draft: Draft, kinds: Counter[IssueKind]) -> int:
    function = next((f for f in draft.functions if f.name == draft.entry), None)
    is_declared = not draft.is_signature_inferred and bool(draft.functions or draft.classes)
    is_typed = function is not None and bool(function.returns) and all(p.annotation for p in function.parameters)
    points = 25 * is_declared + 10 * (is_typed or bool(draft.classes)) + min(30, 10 * len(draft.examples))
    points += (
        20 * bool(draft.criteria) + 10 * (not kinds[IssueKind.MISSING_ERROR]) + 5 * (not kinds[IssueKind.MISSING_EDGE])
    )
    return _clamp(points)


def _testability(draft: Draft) -> int:
    if not draft.criteria:
        return 60 if draft.examples else 0
    share = sum(criterion.is_testable for criterion in draft.criteria) / len(draft.criteria)
    return _clamp(round(100 * share * (1.0 if draft.examples else 0.5)))


def _size(draft: Draft) -> int:
    load = max(len(draft.text) / COMFORTABLE_CHARACTERS, len(draft.criteria) / COMFORTABLE_CRITERIA)
    return _clamp(round(100 - max(0.0, load - 1) * 25))


def _clamp(value: int) -> int:
    return max(0, min(100, value))


def size_warning_of(draft: Draft) -> str | None:
    """Return a sentence with a proposed split when the specification is more than one change, else None."""
    subjects = [outline.name for outline in draft.classes] + [f.name for f in draft.functions if not f.is_method]
    is_long = len(draft.text) > 2 * COMFORTABLE_CHARACTERS or len(draft.criteria) > COMFORTABLE_CRITERIA
    if len(subjects) > 3:
        return (
            f"This asks for {len(subjects)} things; consider one specification for each of {', '.join(subjects[:8])}."
        )
    if is_long:
        return (
            f"This is long ({len(draft.text)} characters, {len(draft.criteria)} criteria); "
            f"consider {_split(draft)}, each delivered on its own."
        )
    return None


def _split(draft: Draft) -> str:
    """Propose parts: the headings that hold criteria, else runs of criteria in their order."""
    headings = [(hit.start(), hit.group(1).strip()) for hit in _HEADING.finditer(draft.text)]
    used = [
        name
        for (start, name), (end, _) in pairwise([*headings, (len(draft.text), "")])
        if any(start <= criterion.span.start < end for criterion in draft.criteria)
    ]
    if len(used) > 1:
        return f"one specification for each of “{'”, “'.join(used[:6])}”"
    ids = [criterion.id for criterion in draft.criteria]
    if len(ids) < 2:
        return "two specifications"
    half = min(COMFORTABLE_CRITERIA, (len(ids) + 1) // 2)
    runs = [ids[start : start + half] for start in range(0, len(ids), half)]
    return "a specification for " + " and one for ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 1 else run[0] for run in runs[:6]
    )
