"""
What keeps a specification from being submitted, each with the rule in words.

Three rules, and nothing that is only suspicious: it contradicts itself for certain; nothing in it could be checked; it
is larger than one change. The places are spans of its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.generation.engine.specification import IssueKind, Span, Specification, SpecIssue
from apps.generation.engine.specification.clarity import COMFORTABLE_CHARACTERS, COMFORTABLE_CRITERIA
from apps.generation.engine.specification.prose import NON_GOAL, is_testable, sentences_in

# Where the part "size" of the clarity score reaches 0.
MAX_SUBMITTED_CHARACTERS = 5 * COMFORTABLE_CHARACTERS
MAX_CRITERIA = 5 * COMFORTABLE_CRITERIA
CONTRADICTION = "specification.contradiction"
NOTHING_TO_CHECK = "specification.nothing_to_check"
TOO_LARGE = "specification.too_large"
RULES = {
    CONTRADICTION: "A specification that contradicts itself is not submitted: no code could meet it.",
    NOTHING_TO_CHECK: "A specification needs one example, or one sentence that says what can be observed.",
    TOO_LARGE: f"A specification has at most {MAX_SUBMITTED_CHARACTERS:,} characters and {MAX_CRITERIA} criteria.",
}
_DOCSTRING = re.compile(r"(?s)(?:\"{3}|'{3})(.{1,4000}?)(?:\"{3}|'{3})")
_CODE = re.compile(r"`[^`\n]*`|(?m:^[ \t]*(?:def|class|function|async|export)\b.*$)|\b\w+\([^)\n]*\)[^.\n]*")


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason not to submit: what is wrong and where, and what would help. ``rule`` is the rule that it breaks."""

    code: str
    message: str
    remedy: str
    span: Span | None = None

    @property
    def rule(self) -> str:
        """The rule in words."""
        return RULES[self.code]

    @property
    def may_be_denied(self) -> bool:
        """Whether the author may say that it is not so."""
        return self.code == CONTRADICTION


def blockers_in(specification: Specification) -> tuple[Blocker, ...]:
    """Return what keeps *specification* from being submitted, contradictions first, in reading order."""
    found = [
        Blocker(CONTRADICTION, one.message, one.question, one.span) for one in contradictions_certain(specification)
    ]
    if not is_checkable(specification):
        found.append(Blocker(NOTHING_TO_CHECK, "Nothing here could be checked.", _what_to_add(specification)))
    if _is_too_large(specification):
        found.append(Blocker(TOO_LARGE, _size(specification), specification.size_warning or "Split it."))
    return tuple(found)


def contradictions_certain(specification: Specification) -> tuple[SpecIssue, ...]:
    """Return the contradictions that no reading of the text resolves."""
    return tuple(one for one in specification.issues if one.kind is IssueKind.CONTRADICTION and one.is_certain)


def is_checkable(specification: Specification) -> bool:
    """
    Tell whether anything in the text could be checked.

    One example is enough, or one criterion that can be tested, or one sentence (of the text or of a docstring in it)
    outside code and outside what is out of scope that says what can be observed.
    """
    if specification.examples or any(criterion.is_testable for criterion in specification.criteria):
        return True
    sentences = [one.text for one in sentences_in(specification.text) if one.section != "non_goals"]
    documented = [line for hit in _DOCSTRING.finditer(specification.text) for line in hit[1].splitlines()]
    return any(is_testable(_CODE.sub(" ", one)) for one in (*sentences, *documented) if not NON_GOAL.search(one))


def _what_to_add(specification: Specification) -> str:
    call = f"{specification.entry}(...) == ..." if specification.entry else "slug('A b') == 'a-b'"
    return f"Add an example such as {call}, or a sentence such as: It returns 0 for an empty list."


def _is_too_large(specification: Specification) -> bool:
    return len(specification.text) > MAX_SUBMITTED_CHARACTERS or len(specification.criteria) > MAX_CRITERIA


def _size(specification: Specification) -> str:
    return f"This has {len(specification.text):,} characters and {len(specification.criteria)} criteria."
