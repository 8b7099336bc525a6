"""What a program in JavaScript says of itself: its signature, its description, what it throws, examples as code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.core.javascript import parse, source_of
from apps.core.javascript.trees import text_of, walk
from apps.generation.engine.javascript.program import statements
from apps.generation.engine.specification.model import SpecExample

if TYPE_CHECKING:
    from tree_sitter import Node

_TAG = re.compile(r"^@\w+", re.MULTILINE)


def header_of(code: str, entry: str | None, *, is_typed: bool) -> str:
    """Return the signature of *entry* as it is written, "" where it is not defined."""
    node = _definition(code, entry, is_typed=is_typed)
    if node is None:
        return ""
    data = code.encode("utf-8", "surrogatepass")
    body = next((one for one in walk(node) if one.type in ("statement_block", "class_body")), None)
    arrow = next((one for one in walk(node) if one.type == "=>"), None)
    ends = [one.start_byte for one in (body, arrow) if one is not None]
    written = data[node.start_byte : min(ends, default=node.end_byte)].decode("utf-8", "surrogatepass")
    return " ".join(written.split()).rstrip("= ")


def _definition(code: str, entry: str | None, *, is_typed: bool) -> Node | None:
    for one in statements(code, is_typed=is_typed):
        if entry in one.names and one.kind == "declaration":
            inner = one.node.child_by_field_name("declaration")
            return inner if inner is not None else one.node
    return None


def description_of(code: str, entry: str | None, *, is_typed: bool) -> str:
    """Return the prose of the comment above *entry*, up to its first tag."""
    data = code.encode("utf-8", "surrogatepass")
    for one in statements(code, is_typed=is_typed):
        if entry in one.names and one.start < one.node.start_byte:
            comment = data[one.start : one.node.start_byte].decode("utf-8", "surrogatepass")
            lines = [re.sub(r"^\s*(?:/\*\*?|\*/|\*(?!/)|//)\s?", "", line) for line in comment.splitlines()]
            text = "\n".join(line.replace("*/", "").rstrip() for line in lines)
            return _TAG.split(text)[0].strip()
    return ""


def thrown_by(code: str, *, is_typed: bool) -> tuple[str, ...]:
    """Return the names of the errors that the code makes and throws."""
    names = set()
    for node in walk(parse(code, is_typed=is_typed)):
        if node.type == "throw_statement" and node.named_children and node.named_children[0].type == "new_expression":
            maker = node.named_children[0].child_by_field_name("constructor")
            names |= {text_of(maker)} if maker is not None else set()
    return tuple(sorted(name for name in names if name[:1].isupper()))


def examples_source(examples: Sequence[SpecExample]) -> str:
    """Return examples as code with what they give in a comment."""
    return "\n".join(_example(example) for example in examples)


def _example(example: SpecExample) -> str:
    outcome = f"throws {example.raises}" if example.raises else f"-> {source_of(example.expected)}"
    return "\n".join([*(f"{step};" for step in example.steps), f"{example.call}; // {outcome}"])
