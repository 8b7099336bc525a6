"""The sentences of a text: acceptance criteria, constraints, and what is out of scope."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from apps.generation.engine.specification.model import Span
from apps.generation.engine.specification.vocabulary import VAGUE_WORDS

_FENCE = re.compile(r"(?ms)^[ \t]*+(```|~~~).*?(?:^[ \t]*+\1[ \t]*+$|\Z)")
# What a program said when it failed: its last line names the exception and is no sentence of the author.
_TRACEBACK = re.compile(r"(?m)^[ \t]*+Traceback \(most recent call last\):\n(?:[ \t]++\S[^\n]*+\n)*+[^\n]*+")
_CODE_LINE = re.compile(
    r"^[ \t]*+(?:>>>|\.\.\.[ \t]|(?:async )?def \w+\s*\(|class \w+.*:|assert |@\w|import \w|from \w+ import |"
    r"\"\"\"|'''|\||Traceback \(|File \"|/\*\*|\*/|\*[ \t]+@\w|(?:export )?(?:async )?function \w+\s*\(|"
    # a row of a table without pipes around it
    r"[^|\n]{1,120}(?:[ \t]\|[ \t][^|\n]{1,120}){2,}$|:?-+:?[ \t]*+\|[ \t|:-]*+$|"
    # a line that is an example and says nothing else
    r"`?[A-Za-z_][\w.]{0,60}\([^\n]{0,300}\)`?[ \t]*+(?:==|->|=>|→)[ \t]++(?:[-\d\"'\[({]|True|False|None)"
    r"(?![^\n]*[.!?]\s+[A-Z]))"
)
_HEADING = re.compile(r"^[ \t]*+(?:#{1,6}[ \t]*+(.+?)#*|\*\*(.+?)\*\*:?|([A-Z][\w /-]{2,50}):)[ \t]*+$")
_BULLET = re.compile(r"^[ \t]*+(?:[-*+•]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
# How authors number requirements; the ids go on to tests, documents and reviews as they stand.
REQUIREMENT_ID = r"(?:R|REQ|AC|FR|NFR)[-_]?\d{1,4}"
_NUMBERED = re.compile(
    rf"^(?:\*\*)?({REQUIREMENT_ID})(?:(?:\*\*)?[ \t]*+[:.)-][ \t]*+(?:\*\*)?[ \t]*+|(?:\*\*)?[ \t]++(?=[A-Za-z`]))"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'`)]*\s+(?=[A-Za-z`\"'(])|\n[ \t]*+\n")
# What ends with a full stop that ends no sentence, unless a capital follows: "e.g. this", "max. ten", "i.e. that".
_ABBREVIATED = re.compile(
    r"(?:\b(?:etc|vs|cf|viz|approx|incl|excl|resp|max|min|avg|no|nr|fig|eq|ca|al|\w\.\w)\.|\.\.)"
    r"\s+\Z",
    re.IGNORECASE,
)
MODAL = re.compile(
    r"\b(?:must|shall|should|will|needs? to|has to|have to|is|are|returns?|raises?|accepts?|rejects?|ignores?|"
    r"keeps?|preserves?|gives?|becomes?|makes?|has|have|means?|starts?|ends?|"
    r"sorts?|removes?|counts?|computes?|contains?|produces?|supports?|throws?|yields?|never|always|can(?:not)?)\b",
    re.IGNORECASE,
)
STRONG_MODAL = re.compile(
    r"\b(?:must|shall|should|will|needs? to|has to|have to|returns?|raises?|rejects?|throws?|never|"
    r"always)\b|^given\b.*\bthen\b",
    re.I,
)
_OBSERVABLE = re.compile(
    r"\b(?:returns?|raises?|throws?|equals?|contains?|rejects?|accepts?|prints?|empty|sorted|order|unchanged|same|each|every|"
    r"all|no|not|never|always|only|first|last|at most|at least|between|zero|negative|None|True|False|error|"
    r"keeps?|removes?|ignores?|gives?|becomes?|joined|replaced|separates?d?|"
    r"(?:lower|upper) ?case|starts?|ends?)\b|\d|`|\bO\(",
    re.IGNORECASE,
)
_MEASURE = re.compile(r"\d|\bO\(")
NON_GOAL = re.compile(
    r"\b(?:out of scope|non-goals?|need not|needn't|(?:does not|do not|doesn't|don't) (?:need|have) to|"
    r"no need (?:to|for)|(?:is|are) not (?:required|needed|necessary)|not required to|not in scope)\b",
    re.I,
)
_LONGEST_ABBREVIATION = 8
_SECTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("non_goals", re.compile(r"non-?goals?|out of scope|not in scope|exclu", re.I)),
    ("constraints", re.compile(r"constraint|performance|security|compatib|dependenc|limits?\b", re.I)),
    ("examples", re.compile(r"example|signature|usage|interface", re.I)),
    ("criteria", re.compile(r"accept|criteria|requirement|behaviou?r|must|rules?\b", re.I)),
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or list item outside code, with the section it stands in and its explicit id ("" for none)."""

    text: str
    span: Span
    section: str
    is_item: bool
    label: str = ""


