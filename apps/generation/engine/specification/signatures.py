"""Functions, classes and methods that a text asks for: written as code, in backticks, or named in a sentence."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from apps.generation.engine.specification.annotations import (
    KNOWN_TYPES,
    LOOSE_TYPES,
    declared_signature,
    returned_type,
    type_variables,
)
from apps.generation.engine.specification.literals import Budget, balanced_end
from apps.generation.engine.specification.model import ClassOutline, FunctionSignature

_DEF = re.compile(r"(?<![\w.])(?:async[ \t]+)?def[ \t]+([A-Za-z_]\w*)[ \t]*+(\[[^\[\]\n]{1,80}\])?(?=\()")
_CLASS = re.compile(
    r"(?<![\w.])[Cc]lass(?:[ \t]+(?:named|called))?[ \t]+[`'\"]?([A-Z]\w*)|[`'\"]([A-Z]\w*)[`'\"]?[ \t]+class\b"
)
_NAMED = re.compile(
    r"\b(?:function|method|routine|helper)(?:[ \t]+(?:named|called|is|,))?[ \t]+[`'\"]?([A-Za-z_]\w*)[`'\"]?"
    r"(?=[\s`'\".,:(]|$)"
)
_TICKED_CALL = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)(?=\()")
_BARE_CALL = re.compile(
    r"(?<![\w.`@])([A-Za-z_]\w*)(?:\[[^\[\]\n]{1,80}\])?"
    r"(?=\([ \t\n]*(?:\)|[*/]|[A-Za-z_]\w*[ \t]*[:=,)]))"
)
# "the string(s)": one or more of them, unless a parameter is called so.
_PLURAL = re.compile(r"\((e?s)\)")
_SPOKEN = re.compile(r"(?<![\w'’(])e?s(?![\w'’)])")
_ENDS_HERE = re.compile(r"[ \t]*(?:[.:;\n]|->|$)")
_COUNTED = frozenset(
    re.findall(
        r"\w+",
        "function method routine helper class test case example module script program file line tool string value list "
        "number item word name key parameter argument type query command endpoint view page document doc",
    )
)
# "write f(a, b)", "the function f(a, b=2)": words that make a call a declaration although it has no types.
_DECLARES = re.compile(
    r"\b(?:write|implement|create|define|build|provide|called[ \t]+(?:as|like)|"
    r"(?:function|method|routine|helper|signature)s?)\b:?[ \t]+"
    r"(?:(?:an?|the|me|us|one|named|called|async|python|is|function|method)[ \t]+)*$",
    re.IGNORECASE,
)
_BEFORE = 60  # characters before a call that are looked at
_IDENTIFIERS_ONLY = re.compile(r"[\w\s,.:\[\]|=*'\"+-]*")
NOT_NAMES = frozenset(
    re.findall(
        r"\w+",
        "that which to for with should must will shall of takes returns in and or the a an is it as by on when if "
        "named called using signature returning accepting name body must_be given where whose receives computes",
    )
)


def signatures_in(text: str, budget: Budget) -> tuple[tuple[FunctionSignature, ...], tuple[ClassOutline, ...]]:
    """Return the functions and classes that *text* asks for, in reading order; methods are in both."""
    classes = _classes_in(text)
    names = {name for name, _ in classes}
    functions = list(_written_functions(text, budget))
    known = {function.name for function in functions} | names
    listed: set[str] = set()
    for reader in (_ticked_functions(text, budget, names), _bare_functions(text, budget), _named_functions(text)):
        for function in reader:
            if function.name not in known:
                known.add(function.name)
                functions.append(function)
                listed |= {function.name} if function.source else set()
    wanted = [one for one in functions if not one.name.startswith("test_")]
    owned = _owned_by_class(wanted if wanted or classes else functions, classes, text, listed)
    outlines = tuple(ClassOutline(name, tuple(f for f in owned if f.owner == name)) for name, _ in classes)
    return tuple(owned), outlines


def _classes_in(text: str) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for hit in _CLASS.finditer(text):
        found.setdefault(hit.group(1) or hit.group(2), hit.start())
    return list(found.items())


def _written_functions(text: str, budget: Budget) -> Iterable[FunctionSignature]:
    seen: set[tuple[str, str | None]] = set()
    for hit in _DEF.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None:
            continue
        owner = _owner_at(text, text.rfind("\n", 0, hit.start()) + 1, hit.start())
        types = type_variables(hit.group(2) or "")
        returns = returned_type(text, end, budget)
        signature = declared_signature(hit.group(1), text[hit.end() : end], returns, owner=owner, types=types)
        if signature is not None and (signature.name, owner) not in seen:
            seen.add((signature.name, owner))
            yield signature


def _owner_at(text: str, line_start: int, position: int) -> str | None:
    """Return the class in whose indented body the ``def`` at *position* stands."""
    indent = text[line_start:position]
    if not indent or indent.strip():
        return None
    for line in reversed(text[max(0, line_start - 4000) : line_start].splitlines()):
        if not line.strip() or len(line) - len(line.lstrip()) >= len(indent):
            continue
        header = re.match(r"\s*class\s+([A-Za-z_]\w*)", line)
        return header.group(1) if header else None
    return None


def _ticked_functions(text: str, budget: Budget, classes: set[str]) -> Iterable[FunctionSignature]:
    """`` `clamp(value, low, high) -> int` `` in backticks: a call whose arguments are names declares a function."""
    for hit in _TICKED_CALL.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None or not _IDENTIFIERS_ONLY.fullmatch(text[hit.end() + 1 : end - 1]):
            continue
        owner, _, name = hit.group(1).rpartition(".")
        signature = declared_signature(
            name,
            text[hit.end() : end],
            returned_type(text, end, budget, may_be_colon=True),
            owner=owner if owner in classes else None,
            types=LOOSE_TYPES,
        )
        if signature is not None:
            yield signature


def _bare_functions(text: str, budget: Budget) -> Iterable[FunctionSignature]:
    """
    ``add_tax(net: float, rate: float) -> float`` in a sentence: a call of names with types declares a function.

    Without types it does so where a word says it: "write f(a, b)". Its types are then learned from the examples, so
    such a signature has no ``source``.
    """
    spoken = set(_SPOKEN.findall(text))
    for hit in _BARE_CALL.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None or hasattr(builtins, hit.group(1)) or hit.group(1).lower() in NOT_NAMES:
            continue
        written = text[hit.end() : end]
        if not _IDENTIFIERS_ONLY.fullmatch(written[1:-1]) or _is_plural(text, hit, end, spoken):
            continue
        returns = returned_type(text, end, budget, may_be_colon=":" in written)
        signature = declared_signature(hit.group(1), written, returns, types=LOOSE_TYPES)
        if signature is None:
            continue
        is_typed = any(p.annotation[:1].isalpha() for p in signature.parameters)
        has_type = re.split(r"\W", signature.returns, maxsplit=1)[0] in KNOWN_TYPES and signature.returns != "None"
        if is_typed or (has_type and not any(p.default for p in signature.parameters)):
            yield signature
        elif signature.parameters and _DECLARES.search(_before(text, hit)):
            is_plain = all(one.kind == "positional" for one in signature.parameters)
            yield replace(signature, source="") if is_plain else signature


def _is_plural(text: str, hit: re.Match[str], end: int, spoken: Collection[str]) -> bool:
    """Tell whether ``name(s)`` means one or more: nothing orders it, or ``s`` is not *spoken* of and more follows."""
    plural = _PLURAL.fullmatch(text, hit.end(), end)
    if plural is None:
        return False
    if hit.group(1).lower().rpartition("_")[2] in _COUNTED or not _DECLARES.search(_before(text, hit)):
        return True
    return plural.group(1) not in spoken and _ENDS_HERE.match(text, end) is None


def _before(text: str, hit: re.Match[str]) -> str:
    return text[max(0, hit.start() - _BEFORE) : hit.start()]


def _named_functions(text: str) -> Iterable[FunctionSignature]:
    """ "Write a function named slugify": a name and nothing else; its parameters are learned from the examples."""
    for hit in _NAMED.finditer(text):
        name = hit.group(1)
        is_name = name.lower() not in NOT_NAMES and (
            "_" in name
            or "`" in hit.group()
            or re.search(r"named|called", hit.group())
            or text[hit.end() : hit.end() + 1] == "("
        )
        if is_name:
            yield FunctionSignature(name, "")


def _owned_by_class(
    functions: list[FunctionSignature], classes: list[tuple[str, int]], text: str, listed: Collection[str]
) -> list[FunctionSignature]:
    """With exactly one class and functions *listed* after it as code, those are its methods."""
    if len(classes) != 1:
        return functions
    name, position = classes[0]
    owned = []
    for function in functions:
        first = re.search(rf"\b{re.escape(function.name)}\b", text)
        is_listed = function.owner is None and first is not None and first.start() > position
        has_def = re.search(rf"(?m)^(?:async )?def {re.escape(function.name)}\b", text) is not None
        is_owned = function.is_method or (is_listed and not has_def and function.name in listed)
        owned.append(replace(function, is_method=True, owner=function.owner or name) if is_owned else function)
    return owned
