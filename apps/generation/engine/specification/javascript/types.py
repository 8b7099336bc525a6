"""Types of TypeScript and JSDoc as the annotations that values are made from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.core.javascript.trees import fault_of, parse, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "Unknown"
_SIMPLE = {
    "number": "int", "string": "str", "boolean": "bool", "null": "None", "undefined": "None", "void": "None",
    "any": "Any", "unknown": "Any", "object": "dict[str, Any]", "never": UNKNOWN, "integer": "int", "String": "str",
    "Number": "int", "Boolean": "bool", "Object": "dict[str, Any]", "Array": "list[Any]", "*": "Any", "?": "Any",
}  # fmt: skip
_LISTS = frozenset({"Array", "ReadonlyArray", "Iterable", "ArrayLike"})


def annotation_from(written: str) -> str:
    """
    Return the annotation that a TypeScript or JSDoc type stands for, such as ``list[int]`` for ``number[]``.

    A number is an int until an example shows a fraction; "Unknown" is a type that no values can be made of.
    """
    source = _as_typescript(written.strip())
    wrapped = f"type T = {source};"
    if not source or "\n\n" in source or fault_of(wrapped, is_typed=True) is not None:
        return UNKNOWN if source else ""
    declared = next((n for n in walk(parse(wrapped, is_typed=True)) if n.type == "type_alias_declaration"), None)
    value = declared.child_by_field_name("value") if declared is not None else None
    return _annotation(value) if value is not None else UNKNOWN


def _as_typescript(source: str) -> str:
    """JSDoc has a few ways of its own: ``?string``, ``string=``, ``...number``, ``Array.<string>``, ``*``."""
    source = source.removeprefix("...").removesuffix("=").replace(".<", "<").removeprefix("!")
    if source in ("*", "?"):
        return "any"
    return f"{source[1:]} | null" if source.startswith("?") else source


def _annotation(node: Node) -> str:
    kind = node.type
    inner = [child for child in node.named_children if child.type != "comment"]
    if kind in ("predefined_type", "type_identifier", "literal_type"):
        return _word(text_of(node))
    if kind in ("parenthesized_type", "readonly_type") and inner:
        return _annotation(inner[0])
    if kind == "array_type" and inner:
        return f"list[{_annotation(inner[0])}]"
    if kind == "tuple_type":
        parts = [_annotation(child) for child in inner]
        return f"tuple[{', '.join(parts)}]" if parts else "list[Any]"
    if kind == "union_type":
        return _union([_annotation(child) for child in inner])
    if kind == "generic_type" and len(inner) == 2:
        arguments = [child for child in inner[1].named_children if child.type != "comment"]
        return _generic(text_of(inner[0]), arguments)
    if kind == "object_type" and len(inner) == 1 and inner[0].type == "index_signature":
        value = inner[0].child_by_field_name("type")
        found = value.named_children[0] if value is not None and value.named_children else None
        return f"dict[str, {_annotation(found)}]" if found is not None else UNKNOWN
    return UNKNOWN


def _word(text: str) -> str:
    if text in _SIMPLE:
        return _SIMPLE[text]
    if text[:1] in "'\"" and len(text) > 1:
        return f"Literal[{json.dumps(text[1:-1])}]"
    return f"Literal[{text}]" if re.fullmatch(r"-?\d+", text) else UNKNOWN


def _generic(name: str, arguments: Sequence[Node]) -> str:
    parts = [_annotation(argument) for argument in arguments]
    if name in _LISTS and len(parts) == 1:
        return f"list[{parts[0]}]"
    if name == "Record" and len(parts) == 2:
        return f"dict[str, {parts[1]}]"
    if name in ("Promise", "Readonly", "Partial", "Required", "NonNullable", "Awaited") and len(parts) == 1:
        return parts[0]
    return UNKNOWN


def _union(parts: list[str]) -> str:
    literals = [part[8:-1] for part in parts if part.startswith("Literal[")]
    others = [part for part in dict.fromkeys(parts) if not part.startswith("Literal[")]
    if literals:
        others = [f"Literal[{', '.join(literals)}]", *others]
    return " | ".join(others)
