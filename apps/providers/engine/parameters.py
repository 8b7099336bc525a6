"""The names of a function's parameters, from its signature or, without one, from how it is called."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

__all__ = ["parameter_names"]

_LONE = "value"
_SEVERAL = ("first", "second", "third", "fourth", "fifth")


def parameter_names(
    signature: str | None, calls: Sequence[tuple[Sequence[object], Mapping[str, object]]]
) -> tuple[str, ...] | None:
    """
    Return the parameters' names in order, None when they cannot be told.

    *signature* is text like ``def f(a: int, b) -> int``; *calls* are positional and keyword arguments of example calls,
    used when the signature is missing: all must have the same shape.
    """
    if signature:
        return _from_signature(signature)
    shapes = {(len(args), tuple(sorted(kwargs))) for args, kwargs in calls}
    if len(shapes) != 1:
        return None
    count, keywords = shapes.pop()
    if count > len(_SEVERAL):
        return None
    positional = (_LONE,) if count == 1 and not keywords else _SEVERAL[:count]
    names = positional + keywords
    return names if len(set(names)) == len(names) else None


def _from_signature(signature: str) -> tuple[str, ...] | None:
    text = signature.strip().rstrip(":")
    if not text.startswith(("def ", "async def ")):
        text = f"def {text}"
    try:
        node = ast.parse(f"{text}: pass").body[0]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not isinstance(node, ast.FunctionDef) or node.args.vararg or node.args.kwarg:
        return None
    return tuple(argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
