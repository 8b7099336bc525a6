"""A candidate in JavaScript or TypeScript: does it parse, what does it define, and are two of them the same program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from apps.core.javascript import CannotStrip, fault_of, parse, strip_types
from apps.core.javascript.complexity import FUNCTIONS
from apps.core.javascript.trees import text_of, walk
from apps.generation.engine.source.syntax import MAX_CODE, Unparsable

if TYPE_CHECKING:
    from tree_sitter import Node

_DECLARATIONS = frozenset(
    {
        "function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration",
        "interface_declaration", "type_alias_declaration", "enum_declaration", "function_signature",
    }
)  # fmt: skip
_VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})
_ESM = re.compile(
    r"(?m)^\s*(?:import\s*(?:[\w${*'\"]|type\b)|export\s+(?:default|async|function|class|const|let|var|\{|\*|type|interface))"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A statement at the top level with the comments that belong to it: what it binds, where it stands (in bytes).

    ``exports`` are names that it gives away without binding them: ``export { f }``, ``module.exports = { f }``.
    """

    kind: str
    names: tuple[str, ...]
    exports: tuple[str, ...]
    start: int
    end: int
    node: Node


def unparsable(code: str, entry: str | None, *, is_typed: bool) -> Unparsable | None:
    """Return why *code* cannot be run, as a sentence for a person, None where it can. Nothing is executed."""
    if not code.strip():
        return Unparsable("The answer holds no code.")
    if len(code) > MAX_CODE:
        return Unparsable(f"The code is longer than {MAX_CODE} characters.")
    if "\0" in code:
        return Unparsable("The code holds a NUL character.")
    if is_typed:
        try:
            strip_types(code)
        except CannotStrip as error:
            return Unparsable(str(error))
    elif (fault := fault_of(code)) is not None:
        return Unparsable(f"The code does not parse: line {fault.line}, {fault.message}.")
    if entry and entry not in defined_names(code, is_typed=is_typed):
        return Unparsable(f"The code does not define {entry} at its top level.")
    return None


def defined_names(code: str, *, is_typed: bool) -> frozenset[str]:
    """Return what *code* binds or gives away at its top level."""
    return frozenset(
        name
        for one in statements(code, is_typed=is_typed)
        for name in (*one.names, *one.exports)
        if one.kind != "import"
    )


def uses_esm(code: str) -> bool:
    """Tell whether a file imports or exports as an ES module does."""
    return _ESM.search(code) is not None


def statements(code: str, *, is_typed: bool) -> list[Statement]:
    """Return the statements at the top level in order, each with the comments right above it."""
    found: list[Statement] = []
    comments: list[Node] = []
    for node in parse(code, is_typed=is_typed).children:
        if comments and node.start_point[0] - comments[-1].end_point[0] > 1:
            comments = []
        if node.type == "comment":
            is_beside = found and node.start_point[0] == found[-1].node.end_point[0]
            comments += [] if is_beside else [node]
        elif node.is_named:
            start = comments[0].start_byte if comments else node.start_byte
            found.append(Statement(_kind(node), _binds(node), _exports(node), start, node.end_byte, node))
            comments = []
    return found


def _kind(node: Node) -> str:
    if node.type == "import_statement":
        return "import"
    if _required(node) is not None:
        return "require"
    if node.type == "export_statement" and node.child_by_field_name("declaration") is None:
        return "export" if node.child_by_field_name("value") is None else "default"
    if _commonjs_exports(node) is not None:
        return "export"
    return "statement" if not _binds(node) else "declaration"


def _binds(node: Node) -> tuple[str, ...]:
    inner = node.child_by_field_name("declaration") if node.type == "export_statement" else node
    if inner is None:
        return ()
    if inner.type in _DECLARATIONS:
        name = inner.child_by_field_name("name")
        return (text_of(name),) if name is not None else ()
    if inner.type in _VARIABLES:
        return tuple(
            name for child in inner.named_children for name in _pattern_names(child.child_by_field_name("name"))
        )
    if inner.type == "import_statement":
        return tuple(local for local, _ in imported_names(inner))
    return ()


def _pattern_names(node: Node | None) -> Iterator[str]:
    if node is None:
        return
    if node.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield text_of(node)
    elif node.type in ("object_pattern", "array_pattern", "rest_pattern"):
        for child in node.named_children:
            yield from _pattern_names(child)
    elif node.type == "pair_pattern":
        yield from _pattern_names(node.child_by_field_name("value"))


def _exports(node: Node) -> tuple[str, ...]:
    if node.type == "export_statement":
        given: list[str] = []
        for child in walk(node):
            if child.type == "export_specifier":
                shown = child.child_by_field_name("alias") or child.child_by_field_name("name")
                given += [text_of(shown)] if shown is not None else []
        return tuple(given)
    return _commonjs_exports(node) or ()


