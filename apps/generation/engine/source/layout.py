"""Indentation of pieces of code."""

from __future__ import annotations


def dedented(body: str) -> str:
    """Return *body* without the indentation that all its lines share, ending with a line feed."""
    lines = body.rstrip().splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    shared = min(indents, default=0)
    return "\n".join(line[shared:] for line in lines) + ("\n" if lines else "")
