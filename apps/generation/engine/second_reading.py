"""
What a model says about a specification, beside what the rules say: asked for as JSON, trusted in nothing.

The text is fenced as data (``prompts.fence_data``). Of the answer only findings count that are of a known kind and
quote words which stand in the text, so that each has a place and nothing is made up around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from apps.generation.engine.prompts import DATA_RULE, fence_data
from apps.generation.engine.secrets import redact
from apps.generation.engine.specification.model import IssueKind, Span, Specification, SpecIssue

MAX_FINDINGS = 10
MAX_SHOWN = 6_000  # characters of the text; a local model reads 4,096 tokens, its answer included
_MAX_ANSWER = 60_000
_LONGEST = 300
_KINDS = (
    IssueKind.AMBIGUITY,
    IssueKind.CONTRADICTION,
    IssueKind.VAGUE,
    IssueKind.MISSING_ERROR,
    IssueKind.MISSING_EDGE,
    IssueKind.UNTESTABLE,
)
_SYSTEM = (
    "You read specifications of code for a careful engineering team and say what two readers would understand "
    "differently. You write no code. " + DATA_RULE
)
_ASK = (
    "Answer with one JSON array and nothing else, of at most {count} objects, the most important first; [] when "
    'nothing is open. Each object has "kind" (one of {kinds}), "quote" (words copied from the specification, at most '
    '100 characters), "message" (what is wrong, one sentence), "question" (to the author) and "suggestion" (an answer '
    "that the author could accept). Do not repeat what is known already:\n{known}"
)


class NotAReading(ValueError):
    """The answer is not what was asked for; the message says how."""


def reading_messages(specification: Specification) -> tuple[tuple[str, str], ...]:
    """Return (role, content) pairs that ask for open questions; secrets in the text are struck out."""
    shown = redact(specification.text[:MAX_SHOWN]).text
    known = "\n".join(f"- {issue.message}" for issue in specification.issues[:MAX_FINDINGS]) or "- nothing"
    ask = _ASK.format(
        count=MAX_FINDINGS,
        kinds=", ".join(kind.value for kind in _KINDS),
        known=fence_data(redact(known).text, "known"),
    )
    return (("system", _SYSTEM), ("user", f"{fence_data(shown, 'specification')}\n\n{ask}"))


def findings_in(answer: str, text: str) -> tuple[SpecIssue, ...]:
    """
    Return the findings of a model's *answer* about *text*, each once, at most :data:`MAX_FINDINGS`.

    :raises NotAReading: the answer holds no JSON array of objects.
    """
    start, end = answer.find("["), answer.rfind("]")
    if start < 0 or end < start:
        raise NotAReading("The model's answer holds no list of findings.")
    if end - start > _MAX_ANSWER:
        raise NotAReading("The model's answer is too long to be a list of findings.")
    try:
        items = json.loads(answer[start : end + 1])
    except (ValueError, RecursionError) as error:
        raise NotAReading("The model's answer is no JSON.") from error
    found = (_finding(item, text) for item in items if isinstance(item, dict))
    different = {(one.span, one.kind): one for one in reversed([one for one in found if one is not None])}
    return tuple(reversed(different.values()))[:MAX_FINDINGS]


def _finding(item: Mapping[str, Any], text: str) -> SpecIssue | None:
    kind = next((kind for kind in _KINDS if kind.value == item.get("kind")), None)
    message, question = _sentence(item.get("message")), _sentence(item.get("question"))
    span = _place(item.get("quote"), text)
    if kind is None or span is None or not message or not question:
        return None
    return SpecIssue(kind, span, message, question, _sentence(item.get("suggestion")))


def _sentence(value: object) -> str:
    """One line of plain text; what cannot be printed is left out."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * _LONGEST].split())
    return "".join(character for character in line if character.isprintable())[:_LONGEST]


def _place(quote: object, text: str) -> Span | None:
    """Return where the quoted words stand, whatever white space is between them."""
    words = quote[:_LONGEST].split() if isinstance(quote, str) else []
    hit = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return Span(hit.start(), hit.end()) if hit else None
