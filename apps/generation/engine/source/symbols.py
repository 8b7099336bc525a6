"""Putting a function or class into a module that exists."""

from __future__ import annotations

import ast

from apps.generation.engine.source.layout import dedented
from apps.generation.engine.source.syntax import parsed


def replace_symbol(source: str, qualname: str, new_source: str) -> str:
    """
    Return *source* with the function or class *qualname* replaced by *new_source*, or with it appended.

    Every other byte stays. The replacement is indented like the original; decorators belong to the symbol. A missing
    method is appended to its class, anything else to the module.

    :raises SyntaxError: *source* does not parse, or the class of a missing method does not exist.
    """
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    newline = "\r\n" if "\r\n" in source else "\n"
    node = _find(tree, qualname)
    body = new_source.strip("\r\n").replace("\r\n", "\n")
    if node is not None:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
        last = node.end_lineno or node.lineno
        replacement = _indented(body, node.col_offset, newline)
        ending = newline if lines[last - 1].endswith(("\n", "\r")) else ""
        return "".join(lines[:first]) + replacement + ending + "".join(lines[last:])
    owner, _, _ = qualname.rpartition(".")
    if owner:
        return _append_method(lines, tree, owner, body, newline)
    gap = "" if not source.strip() else (newline * 2 if source.endswith(("\n", "\r")) else newline * 3)
    return source + gap + _indented(body, 0, newline) + newline


def _append_method(lines: list[str], tree: ast.Module, owner: str, body: str, newline: str) -> str:
    holder = _find(tree, owner)
    if not isinstance(holder, ast.ClassDef):
        raise SyntaxError(f"There is no class {owner} to add the method to.")
    last = holder.end_lineno or holder.lineno
    separator = "" if lines[last - 1].endswith(("\n", "\r")) else newline
    method = separator + newline + _indented(body, holder.body[0].col_offset, newline) + newline
    return "".join(lines[:last]) + method + "".join(lines[last:])


def _find(tree: ast.Module, qualname: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None:
    body: list[ast.stmt] = tree.body
    found = None
    for part in qualname.split("."):
        matches = [
            n for n in body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.name == part
        ]
        if not matches:
            return None
        found = matches[-1]
        body = found.body
    return found


def _indented(body: str, width: int, newline: str) -> str:
    """Indent code, but never the inside of a string that spans lines."""
    plain = dedented(body).rstrip("\n").split("\n")
    inside = _string_lines("\n".join(plain))
    return newline.join(
        line if not line.strip() or number in inside else " " * width + line for number, line in enumerate(plain, 1)
    )


def _string_lines(code: str) -> set[int]:
    """Return the lines that begin inside a string whose content must not change; docstrings may be indented."""
    tree = parsed(code)
    if tree is None:
        return set()
    docstrings = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    inside: set[int] = set()
    for node in ast.walk(tree):
        is_string = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
        )
        if is_string and isinstance(node, ast.expr) and id(node) not in docstrings:
            inside |= set(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return inside
