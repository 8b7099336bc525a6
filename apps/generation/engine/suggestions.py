"""Findings as a person works them off: each under a key that stays, with what accepting its suggestion would write."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.generation.engine.specification import Criterion, IssueKind, Specification, SpecIssue

# Of these the suggestion is a sentence that settles the finding; of the others it is advice.
_SETTLED_BY_A_SENTENCE = frozenset({IssueKind.MISSING_ERROR, IssueKind.MISSING_EDGE, IssueKind.AMBIGUITY})
# What would decide most of what is written comes first.
_IMPACT = (
    IssueKind.CONTRADICTION,
    IssueKind.CONFIDENTIAL,
    IssueKind.LANGUAGE,
    IssueKind.NO_SIGNATURE,
    IssueKind.NO_EXAMPLE,
    IssueKind.AMBIGUITY,
    IssueKind.MISSING_ERROR,
    IssueKind.MISSING_EDGE,
    IssueKind.UNTESTABLE,
    IssueKind.VAGUE,
)
_PLACEHOLDER = re.compile(r"\b(?:def|function) name\(|\.\.\.")
_BULLET = re.compile(r"[ \t]*(?:[-*+•]|(?P<number>\d{1,3})(?P<mark>[.)]))[ \t]+")
_ITEM = re.compile(rf"(?:{_BULLET.pattern})|[ \t]*[A-Z]{{1,3}}[-_]?\d{{1,4}}[ \t]*[:.)-]")


@dataclass(frozen=True, slots=True)
class Finding:
    """
    An issue under ``key``, the same for the same words in whichever version of a text.

    ``insert`` is what accepting its suggestion writes at the character ``at``, "" where the suggestion is advice.
    """

    key: str
    issue: SpecIssue
    insert: str = ""
    at: int = 0


def findings_of(specification: Specification) -> tuple[Finding, ...]:
    """Return the issues of *specification* in their order, each with what accepting it would do."""
    text = specification.text
    found = []
    for issue in specification.issues:
        sentence = _sentence(issue)
        insert, at = _placed(sentence, text, specification.criteria) if sentence else ("", 0)
        found.append(Finding(_key(issue, text), issue, insert, at))
    return tuple(found)


def by_impact(findings: Sequence[Finding]) -> list[Finding]:
    """Return *findings* with those first whose answer decides most, in reading order among their like."""
    ranks = {kind: rank for rank, kind in enumerate(_IMPACT)}
    return sorted(findings, key=lambda one: (not one.issue.is_certain, ranks.get(one.issue.kind, len(ranks))))


def accepted(specification: Specification, key: str) -> str:
    """Return the text with the suggestion of the finding *key* in it; unchanged where there is none to write."""
    finding = next((one for one in findings_of(specification) if one.key == key), None)
    if finding is None:
        return specification.text
    return specification.text[: finding.at] + finding.insert + specification.text[finding.at :]


def _key(issue: SpecIssue, text: str) -> str:
    said = f"{issue.kind}\n{issue.message}\n{text[issue.span.start : issue.span.end]}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _sentence(issue: SpecIssue) -> str:
    if issue.kind in _SETTLED_BY_A_SENTENCE:
        return issue.suggestion
    is_signature = issue.kind is IssueKind.NO_SIGNATURE and not _PLACEHOLDER.search(issue.suggestion)
    return f"Write `{issue.suggestion}`." if is_signature and issue.suggestion else ""


def _placed(sentence: str, text: str, criteria: Sequence[Criterion]) -> tuple[str, int]:
    """Return what to write and where: behind the last criterion of a list as another item, else at the end."""
    for criterion in reversed(criteria):
        start = text.rfind("\n", 0, criterion.span.start) + 1
        item = _ITEM.match(text, start)
        if item is None or item.end() > criterion.span.end:
            continue
        end = text.find("\n", criterion.span.end)
        return f"\n{_next_bullet(item)}{sentence}", len(text) if end < 0 else end
    at = len(text.rstrip())
    return f"\n\n{sentence}" if at else sentence, at


def _next_bullet(item: re.Match[str]) -> str:
    if item["number"]:
        return f"{int(item['number']) + 1}{item['mark']} "
    return item.group() if _BULLET.fullmatch(item.group()) else "- "
