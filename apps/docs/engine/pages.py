"""An API page in Markdown from what a repository offers to others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from apps.checks.types import Documented
from apps.docs.engine.docstrings import docstring_markdown
from apps.docs.engine.markdown import cell, code, fence


def api_page(*, title: str, sha: str, items: Sequence[Documented]) -> str:
    """
    Return the page: a section for each module, in it each symbol with its signature and docstring.

    It ends with a table of what has no docstring. Names, signatures and docstrings come from a repository; they are
    shown as they are and never as Markdown. Of a docstring its paragraphs, fields, lists, examples and code spans are.
    """
    documented = sum(bool(item.docstring.strip()) for item in items)
    parts = [
        f"# API of {code(title)}",
        f"Built from commit {code(sha)}. {documented} of {len(items)} public symbols have a docstring.",
    ]
    for (module, path), members in groupby(items, key=lambda item: (item.module, item.path)):
        parts += [f"## {code(module)}", f"Defined in {code(path)}."]
        for item in members:
            parts += _symbol(item)
    parts += _undocumented([item for item in items if not item.docstring.strip()])
    return "\n\n".join(parts) + "\n"


def documented_share(items: Sequence[Documented]) -> float | None:
    """Return the share of symbols that have a docstring, None where there is no symbol."""
    return sum(bool(item.docstring.strip()) for item in items) / len(items) if items else None


def _symbol(item: Documented) -> list[str]:
    return [f"### {code(item.qualname)}", fence(item.signature, "python"), *docstring_markdown(item.docstring)]


def _undocumented(items: Sequence[Documented]) -> list[str]:
    if not items:
        return []
    rows = [f"| {cell(item.qualname)} | {cell(item.module)} | {item.line} |" for item in items]
    return ["## Without a docstring", "\n".join(["| Symbol | Module | Line |", "| --- | --- | ---: |", *rows])]
