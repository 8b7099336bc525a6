"""Lines and indentation of pieces of code."""

from __future__ import annotations

import re


def file_lines(text: str) -> list[str]:
    """
    Return the lines of a file with their ends, split at line feeds only.

    So does git: a form feed or a Unicode line separator does not end a line, and a carriage return is part of its line.
    """
    return [line for line in re.split(r"(?<=\n)", text) if line]


def dedented(body: str) -> str:
    """Return *body* without the indentation that all its lines share, ending with a line feed."""
    lines = body.rstrip().splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    shared = min(indents, default=0)
    return "\n".join(line[shared:] for line in lines) + ("\n" if lines else "")
