"""Literals of JavaScript as plain Python values and :class:`Foreign` ones, and values as they are written there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apps.core.foreign import Foreign
from apps.core.javascript.trees import fault_of, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_LITERAL = 20_000
_EXACT = 2**53
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_NAMED: dict[str, object] = {"undefined": Foreign("undefined"), "NaN": math.nan, "Infinity": math.inf}
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "undefined": Foreign("undefined")}


class NotALiteral(ValueError):
    """The text is more than a literal, or none at all."""


def literal_value(source: str) -> object:
    """
    Return the value of a literal: numbers, text, arrays, objects, ``undefined``, ``10n``, ``new Map([...])``...

    :raises NotALiteral: *source* is anything else. Nothing is ever evaluated.
    """
    if len(source) > MAX_LITERAL:
        raise NotALiteral("The literal is too long.")
    wrapped = f"({source}\n)"
    if fault_of(wrapped) is not None:
        raise NotALiteral("This is no JavaScript.")
    root = parse(wrapped)
    children = [node for node in root.named_children if node.type != "comment"]
    if len(children) != 1 or children[0].type != "expression_statement":
        raise NotALiteral("This is no single expression.")
    return value_of(children[0].named_children[0])


def value_of(node: Node) -> object:
    """
    Return the value of the literal at *node*.

    :raises NotALiteral: it is none.
    """
    reader = _READERS.get(node.type)
    if reader is None:
        raise NotALiteral(f"{node.type} is no literal.")
    return reader(node)


def _named(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _number(node: Node) -> object:
    text = text_of(node).replace("_", "").lower()
    try:
        if text.endswith("n"):
            return Foreign("bigint", int(text[:-1], 0))
        if text[:2] in ("0x", "0o", "0b"):
            return number(float(int(text, 0)))
        return number(float(text))
    except (ValueError, OverflowError) as error:
        raise NotALiteral("This is no number.") from error


def number(value: float) -> int | float:
    """Return the number as both languages have it: an int where it is a whole one that is exact."""
    is_whole = math.isfinite(value) and value == int(value) and abs(value) <= _EXACT
    return int(value) if is_whole and not (value == 0 and math.copysign(1, value) < 0) else value


def _string(node: Node) -> object:
    raw = text_of(node)[1:-1]
    return _joined_surrogates(_ESCAPE.sub(_unescaped, raw))


def _unescaped(match: re.Match[str]) -> str:
    braced, four, two, single = match.groups()
    if single is not None:
        return _SIMPLE.get(single, single)
    code = int(braced or four or two, 16)
    if code > 0x10FFFF:
        raise NotALiteral("This is no character.")
    return chr(code)


def _joined_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _template(node: Node) -> object:
    if any(child.type == "template_substitution" for child in node.children):
        raise NotALiteral("A template with parts to compute is no literal.")
    return _string(node)


def _array(node: Node) -> object:
    return [value_of(child) for child in _named(node)]


def _object(node: Node) -> object:
    found: dict[str, object] = {}
    for pair in _named(node):
        if pair.type != "pair":
            raise NotALiteral("An object with more than plain names is no literal.")
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or key.type == "computed_property_name":
            raise NotALiteral("A computed name is no literal.")
        name = _string(key) if key.type == "string" else text_of(key)
        found[str(name)] = value_of(value)
    return found


def _unary(node: Node) -> object:
    operand = node.child_by_field_name("argument")
    value = value_of(operand) if operand is not None else None
    sign = text_of(node.children[0])
    if isinstance(value, Foreign) and value.kind == "bigint" and sign == "-":
        return Foreign("bigint", -value.content)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or sign not in "+-":
        raise NotALiteral("This has to be computed.")
    return value if sign == "+" else number(-float(value))


def _identifier(node: Node) -> object:
    name = text_of(node)
    if name not in _NAMED:
        raise NotALiteral(f"{name} is a name.")
    return _NAMED[name]


def _new(node: Node) -> object:
    maker, given = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
    name = text_of(maker) if maker is not None else ""
    values = [value_of(child) for child in _named(given)] if given is not None else []
    if len(values) > 1 or name not in {"Map", "Set", "Date", *Foreign.TYPED}:
        raise NotALiteral(f"new {name} has to be computed.")
    if name == "Date":
        return Foreign("date", _time(values[0] if values else None))
    items = values[0] if values else []
    if not isinstance(items, list):
        raise NotALiteral(f"new {name} has to be computed.")
    if name == "Map":
        if not all(isinstance(item, list) and len(item) == 2 for item in items):
            raise NotALiteral("A Map is made of pairs.")
        return Foreign("map", tuple((key, value) for key, value in items))
    return Foreign("set" if name == "Set" else name, tuple(items))


def _time(value: object) -> int | float:
    """A number of milliseconds, or a date with its zone; what depends on where it is read is no literal."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?Z)?", value):
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            raise NotALiteral("There is no such day.") from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return number(float(round(moment.timestamp() * 1000)))
    raise NotALiteral("Which moment this is has to be computed.")


def _regexp(node: Node) -> object:
    pattern, flags = node.child_by_field_name("pattern"), node.child_by_field_name("flags")
    return Foreign("regexp", (text_of(pattern) if pattern else "", text_of(flags) if flags else ""))


def _inner(node: Node) -> object:
    inner = _named(node)
    if len(inner) != 1:
        raise NotALiteral("This is no single value.")
    return value_of(inner[0])


def _word(node: Node) -> object:
    return _WORDS[node.type]


_READERS: dict[str, Callable[[Node], object]] = {
    "number": _number, "string": _string, "template_string": _template, "array": _array, "object": _object,
    "unary_expression": _unary, "identifier": _identifier, "new_expression": _new, "regex": _regexp,
    "parenthesized_expression": _inner, "true": _word, "false": _word, "null": _word, "undefined": _word,
}  # fmt: skip


def source_of(value: object) -> str:
    """Return the source of a value as a person would write it in JavaScript; what it does not have, as Python does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number_source(value)
    if isinstance(value, str):
        return _text_source(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(source_of(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key_source(str(key))}: {source_of(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return _foreign_source(value) if isinstance(value, Foreign) else repr(value)


def _number_source(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    text = repr(value)
    return text.removesuffix(".0")


def _text_source(value: str) -> str:
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\ud800-\udfff\u2028\u2029\x7f-\x9f]", lambda match: f"\\u{ord(match.group()):04x}", quoted)


def _key_source(key: str) -> str:
    if key == "__proto__":
        return '["__proto__"]'
    return key if _IDENTIFIER.fullmatch(key) else _text_source(key)


def _foreign_source(value: Foreign) -> str:
    content: Any = value.content
    if value.kind == "undefined":
        return "undefined"
    if value.kind == "bigint":
        return f"{content}n"
    if value.kind == "date":
        return f"new Date({source_of(content)})"
    if value.kind == "regexp":
        return f"/{content[0]}/{content[1]}"
    if value.kind == "map":
        return f"new Map({source_of([list(pair) for pair in content]) if content else ''})"
    name = "Set" if value.kind == "set" else value.kind
    return f"new {name}({source_of(list(content)) if content else ''})"