def _commonjs_exports(node: Node) -> tuple[str, ...] | None:
    """The names of ``exports.f = …``, ``module.exports = { f }`` and ``module.exports = f``."""
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
    if inner is None or inner.type != "assignment_expression":
        return None
    left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
    target = text_of(left) if left is not None else ""
    single = re.fullmatch(r"(?:module\.)?exports\.([A-Za-z_$][\w$]*)", target)
    if single:
        return (single.group(1),)
    if target != "module.exports" or right is None:
        return None
    if right.type == "object":
        keys = [
            c.child_by_field_name("key") if c.type in ("pair", "method_definition") else c for c in right.named_children
        ]
        return tuple(text_of(key) for key in keys if key is not None and key.type != "comment")
    return (text_of(right),) if right.type == "identifier" else ()


def _required(node: Node) -> str | None:
    """The module of ``const x = require("m")``."""
    if node.type not in _VARIABLES or len(node.named_children) != 1:
        return None
    value = node.named_children[0].child_by_field_name("value")
    found = re.fullmatch(r"require\(\s*(['\"])([^'\"]+)\1\s*\)", text_of(value)) if value is not None else None
    return found.group(2) if found else None


def imported_names(node: Node) -> list[tuple[str, str]]:
    """Return (local name, name there) of an import statement; "default" and "*" are what they are called there."""
    pairs: list[tuple[str, str]] = []
    for child in walk(node):
        if child.type == "import_specifier":
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None:
                pairs.append((text_of(alias or name), text_of(name)))
        elif child.type == "namespace_import":
            pairs.append((text_of(child.named_children[0]), "*"))
        elif child.type == "import_clause":
            pairs += [(text_of(one), "default") for one in child.named_children if one.type == "identifier"]
    return pairs


def modules_of(code: str, *, is_typed: bool = False) -> tuple[str, ...]:
    """Return the names of the modules that *code* imports or requires, in order."""
    found: list[str] = []
    for node in walk(parse(code, is_typed=is_typed)):
        source: Node | None = None
        if node.type in ("import_statement", "export_statement"):
            source = node.child_by_field_name("source")
        elif node.type == "call_expression" and text_of(node).startswith(("require(", "import(")):
            arguments = node.child_by_field_name("arguments")
            source = arguments.named_children[0] if arguments is not None and arguments.named_children else None
        if source is not None and source.type == "string":
            found.append(text_of(source)[1:-1])
    return tuple(dict.fromkeys(found))


def whole_statements(code: str, *, is_typed: bool) -> str:
    """Return *code* up to where it stops to parse: of code that was cut, the statements that are whole."""
    data = code.encode("utf-8", "surrogatepass")
    end = 0
    for node in parse(code, is_typed=is_typed).children:
        if node.has_error:
            break
        end = node.end_byte
    return data[:end].decode("utf-8", "surrogatepass")


# ---- the same program ----------------------------------------------------------------------------------------------

_NAMES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_DROPPED = frozenset({"comment", ";", ",", "(", ")"})


def normalised_digest(code: str, *, is_typed: bool) -> str:
    """
    Return the SHA-256 (64 hexadecimal digits) of what the program is, whoever wrote it down.

    Types, comments, formatting, quotes, semicolons, brackets that only group, and the names of a function's parameters
    and variables do not count. Code that does not parse is hashed as text without white space.
    """
    try:
        plain = strip_types(code) if is_typed else code
    except CannotStrip:
        plain = ""
    if not plain or fault_of(plain) is not None:
        return sha256(("text:" + "".join(code.split())).encode("utf-8", "surrogatepass")).hexdigest()
    out: list[str] = []
    for statement in parse(plain).children:
        out += _normal(statement, _locals(statement))
    return sha256("\x1f".join(out).encode("utf-8", "surrogatepass")).hexdigest()


def _locals(statement: Node) -> dict[str, str]:
    """Number the names that are bound inside of the functions of a statement, by first appearance."""
    bound: dict[str, str] = {}
    for function in walk(statement):
        if function.type not in FUNCTIONS:
            continue
        for node in walk(function):
            for name in _bound_at(node):
                bound.setdefault(name, f"#{len(bound)}")
    return bound


def _bound_at(node: Node) -> Iterator[str]:
    if node.type == "formal_parameters":
        for child in node.named_children:
            yield from _pattern_names(child.child_by_field_name("left") or child)
    elif node.type == "arrow_function":
        yield from _pattern_names(node.child_by_field_name("parameter"))
    elif node.type == "variable_declarator":
        yield from _pattern_names(node.child_by_field_name("name"))
    elif node.type == "for_in_statement":
        yield from _pattern_names(node.child_by_field_name("left"))
    elif node.type == "catch_clause":
        yield from _pattern_names(node.child_by_field_name("parameter"))


def _normal(root: Node, names: dict[str, str]) -> Iterator[str]:
    waiting: list[Node | str] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
            continue
        if node.type in _DROPPED:
            continue
        if node.type == "parenthesized_expression":
            waiting += reversed(node.named_children)
            continue
        if node.type == "string":
            yield f"string:{text_of(node)[1:-1]}"
            continue
        if not node.children:
            text = text_of(node)
            if node.type in _NAMES and text in names:
                # What is written short is also the name of a property, and that does count.
                yield f"{node.type}:{names[text]}" + ("" if node.type == "identifier" else f":{text}")
            elif text.strip():
                yield f"{node.type}:{text}"
            continue
        yield f"<{node.type}"
        waiting.append(">")
        waiting += reversed(node.children)
