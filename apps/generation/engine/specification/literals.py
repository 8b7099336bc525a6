"""Reading literals and balanced calls out of prose, in bounded time and without evaluating anything."""

from __future__ import annotations

import ast
import re

from apps.generation.engine.specification.syntax import parsed

MAX_LITERAL = 20_000
_HOPS = re.compile(r"[\[\](){}'\"\n]")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_BARE = re.compile(
    r"[+-]?(?:0[xob][0-9a-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?j?)|(?:True|False|None|true|false|null)\b|set\(\)"
)
_COUNTED = re.compile(
    r"[ \t](?!(?:and|but|because|since|as|for|while|whereas|not|then|so|which|that|or|if|in|is|like|exactly)\b)[a-z]"
)
_JSON_WORDS = {"true": True, "false": False, "null": None}
_SPECIAL_FLOATS = {"inf", "-inf", "+inf", "nan", "infinity", "-infinity"}


class Budget:
    """How many characters of structure may still be looked at; a hostile text runs out instead of taking minutes."""

    def __init__(self, hops: int = 150_000) -> None:
        self.left = hops

    def spend(self) -> bool:
        """Take one step; False when none is left."""
        self.left -= 1
        return self.left > 0


def read_literal(source: str) -> object:
    """
    Return the value of a Python literal; ``set()``, ``float("inf")`` and JSON's ``true`` count as literals.

    :raises ValueError: *source* is anything else.
    """
    if len(source) > MAX_LITERAL:
        raise ValueError("The literal is too long.")
    if source.strip() in _JSON_WORDS:
        return _JSON_WORDS[source.strip()]
    try:
        return literal_of(parsed(source.strip(), mode="eval").body)
    except TypeError as error:
        raise ValueError("Not a literal.") from error


def literal_of(node: ast.expr) -> object:
    """
    Return the value of a literal expression node.

    :raises ValueError: the node is not a literal.
    """
    special = _special_float(node)
    if special is not None:
        return special
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = [literal_of(item) for item in node.elts]
        makers = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return _built(makers[type(node)], items)
    try:
        return ast.literal_eval(node)
    except (TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("Not a literal.") from error


def _built(maker: type, items: list[object]) -> object:
    try:
        return maker(items)
    except TypeError as error:
        raise ValueError("A set cannot hold this.") from error


def _special_float(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _special_float(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "math":
        return {"inf": float("inf"), "nan": float("nan")}.get(node.attr)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"):
        return None
    if len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
        text = str(node.args[0].value).lower()
        return float(text) if text in _SPECIAL_FLOATS else None
    return None


def string_end(text: str, start: int) -> int | None:
    """Return the position after the string literal whose quote is at *start*, None when it does not end."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        end = text.find(quote * 3, start + 3)
        return None if end < 0 else end + 3
    position = start + 1
    while position < len(text) and text[position] != "\n":
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == quote:
            return position + 1
        position += 1
    return None


def balanced_end(text: str, start: int, budget: Budget) -> int | None:
    """
    Return the position after the bracket that closes the one at *start*.

    None when it is never closed, closed by another kind, or only after an empty line (prose, not code).
    """
    stack: list[str] = []
    position = start
    while budget.spend():
        found = _HOPS.search(text, position)
        if found is None:
            return None
        character = found.group()
        position = found.end()
        if character in "'\"":
            end = string_end(text, found.start())
            if end is None:
                return None
            budget.left -= (end - found.start()) // 8
            position = end
        elif character == "\n":
            if text.startswith(("\n", " \n"), position):
                return None
        elif character in _OPENING:
            stack.append(_OPENING[character])
        elif not stack or stack.pop() != character:
            return None
        elif not stack:
            return position
    return None


def literal_at(text: str, start: int, budget: Budget) -> tuple[str, int] | None:
    """Return the source of the literal that begins at *start* and the position after it, None when there is none."""
    character = text[start : start + 1]
    if not character:
        return None
    end: int | None = None
    prefix = re.compile(r"[bBrRuU]{0,2}(?=['\"])").match(text, start)
    if character in _OPENING:
        end = balanced_end(text, start, budget)
    elif prefix is not None:
        end = string_end(text, prefix.end())
    else:
        bare = _BARE.match(text, start) or re.compile(r"[+-]?float\(['\"][+-]?\w+['\"]\)").match(text, start)
        end = bare.end() if bare else None
        if bare and bare.group().endswith(".") and text[bare.end() - 1] == ".":
            end = _without_full_stop(text, bare.end())
    return None if end is None else (text[start:end], end)


def is_amount(text: str, source: str, end: int) -> bool:
    """Tell whether a number counts what follows it: "returns 3 items" does not return 3."""
    return source[-1].isdigit() and _COUNTED.match(text, end) is not None


def _without_full_stop(text: str, end: int) -> int:
    """A number at the end of a sentence does not own the full stop: "returns 3." means 3."""
    return end - 1
