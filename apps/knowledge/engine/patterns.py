"""The pattern library: small, tested, parametrised pieces of code, and finding the one that a task asks for."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.knowledge.engine.pattern_library import CLASS_PATTERNS, FUNCTION_PATTERNS
from apps.knowledge.engine.pattern_model import Pattern

__all__ = ["MINIMUM_SCORE", "PATTERNS", "Pattern", "PatternMatch", "match"]

PATTERNS: tuple[Pattern, ...] = (*FUNCTION_PATTERNS, *CLASS_PATTERNS)
MINIMUM_SCORE = 0.25
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A pattern that fits, how well (0..1), and its code under the names that were asked for."""

    pattern: Pattern
    score: float
    code: str


def match(text: str, entry: str | None = None, signature: str | None = None) -> list[PatternMatch]:
    """
    Return the patterns that fit a task, best first; none below :data:`MINIMUM_SCORE`.

    A pattern whose code cannot take the requested signature (another number of parameters, a class where a function
    is asked for) is left out rather than bent. The names of *signature* replace those of the template.

    :param entry: the name to give the function or class; without it the pattern keeps its own.
    :param signature: ``def f(a: int) -> int`` of a function, or of a class's constructor; None when unknown.
    """
    words = [word.lower() for word in _WORD.findall(f"{text} {' '.join(_split(entry or ''))}")]
    found = []
    for pattern in PATTERNS:
        names = _requested(pattern, signature)
        if names is None or not _is_kind_possible(pattern, entry, signature):
            continue
        score = _score(pattern, words, entry)
        if score >= MINIMUM_SCORE:
            found.append(PatternMatch(pattern, round(score, 4), instantiate(pattern, entry, names)))
    return sorted(found, key=lambda item: (-item.score, item.pattern.name))


def _split(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def _is_kind_possible(pattern: Pattern, entry: str | None, signature: str | None) -> bool:
    """A capitalised entry asks for a class, a lower-case one with a signature for a function."""
    if not entry:
        return True
    return pattern.is_class if entry[:1].isupper() else not pattern.is_class


def _score(pattern: Pattern, words: Sequence[str], entry: str | None) -> float:
    """
    Return how well the words fit: the share of the pattern's keywords that occur, each weighed by how few patterns
    share it (as in TF-IDF), plus 0.5 when the requested name says the pattern's own.
    """
    stems = {_stem(word) for word in words}
    weights = {keyword: math.log(1 + len(PATTERNS) / _frequency(keyword)) for keyword in pattern.keywords}
    heard = sum(weight for keyword, weight in weights.items() if _stem(keyword) in stems)
    share = heard / (0.5 * sum(weights.values()))
    own, asked = set(_split(pattern.entry)), set(_split(entry or ""))
    bonus = 0.5 * len(own & asked) / len(own)
    return min(1.0, 0.5 * min(1.0, share) + bonus) if heard else 0.0


def _frequency(keyword: str) -> int:
    return max(1, sum(keyword in pattern.keywords for pattern in PATTERNS))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _requested(pattern: Pattern, signature: str | None) -> tuple[str, ...] | None:
    """Return the names for the template's parameters, None when the signature does not fit."""
    if not signature or pattern.is_class:
        return pattern.parameters
    try:
        node = ast.parse(f"{signature.strip().rstrip(':')}: pass").body[0]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return pattern.parameters
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.args.vararg or node.args.kwarg:
        return None
    names = tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if a.arg != "self")
    least = len(pattern.parameters) - pattern.optional
    if not least <= len(names) <= len(pattern.parameters):
        return None
    return (
        names + pattern.parameters[len(names) :]
        if len(set(names + pattern.parameters[len(names) :])) == len(pattern.parameters)
        else None
    )


def instantiate(pattern: Pattern, entry: str | None, names: Sequence[str]) -> str:
    """
    Return the pattern's code with *entry* and *names* in place of its own; comments and layout stay.

    Names are matched by position. When they are the pattern's own in another order, they keep their meaning and the
    header takes that order.
    """
    if set(names) == set(pattern.parameters) and not pattern.optional:
        template = _reordered(pattern.template, pattern.entry, names)
        return _renamed(template, {pattern.entry: entry} if entry else {}, ())
    renamed = dict(zip(pattern.parameters, names, strict=True))
    local = _bound_names(pattern.template) - set(pattern.parameters)
    # A requested name that the template uses for something else gives way there.
    for taken in local & set(names):
        renamed[taken] = f"{taken}_"
    if entry:
        renamed[pattern.entry] = entry
    return _renamed(pattern.template, {old: new for old, new in renamed.items() if old != new}, pattern.parameters)


def _reordered(template: str, entry: str, names: Sequence[str]) -> str:
    return re.sub(rf"(?m)^def {entry}\([^)]*\):", f"def {entry}({', '.join(names)}):", template)


def _bound_names(source: str) -> set[str]:
    tree = ast.parse(source)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}


def _renamed(source: str, names: dict[str, str], described: Sequence[str]) -> str:
    """
    Rename identifiers by their places in the syntax tree, so that strings and attributes stay as they are.

    Docstrings follow for the names in *described*: a page that speaks of other parameters would mislead.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    places: set[tuple[int, int, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in names:
            places.add((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.arg) and node.arg in names:
            places.add((node.lineno, node.col_offset, node.arg))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            offset = lines[node.lineno - 1].index(node.name.encode(), node.col_offset)
            places.add((node.lineno, offset, node.name))
    for row, column, old in sorted(places, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + names[old].encode() + line[column + len(old.encode()) :]
    words = [name for name in described if name in names]
    if words:
        pattern = re.compile(rf"\b({'|'.join(words)})\b")
        for row in _docstring_rows(source):
            lines[row] = pattern.sub(lambda hit: names[hit.group()], lines[row].decode()).encode()
    return b"".join(lines).decode()


def _docstring_rows(source: str) -> set[int]:
    rows: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            rows |= set(range(docstring.lineno - 1, docstring.end_lineno or docstring.lineno))
    return rows
