"""Source code as highlighted lines, and two sources as the lines of a diff."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from apps.core.lines import Spans, block_changes, line_matcher

LineKind = Literal["same", "add", "del", "gap", "fold"]


@dataclass(frozen=True)
class Line:
    """One line of code: its number in the file (None for gaps and folds), what happened to it, its highlighted HTML."""

    number: int | None
    kind: LineKind
    html: SafeString


def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False, ensurenl=False)


def _css_class(token: _TokenType) -> str:
    while token not in STANDARD_TYPES and token.parent is not None:
        token = token.parent
    name: str = STANDARD_TYPES.get(token, "")
    return name


def split_lines(source: str) -> list[str]:
    """Return the lines of ``source`` as every function here counts them: by line feed, without a last empty one."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def _lines_of(text: str) -> list[str]:
    """Return the lines that a diff compares: an empty text has none, as a file that is not there."""
    return split_lines(text) if text else []


def highlight_lines(source: str, language: str = "python") -> list[SafeString]:
    """
    Return the lines of ``source`` as HTML with Pygments' short classes; every span ends on its own line.

    A language Pygments does not know comes back escaped and plain.
    """
    return [_html(parts, ()) for parts in _parts(source, language)]


_Part = tuple[str, str]  # a CSS class, "" for none, and text


def _parts(source: str, language: str) -> list[list[_Part]]:
    lines: list[list[_Part]] = [[]]
    for token, text in _lexer(language).get_tokens("\n".join(split_lines(source))):
        name = _css_class(token)
        for position, part in enumerate(text.split("\n")):
            if position:
                lines.append([])
            if part:
                lines[-1].append((name, part))
    return lines


def _html(parts: Sequence[_Part], changed: Spans) -> SafeString:
    """Return a line as HTML, with the characters of *changed* marked, whatever tokens they cut."""
    found: list[str] = []
    start = 0
    for name, text in parts:
        for piece, is_changed in _cut(text, start, changed):
            names = " ".join(one for one in (name, "changed" if is_changed else "") if one)
            found.append(f'<span class="{names}">{escape(piece)}</span>' if names else escape(piece))
        start += len(text)
    return mark_safe("".join(found))  # noqa: S308  # every part was escaped above


def _cut(text: str, start: int, changed: Spans) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of *text*, which begins at *start* of its line, and whether each is changed."""
    at = 0
    for first, last in changed:
        low, high = max(first - start, at), min(last - start, len(text))
        if low >= high:
            continue
        if low > at:
            yield text[at:low], False
        yield text[low:high], True
        at = high
    if at < len(text):
        yield text[at:], False


def code_lines(source: str, language: str = "python") -> list[Line]:
    """Return ``source`` as numbered lines."""
    return [Line(number, "same", html) for number, html in enumerate(highlight_lines(source, language), start=1)]


def diff_columns(before: str, after: str, language: str = "python") -> tuple[list[Line], list[Line]]:
    """
    Return two columns of equal length, aligned line by line.

    A line that only one side has faces a gap on the other.
    """
    left: list[Line] = []
    right: list[Line] = []
    gap = Line(None, "gap", mark_safe(""))  # an empty constant
    for block in _blocks(before, after, language):
        left += block.left
        right += block.right
        height = max(len(left), len(right))
        left += [gap] * (height - len(left))
        right += [gap] * (height - len(right))
    return left, right


@dataclass(frozen=True)
class _Block:
    """Lines that follow each other on both sides: the same, or what took the place of what."""

    is_same: bool
    left: list[Line]
    right: list[Line]


def _blocks(before: str, after: str, language: str) -> Iterator[_Block]:
    """Yield two texts block by block; in lines that took each other's place what changed is marked."""
    old, new = _lines_of(before), _lines_of(after)
    old_parts, new_parts = _parts(before, language), _parts(after, language)
    for tag, i, i_end, j, j_end in line_matcher(old, new).get_opcodes():
        is_same = tag == "equal"
        gone, come = ({}, {}) if is_same else block_changes(old[i:i_end], new[j:j_end])
        yield _Block(
            is_same,
            [
                Line(n + 1, "same" if is_same else "del", _html(old_parts[n], gone.get(n - i, ())))
                for n in range(i, i_end)
            ],
            [
                Line(n + 1, "same" if is_same else "add", _html(new_parts[n], come.get(n - j, ())))
                for n in range(j, j_end)
            ],
        )


def folded(columns: tuple[list[Line], list[Line]], *, context: int = 3) -> tuple[list[Line], list[Line]]:
    """
    Return two aligned columns with only the changes and ``context`` lines around each.

    Where two lines or more are left out, one line on either side says how many.
    """
    left, right = columns
    changed = [row for row, line in enumerate(left) if line.kind != "same" or right[row].kind != "same"]
    shown = {row + step for row in changed for step in range(-context, context + 1)}
    short: tuple[list[Line], list[Line]] = ([], [])
    row = 0
    while row < len(left):
        end = next((later for later in range(row, len(left)) if later in shown), len(left))
        if end - row > 1:
            fold = Line(None, "fold", format_html("{} lines are the same", end - row))
            short[0].append(fold)
            short[1].append(fold)
            row = end
        else:
            short[0].append(left[row])
            short[1].append(right[row])
            row += 1
    return short


def changed_count(before: str, after: str) -> int:
    """Return how many lines a page shows as added or removed; all lines of a file that was not there *before*."""
    if not before:
        return len(split_lines(after))
    opcodes = line_matcher(split_lines(before), split_lines(after)).get_opcodes()
    return sum(stop - start + end - begin for tag, start, stop, begin, end in opcodes if tag != "equal")


def only_lines(lines: Sequence[Line], *, after: Container[int], before: Container[int]) -> list[Line]:
    """
    Return one column with only the lines of some numbers; a line in place of each gap says how many are left out.

    Removed lines are looked up in *before*, all others in *after*.
    """
    kept: list[Line] = []
    out = 0
    for line in lines:
        if line.number is not None and line.number in (before if line.kind == "del" else after):
            kept += [_left_out(out)] if out else []
            kept.append(line)
            out = 0
        else:
            out += 1
    return [*kept, _left_out(out)] if out else kept


def _left_out(count: int) -> Line:
    words = "1 line is not shown" if count == 1 else f"{count} lines are not shown"
    return Line(None, "fold", escape(words))


def diff_lines(before: str, after: str, language: str = "python") -> list[Line]:
    """Return one column: removed lines with their old number, then added lines with their new number."""
    lines: list[Line] = []
    for block in _blocks(before, after, language):
        lines += block.right if block.is_same else [*block.left, *block.right]
    return lines
