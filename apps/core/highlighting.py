"""Source code as highlighted lines, and two sources as the lines of a diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from apps.core.lines import line_matcher

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


def highlight_lines(source: str, language: str = "python") -> list[SafeString]:
    """
    Return the lines of ``source`` as HTML with Pygments' short classes; every span ends on its own line.

    A language Pygments does not know comes back escaped and plain.
    """
    lines: list[list[str]] = [[]]
    for token, text in _lexer(language).get_tokens("\n".join(split_lines(source))):
        name = _css_class(token)
        for position, part in enumerate(text.split("\n")):
            if position:
                lines.append([])
            if part:
                lines[-1].append(f'<span class="{name}">{escape(part)}</span>' if name else escape(part))
    return [mark_safe("".join(parts)) for parts in lines]  # noqa: S308  # every part was escaped above


def code_lines(source: str, language: str = "python") -> list[Line]:
    """Return ``source`` as numbered lines."""
    return [Line(number, "same", html) for number, html in enumerate(highlight_lines(source, language), start=1)]


def diff_columns(before: str, after: str, language: str = "python") -> tuple[list[Line], list[Line]]:
    """
    Return two columns of equal length, aligned line by line.

    A line that only one side has faces a gap on the other.
    """
    left_html, right_html = highlight_lines(before, language), highlight_lines(after, language)
    left: list[Line] = []
    right: list[Line] = []
    gap = Line(None, "gap", mark_safe(""))  # an empty constant
    matcher = line_matcher(split_lines(before), split_lines(after))
    for tag, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        same = tag == "equal"
        left += [Line(i + 1, "same" if same else "del", left_html[i]) for i in range(left_from, left_to)]
        right += [Line(j + 1, "same" if same else "add", right_html[j]) for j in range(right_from, right_to)]
        height = max(len(left), len(right))
        left += [gap] * (height - len(left))
        right += [gap] * (height - len(right))
    return left, right


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


def diff_lines(before: str, after: str, language: str = "python") -> list[Line]:
    """Return one column: removed lines with their old number, then added lines with their new number."""
    left_html, right_html = highlight_lines(before, language), highlight_lines(after, language)
    lines: list[Line] = []
    matcher = line_matcher(split_lines(before), split_lines(after))
    for tag, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        if tag == "equal":
            lines += [Line(j + 1, "same", right_html[j]) for j in range(right_from, right_to)]
        else:
            lines += [Line(i + 1, "del", left_html[i]) for i in range(left_from, left_to)]
            lines += [Line(j + 1, "add", right_html[j]) for j in range(right_from, right_to)]
    return lines
