"""Finding the pattern that a task asks for."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.knowledge.engine.instantiation import instantiate_for
from apps.knowledge.engine.pattern_model import Pattern
from apps.knowledge.engine.renaming import names_bound, names_used

MINIMUM_SCORE = 0.25
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A pattern that fits, how well (0..1), and its code under the names that were asked for."""

    pattern: Pattern
    score: float
    code: str


def match(
    patterns: Sequence[Pattern], text: str, entry: str | None = None, signature: str | None = None
) -> list[PatternMatch]:
    """
    Return those of *patterns* that fit a task, best first; none below :data:`MINIMUM_SCORE`.

    A pattern whose code cannot take the requested signature (another number of parameters, a name that its code needs
    for something else, a class where a function is asked for, a coroutine where none is) is left out rather than bent,
    and so is one that needs a package whose name is not in the task. The names of *signature* replace those of the
    template.

    :param entry: the name to give the function or class; without it the pattern keeps its own.
    :param signature: ``def f(a: int) -> int`` of a function, or of a class's constructor; None when unknown.
    """
    words = [word.lower() for word in _WORD.findall(f"{text} {' '.join(_split(entry or ''))}")]
    rarity = _rarity(patterns)
    found = []
    for pattern in patterns:
        names = _requested(pattern, signature)
        if names is None or not _is_kind_possible(pattern, entry) or not _is_package_named(pattern, words):
            continue
        if _is_taken(pattern, entry, names):
            continue
        score = _score(pattern, words, entry, rarity)
        if score >= MINIMUM_SCORE:
            found.append(PatternMatch(pattern, round(score, 4), instantiate_for(pattern, entry, names)))
    return sorted(found, key=lambda item: (-item.score, item.pattern.name))


def _split(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def _is_kind_possible(pattern: Pattern, entry: str | None) -> bool:
    """A capitalised entry asks for a class, a lower-case one for a function."""
    return not entry or pattern.is_class is entry[:1].isupper()


def _is_package_named(pattern: Pattern, words: Sequence[str]) -> bool:
    return not pattern.packages or pattern.keywords[0] in words


def _is_taken(pattern: Pattern, entry: str | None, names: Sequence[str]) -> bool:
    """Say whether a requested name is one that the code imports, defines or has from Python."""
    needed = names_used(pattern.template) - names_bound(pattern.template) - {pattern.entry}
    return bool(needed & {*names, entry})


def _rarity(patterns: Sequence[Pattern]) -> dict[str, float]:
    """Return how much each keyword says: more, the fewer patterns share it (as in TF-IDF)."""
    shared = [keyword for pattern in patterns for keyword in pattern.keywords]
    return {keyword: math.log(1 + len(patterns) / shared.count(keyword)) for keyword in set(shared)}


def _score(pattern: Pattern, words: Sequence[str], entry: str | None, rarity: dict[str, float]) -> float:
    """Return how well the words fit: the weight of the keywords that occur, plus 0.5 for the pattern's own name."""
    stems = {_stem(word) for word in words}
    heard = sum(rarity[keyword] for keyword in pattern.keywords if _stem(keyword) in stems)
    share = heard / (0.5 * sum(rarity[keyword] for keyword in pattern.keywords))
    own, asked = set(_split(pattern.entry)), set(_split(entry or ""))
    bonus = 0.5 * len(own & asked) / len(own)
    return min(1.0, 0.5 * min(1.0, share) + bonus) if heard else 0.0


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _requested(pattern: Pattern, signature: str | None) -> tuple[str, ...] | None:
    """Return the names for the template's arguments, None when the signature does not fit."""
    if not signature or pattern.is_class:
        return pattern.arguments
    try:
        node = ast.parse(f"{signature.strip().rstrip(':')}: pass").body[0]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return pattern.arguments
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.args.vararg or node.args.kwarg:
        return None
    names = tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if a.arg != "self")
    if isinstance(node, ast.AsyncFunctionDef) is not (f"async def {pattern.entry}(" in pattern.template):
        return None
    least = len(pattern.arguments) - pattern.optional
    if not least <= len(names) <= len(pattern.arguments):
        return None
    if any(
        names[place : place + 1] != (name,) for place, name in enumerate(pattern.arguments) if name in pattern.fixed
    ):
        return None
    complete = names + pattern.arguments[len(names) :]
    return complete if len(set(complete)) == len(complete) else None


def _fixed_places(pattern: Pattern) -> list[int]:
    return [place for place, name in enumerate(pattern.arguments) if name in pattern.fixed]