def sentences_in(text: str) -> tuple[Sentence, ...]:
    """Return the prose of *text* as sentences; fenced code, doctests and definitions are left out."""
    found: list[Sentence] = []
    section = ""
    for start, block in _blocks(_without_fences(text)):
        heading = _HEADING.match(block)
        if heading and "\n" not in block.strip():
            section = _section_of(next(group for group in heading.groups() if group))
            continue
        found.extend(_block_sentences(block, start, section))
    return tuple(found)


def _without_fences(text: str) -> str:
    """Blank out fenced code and tracebacks, keeping every position."""
    for code in (_FENCE, _TRACEBACK):
        text = code.sub(lambda hit: re.sub(r"[^\n]", " ", hit.group()), text)
    return text


def _section_of(heading: str) -> str:
    return next((name for name, pattern in _SECTIONS if pattern.search(heading)), "other")


def _blocks(text: str) -> Iterable[tuple[int, str]]:
    """Yield (position, block): a list item with its continuation lines, a heading, or a paragraph."""
    position, start = 0, 0
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        is_new = (
            not line.strip()
            or _BULLET.match(line)
            or _HEADING.match(line.rstrip("\n"))
            or _NUMBERED.match(line.strip())
        )
        is_code = _CODE_LINE.match(line)
        if (is_new or is_code) and lines:
            yield start, "".join(lines)
            lines = []
        if line.strip() and not is_code:
            if not lines:
                start = position
            lines.append(line)
            if _HEADING.match(line.rstrip("\n")):
                yield start, "".join(lines)
                lines = []
        position += len(line)
    if lines:
        yield start, "".join(lines)


def _block_sentences(block: str, start: int, section: str) -> Iterable[Sentence]:
    bullet = _BULLET.match(block)
    offset = bullet.end() if bullet else len(block) - len(block.lstrip())
    label = _NUMBERED.match(block[offset:])
    if label:
        offset += label.end()
    body = block[offset:]
    if bullet or label:
        yield _sentence(body, start + offset, section, True, label.group(1) if label else "")
        return
    position = 0
    for end in [*_ends(body), len(body)]:
        if body[position:end].strip():
            yield _sentence(body[position:end], start + offset + position, section, False, "")
        position = end


def _ends(body: str) -> Iterable[int]:
    """Yield where a sentence ends; before a small letter, an abbreviation ends none."""
    for hit in _SENTENCE_END.finditer(body):
        is_small = body[hit.end() : hit.end() + 1].islower() and not hit.group().startswith("\n")
        if not (is_small and _ABBREVIATED.search(body, max(0, hit.start() - _LONGEST_ABBREVIATION), hit.end())):
            yield hit.end()


def _sentence(raw: str, start: int, section: str, is_item: bool, label: str) -> Sentence:
    lead = len(raw) - len(raw.lstrip())
    stripped = raw.strip()
    return Sentence(
        " ".join(stripped.split()), Span(start + lead, start + lead + len(stripped)), section, is_item, label
    )


def is_testable(text: str, names: Collection[str] = ()) -> bool:
    """
    Tell whether some observation could show that the sentence holds: a measure, or an outcome in plain words.

    :param names: words that are names of what is to be written, and so not vague.
    """
    if any(hit.group() not in names for hit in VAGUE_WORDS.finditer(text)):
        return bool(_MEASURE.search(text))
    return bool(_OBSERVABLE.search(text))


def non_goals_in(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Return what the author leaves out on purpose."""
    return tuple(s.text for s in sentences if s.section == "non_goals" or NON_GOAL.search(s.text))
