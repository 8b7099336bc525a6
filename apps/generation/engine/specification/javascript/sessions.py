"""How a text shows a class of JavaScript at work: statements in a block or on a line, chains from ``new Name(…)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from apps.core.javascript.trees import fault_of
from apps.core.javascript.values import NotALiteral, literal_value
from apps.generation.engine.specification.literals import Budget, balanced_end
from apps.generation.engine.specification.model import Span, SpecExample

MAX_STATEMENTS = 400
RESULT = "result"
_FENCE = re.compile(r"```[ \t]*(?:[mc]?[jt]s|javascript|typescript)\b[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_NOTE = re.compile(
    r"(?://[ \t]*+(?:->|=>|→|⇒|➞|==+|returns?)?|->|→|⇒|➞|===|(?<=\))[ \t]*+`?[ \t]*+\breturns?\b)[ \t]*+`?(.+)$"
)
_THROWN = re.compile(
    r"(?<![ \t])[ \t]*+(?://[ \t]*+)?`?[ \t]*+(?:->|=>|→)?[ \t]*+\bthrows?[ \t]+(?:an?[ \t]+)?`?([A-Z]\w*)`?\.?$"
)
_TAIL = re.compile(r"\.[A-Za-z_$][\w$]*(?=\()|\.[A-Za-z_$][\w$]*|(?=\[)")
_TYPE_ARGUMENTS = re.compile(r"(\bnew[ \t]+[A-Za-z_$][\w$]*)<[^()\n]{1,80}>(?=\()")
_BINDING = re.compile(r"(?:const|let|var)\s")
_QUOTES = "'\"`"
Outcome = tuple[object, str | None, int]
OutcomeAt = Callable[[str, int, Budget], Outcome | None]


def session_examples(text: str, classes: Sequence[str]) -> Iterator[SpecExample]:
    """Return the judged statements of fenced blocks, and of lines outside of them that begin a session."""
    if not classes:
        return
    blocks = [(hit.start(1), hit.end(1)) for hit in _FENCE.finditer(text)]
    for start, end in blocks:
        yield from _block(text, start, end, classes)
    names = "|".join(map(re.escape, classes))
    begin = re.compile(rf"(?:const|let|var)\s+[\w$]+\s*=\s*(?:await\s+)?new\s+(?:{names})(?:<[^()\n]{{1,80}}>)?\(")
    position = 0
    while (hit := begin.search(text, position)) is not None:
        blank = re.compile(r"\n[ \t]*(?:\n|\Z)|\Z").search(text, hit.end())
        position = blank.start() if blank is not None else len(text)
        if not any(start <= hit.start() < end for start, end in blocks):
            yield from _block(text, hit.start(), position, classes)


def chain_examples(text: str, classes: Sequence[str], outcome_at: OutcomeAt, budget: Budget) -> Iterator[SpecExample]:
    """Return what ``new Basket().add(2).total() -> 2`` shows; the object is made in a step of its own."""
    if not classes:
        return
    for hit in re.finditer(rf"(?<![\w$=][ \t])\bnew[ \t]+({'|'.join(map(re.escape, classes))})(?=\()", text):
        made = balanced_end(text, hit.end(), budget)
        end = _chain_end(text, made, budget) if made is not None else None
        outcome = outcome_at(text, end, budget) if end is not None and end != made else None
        if outcome is not None and made is not None:
            expected, raises, stop = outcome
            step = f"const {RESULT} = {text[hit.start() : made]}"
            call = f"{RESULT}{text[made:end]}"
            yield SpecExample(
                call, hit[1], expected=expected, raises=raises, span=Span(hit.start(), stop), steps=(step,)
            )


def _chain_end(text: str, end: int, budget: Budget) -> int | None:
    while (tail := _TAIL.match(text, end)) is not None:
        end = tail.end()
        if text[end : end + 1] in ("(", "["):
            further = balanced_end(text, end, budget)
            if further is None:
                return None
            end = further
    return end


def _block(text: str, start: int, end: int, classes: Sequence[str]) -> Iterator[SpecExample]:
    steps: list[str] = []
    at = start
    for line in text[start:end].splitlines(keepends=True)[:MAX_STATEMENTS]:
        for first, last in _statements(line):
            yield from _judged(line[first:last], at + first, steps, classes)
        at += len(line)


def _statements(line: str) -> Iterator[tuple[int, int]]:
    """Split at semicolons outside of brackets and quotes; a comment goes to the end of its line."""
    depth, quote, first = 0, "", 0
    whole = len(line.rstrip())
    for at, character in enumerate(line[:whole]):
        if quote:
            quote = "" if character == quote and line[at - 1] != "\\" else quote
        elif line.startswith("//", at):
            break
        elif character in _QUOTES and (character != "`" or line.count("`", at) > 1):
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ";" and depth == 0 and not re.match(r"[ \t]*(?://|$)", line[at + 1 : whole]):
            yield first, at
            first = at + 1
    yield first, whole


def _judged(source: str, at: int, steps: list[str], classes: Sequence[str]) -> Iterable[SpecExample]:
    thrown = _THROWN.search(source) if steps else None
    note = None if thrown is not None else _NOTE.search(source)
    mark = thrown or note
    written = (source[: mark.start()] if mark else source).strip().strip("`").rstrip(";").strip()
    code = _TYPE_ARGUMENTS.sub(r"\1", written)
    if not code or fault_of(code) is not None:
        return
    is_binding = _BINDING.match(code) is not None
    value, is_judged = (None, thrown is not None) if note is None else _value(note[1])
    used = "\n".join((*steps, code))
    subject = next((name for name in classes if re.search(rf"\b{re.escape(name)}[(.]", used)), "")
    if is_judged and not is_binding and subject and steps:
        span = Span(at, at + len(source.rstrip()))
        raises = thrown[1] if thrown is not None else None
        yield SpecExample(code, subject, expected=value, raises=raises, span=span, steps=tuple(steps))
    if thrown is not None:
        steps.append(f"try {{ {code} }} catch {{}}")
    elif is_binding or not is_judged or "(" in code:
        steps.append(code)


def _value(written: str) -> tuple[object, bool]:
    try:
        return literal_value(written.strip().rstrip(".").rstrip("`").strip()), True
    except NotALiteral:
        return None, False
