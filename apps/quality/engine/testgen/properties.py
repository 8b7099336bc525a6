"""Which laws a function should keep: always, and where its name and types suggest one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from apps.quality.engine.testgen.targets import Target

Law = Literal["safe", "deterministic", "idempotent", "symmetric", "inverse"]

IDEMPOTENT = (
    *("normalise", "normalize", "canonical", "sort", "dedupe", "deduplicate", "unique", "strip", "clean", "trim"),
    *("slugify", "sanitise", "sanitize", "clamp", "collapse", "squeeze"),
)
SYMMETRIC = ("gcd", "lcm", "distance", "levenshtein", "hamming", "overlap", "are_anagrams", "is_anagram")
PAIRS = (
    *(("encode", "decode"), ("serialise", "deserialise"), ("serialize", "deserialize"), ("dumps", "loads")),
    *(("dump", "load"), ("compress", "decompress"), ("compress", "expand"), ("pack", "unpack"), ("escape", "unescape")),
    *(("quote", "unquote"), ("encrypt", "decrypt"), ("format", "parse"), ("to_", "from_"), ("flatten", "unflatten")),
)


@dataclass(frozen=True)
class Property:
    """One law of one target; ``partner`` undoes what the target does."""

    law: Law
    target: Target
    partner: Target | None = None


def properties_of(targets: Sequence[Target]) -> Iterator[Property]:
    """Yield the laws to test, target by target."""
    for target in targets:
        yield Property("safe", target)
        if not target.is_predictable:
            continue
        if target.is_comparable:
            yield Property("deterministic", target)
        if target.kind != "function":
            continue
        if _maps_type_to_itself(target) and _is_named(target, IDEMPOTENT):
            yield Property("idempotent", target)
        if _takes_two_alike(target) and target.is_comparable and _is_named(target, SYMMETRIC):
            yield Property("symmetric", target)
        if (partner := _partner(target, targets)) is not None:
            yield Property("inverse", target, partner)


def _is_named(target: Target, words: Sequence[str]) -> bool:
    return any(
        target.name == word or target.name.startswith(f"{word}_") or target.name.endswith(f"_{word}") for word in words
    )


def _maps_type_to_itself(target: Target) -> bool:
    if not target.parameters or target.returns is None or not target.is_comparable:
        return False
    return bool(target.parameters[0].annotation) and target.parameters[0].annotation == _returns(target)


def _takes_two_alike(target: Target) -> bool:
    if len(target.parameters) != 2:
        return False
    first, second = target.parameters
    return bool(first.annotation) and first.annotation == second.annotation


def _partner(target: Target, others: Sequence[Target]) -> Target | None:
    for other in others:
        if other.kind != "function" or len(other.parameters) != 1 or len(target.parameters) != 1:
            continue
        if other.parameters[0].annotation != _returns(target) or _returns(other) != target.parameters[0].annotation:
            continue
        for forward, back in PAIRS:
            if forward in target.name and target.name.replace(forward, back, 1) == other.name and target is not other:
                return other if other.is_predictable and other.is_comparable else None
    return None


def _returns(target: Target) -> str:
    returns = target.returns
    if isinstance(returns, ast.Constant) and isinstance(returns.value, str):
        return returns.value
    return "" if returns is None else ast.unparse(returns)
