"""Text nobody trusts, written so that Markdown shows it and does nothing with it."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
# Code between equal runs of backticks, with Sphinx' role before it: `x`, ``x``, :func:`x`.
_SPAN = re.compile(r"(?::[a-z][a-z:]{1,30}:)?(?<!`)(`+)(?!`)(.{1,400}?)(?<!`)\1(?!`)")
_SPACES = re.compile(r"\s+")


def code(text: str) -> str:
    """Return *text* as a code span; never empty."""
    line = one_line(text) or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def marked(text: str) -> str:
    """Return *text* as one line in which only code spans in backticks are kept; a role before one is left out."""
    line = one_line(text)
    parts: list[str] = []
    end = 0
    for match in _SPAN.finditer(line):
        inner = match.group(2).strip()
        if inner:
            parts += [_MARKS.sub(r"\\\1", line[end : match.start()]), code(inner)]
            end = match.end()
    return "".join([*parts, _MARKS.sub(r"\\\1", line[end:])])


def cell(text: str) -> str:
    """Return *text* as a code span inside a table, where a bar would end the cell."""
    return code(text).replace("|", "\\|")


def fence(text: str, language: str) -> str:
    """Return *text* as a fenced block that nothing in it can close."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{lines(text)}\n{ticks}"


def lines(text: str) -> str:
    """Return *text* with line feeds only: every other sign that breaks lines becomes one."""
    return "\n".join(_printable(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def one_line(text: str) -> str:
    """Return *text* on one line, without control characters, runs of space as one."""
    return _printable(_SPACES.sub(" ", text)).strip()


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\t" else "\ufffd" for letter in text)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
