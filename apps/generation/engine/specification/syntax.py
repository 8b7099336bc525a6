"""Python source in a text, as a tree that is shallow enough for whatever walks it."""

from __future__ import annotations

import ast
from typing import Literal, overload

MAX_DEPTH = 100


@overload
def parsed(source: str, mode: Literal["exec"] = "exec") -> ast.Module: ...
@overload
def parsed(source: str, mode: Literal["eval"]) -> ast.Expression: ...
def parsed(source: str, mode: Literal["exec", "eval"] = "exec") -> ast.AST:
    """
    Return the tree of *source*.

    :raises ValueError: it is no Python, or nested deeper than :data:`MAX_DEPTH`, as a thousand signs in a row are.
    """
    try:
        tree = ast.parse(source, mode=mode)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("This is no Python.") from error
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise ValueError("This is nested too deeply.")
