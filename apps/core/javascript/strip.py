"""
TypeScript to JavaScript by putting spaces where types stand, so that every line and column stays where it was.

The idea is that of ts-blank-space (Bloomberg, 2024) and of Node's own type stripping. What needs code to be made
(enums, namespaces, parameter properties, decorators, ``import x = require()``) is refused by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apps.core.javascript.trees import fault_of, parse, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_WHOLE = frozenset(
    {
        "type_annotation", "type_parameters", "type_arguments", "implements_clause", "asserts_annotation",
        "type_predicate_annotation", "accessibility_modifier", "override_modifier", "opting_type_annotation",
        "omitting_type_annotation", "adding_type_annotation",
    }
)  # fmt: skip
_STATEMENTS = frozenset(
    {
        "interface_declaration", "type_alias_declaration", "ambient_declaration", "function_signature",
        "method_signature", "abstract_method_signature", "index_signature",
    }
)  # fmt: skip
_CAST = frozenset({"as_expression", "satisfies_expression"})
_REFUSED = {
    "enum_declaration": "an enum",
    "internal_module": "a namespace",
    "module": "a module block",
    "decorator": "a decorator",
    "import_require_clause": "import … = require(…)",
    "import_alias": "an import alias",
}
_MODIFIERS = {
    "public_field_definition": {"readonly", "?", "!", "abstract"},
    "method_definition": {"?"},
    "abstract_class_declaration": {"abstract"},
    "optional_parameter": {"?", "readonly"},
    "required_parameter": {"readonly"},
    "variable_declarator": {"!"},
    "non_null_expression": {"!"},
}
_CONTINUES = re.compile(rb"\s*\n\s*[(\[`+\-/]")


class CannotStrip(ValueError):
    """The program is not TypeScript, or holds something that is more than a type; the message is a sentence."""


def strip_types(source: str) -> str:
    """
    Return *source* as JavaScript, of the same length in characters, every line and column where it was.

    Names that are imported and then only used in types are left out of their import, as TypeScript does.

    :raises CannotStrip: see the class; the sentence names the line.
    """
    fault = fault_of(source, is_typed=True)
    if fault is not None:
        raise CannotStrip(f"The code does not parse as TypeScript: line {fault.line}, {fault.message}.")
    blanks = _Blanks(source)
    blanks.visit(parse(source, is_typed=True))
    stripped = _without_type_imports(blanks.result())
    fault = fault_of(stripped)
    if fault is not None:
        raise CannotStrip(f"The types cannot be taken out of the code: line {fault.line}, {fault.message}.")
    return stripped


class _Blanks:
    """Collects the ranges of bytes that go, and the places where a semicolon has to stand instead."""

    def __init__(self, source: str) -> None:
        self.data = source.encode("utf-8", "surrogatepass")
        self.ranges: list[tuple[int, int]] = []
        self.semicolons: set[int] = set()

    def visit(self, root: Node) -> None:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if not self._take(node):
                waiting += reversed(node.children)

    def _take(self, node: Node) -> bool:
        """Note what of *node* goes; True when nothing below it has to be looked at."""
        kind = node.type
        if kind in _REFUSED and not _is_ambient(node):
            raise _refusal(node, _REFUSED[kind])
        if kind == "export_statement" and (_has(node, "=") or _is_type_only(node)):
            if _has(node, "="):
                raise _refusal(node, "export = …")
            return self._statement(node)
        if kind in _STATEMENTS or (kind == "import_statement" and _is_type_only(node)):
            return self._statement(node)
        if kind == "public_field_definition" and (_has(node, "declare") or _has(node, "abstract")):
            return self._statement(node)
        if kind in _WHOLE:
            self._type(node)
            return True
        if kind in _CAST:
            self._cast(node)
        if kind == "type_assertion":
            self._blank(node.children[0])
        if kind in ("import_specifier", "export_specifier") and _has(node, "type"):
            self.with_comma(node)
            return True
        if kind in ("required_parameter", "optional_parameter"):
            if node.child_by_field_name("pattern") is not None and node.children[0].type == "this":
                self.with_comma(node)
                return True
            self._check_parameter(node)
        self._modifiers(node)
        return False

    def _modifiers(self, node: Node) -> None:
        for child in node.children:
            if child.type in _MODIFIERS.get(node.type, ()) and not child.is_named:
                self._blank(child)

    def _check_parameter(self, node: Node) -> None:
        if any(child.type in ("accessibility_modifier", "override_modifier", "readonly") for child in node.children):
            raise _refusal(node, "a parameter property")

    def _statement(self, node: Node) -> bool:
        self._blank(node)
        self.semicolons.add(node.start_byte)
        return True

    def _type(self, node: Node) -> None:
        arrow = node.parent
        if arrow is not None and arrow.type == "arrow_function" and arrow.child_by_field_name("return_type") == node:
            following = self.data[node.start_byte : self.data.find(b"=>", node.end_byte)]
            if b"\n" in following:
                raise _refusal(node, "a return type that ends on another line than its =>")
        self._blank(node)

    def _cast(self, node: Node) -> None:
        word = node.children[1]
        self.ranges.append((word.start_byte, node.end_byte))
        if _CONTINUES.match(self.data, node.end_byte) and node.parent is not None and node.parent.type != "arguments":
            self.semicolons.add(word.start_byte)

    def with_comma(self, node: Node) -> None:
        self._blank(node)
        following = node.next_sibling
        if following is not None and following.type == ",":
            self._blank(following)

    def _blank(self, node: Node) -> None:
        self.ranges.append((node.start_byte, node.end_byte))

    def result(self) -> str:
        parts: list[str] = []
        at = 0
        for start, end in sorted(self.ranges):
            if start < at:
                continue
            parts.append(self.data[at:start].decode("utf-8", "surrogatepass"))
            gone = self.data[start:end].decode("utf-8", "surrogatepass")
            blank = re.sub(r"[^\r\n\u2028\u2029]", " ", gone)
            parts.append(f";{blank[1:]}" if start in self.semicolons else blank)
            at = end
        parts.append(self.data[at:].decode("utf-8", "surrogatepass"))
        return "".join(parts)


def _refusal(node: Node, what: str) -> CannotStrip:
    return CannotStrip(
        f"Line {node.start_point[0] + 1} holds {what}, which is more than a type: it cannot be run without a compiler. "
        "Write it in plain JavaScript with types."
    )


def _has(node: Node, word: str) -> bool:
    return any(child.type == word and not child.is_named for child in node.children)


def _is_type_only(node: Node) -> bool:
    if _has(node, "type"):
        return True
    declared = node.child_by_field_name("declaration")
    return declared is not None and declared.type in _STATEMENTS


def _is_ambient(node: Node) -> bool:
    at: Node | None = node
    while at is not None:
        if at.type == "ambient_declaration":
            return True
        at = at.parent
    return not node.is_named


def _without_type_imports(source: str) -> str:
    """Blank the names of imports that nothing in *source* uses once the types are gone."""
    root = parse(source)
    imports = [node for node in root.children if node.type == "import_statement"]
    if not imports:
        return source
    used = {
        text_of(node)
        for statement in root.children
        if statement.type != "import_statement"
        for node in walk(statement)
        if node.type in ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern")
    }
    blanks = _Blanks(source)
    for node in (inner for statement in imports for inner in walk(statement)):
        if node.type == "import_specifier":
            local = node.child_by_field_name("alias") or node.child_by_field_name("name")
            if local is not None and text_of(local) not in used:
                blanks.with_comma(node)
    return blanks.result()
