"""Shapes of values: read from annotations or from example values, and values made to a shape."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from apps.generation.engine.specification.inference import annotation_of, union

_SCALARS = {"int", "float", "str", "bool", "None", "bytes", "complex"}
_SEQUENCES = {
    "list": "list", "List": "list", "Sequence": "list", "Iterable": "list", "Collection": "list",
    "MutableSequence": "list",
    "set": "set", "Set": "set", "AbstractSet": "set", "frozenset": "frozenset", "FrozenSet": "frozenset",
}  # fmt: skip
_MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"}
_ANYTHING = {"Any", "object", "", "T"}
_NAME_HINTS = (
    (
        "int",
        (
            "n",
            "m",
            "k",
            "i",
            "num",
            "number",
            "count",
            "size",
            "index",
            "limit",
            "year",
            "width",
            "height",
            "low",
            "high",
        ),
    ),
    (
        "str",
        (
            "s",
            "text",
            "string",
            "word",
            "name",
            "sentence",
            "path",
            "line",
            "title",
            "pattern",
            "char",
            "message",
            "phrase",
        ),
    ),
    ("list[int]", ("lst", "nums", "numbers", "values", "items", "arr", "array", "xs", "data", "l", "sequence")),
    ("dict[str, int]", ("mapping", "d", "counts", "dictionary")),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """
    A kind of value: "int", "list", "dict", "tuple", "union", "choice", "any"... ``parts`` are the shapes inside.

    A homogeneous tuple has kind "tuple*". "choice" has ``choices``. "unknown" is a type nobody can make values of.
    """

    kind: str
    parts: tuple[Shape, ...] = ()
    choices: tuple[object, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether values of this shape can be made."""
        return self.kind != "unknown" and all(part.is_known for part in self.parts)


ANY = Shape("any")
UNKNOWN = Shape("unknown")


def shape_of_annotation(annotation: str, name: str = "") -> Shape:
    """Return the shape of an annotation; without one the parameter's name is a hint."""
    if not annotation:
        hint = next((shape for shape, names in _NAME_HINTS if name.lower() in names), "")
        return shape_of_annotation(hint) if hint else ANY
    try:
        return _of_node(ast.parse(annotation.strip("'\" "), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return UNKNOWN


def _of_node(node: ast.expr) -> Shape:
    if isinstance(node, ast.Constant):
        return Shape("None") if node.value is None else shape_of_annotation(str(node.value))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return Shape("union", (_of_node(node.left), _of_node(node.right)))
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _of_name(node.id if isinstance(node, ast.Name) else node.attr)
    if isinstance(node, ast.Subscript):
        base = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
        return _of_subscript(base, list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice])
    return UNKNOWN


def _of_name(name: str) -> Shape:
    if name in _SCALARS:
        return Shape(name)
    if name in _SEQUENCES:
        return Shape(_SEQUENCES[name], (ANY,))
    if name in _MAPPINGS:
        return Shape("dict", (Shape("str"), ANY))
    if name in ("tuple", "Tuple"):
        return Shape("tuple*", (ANY,))
    if name in ("Number", "Real"):
        return Shape("union", (Shape("int"), Shape("float")))
    return ANY if name in _ANYTHING else UNKNOWN


def _of_subscript(base: str, items: list[ast.expr]) -> Shape:
    if base == "Literal":
        return Shape("choice", choices=tuple(item.value for item in items if isinstance(item, ast.Constant)))
    if (
        base in ("tuple", "Tuple")
        and len(items) == 2
        and isinstance(items[1], ast.Constant)
        and items[1].value is Ellipsis
    ):
        return Shape("tuple*", (_of_node(items[0]),))
    parts = tuple(_of_node(item) for item in items)
    if base in _SEQUENCES:
        return Shape(_SEQUENCES[base], parts[:1])
    if base in _MAPPINGS and len(parts) == 2:
        return Shape("dict", parts)
    if base in ("tuple", "Tuple"):
        return Shape("tuple", parts)
    if base == "Optional":
        return Shape("union", (*parts, Shape("None")))
    if base == "Union":
        return Shape("union", parts)
    return parts[0] if base in ("Annotated", "Final") and parts else UNKNOWN


def shape_of_values(values: Sequence[object]) -> Shape:
    """Return the shape that all *values* have; without values anything goes."""
    return shape_of_annotation(union([annotation_of(value) for value in values])) if values else ANY


_INTS = (0, 1, -1, 2, 3, 10, -7, 100, 12345)
_FLOATS = (0.0, 1.0, -1.0, 0.5, 2.25, -3.75, 1e-6, 1000.125)
_TEXTS = ("", "a", "A", " ", "abc", "Hello, World!", "aa", "racecar", "12", "é", "ß", "a b  c", "x\ny", "日本")
_EDGES: dict[str, tuple[object, ...]] = {
    "int": _INTS, "float": _FLOATS, "str": _TEXTS, "bool": (True, False), "None": (None,),
    "bytes": (b"", b"a", b"\x00\xff"), "complex": (0j, 1 + 2j),
}  # fmt: skip


def edges(shape: Shape, depth: int = 0) -> list[object]:
    """Return the values of a shape that tend to break code: empty, zero, negative, single, repeated, unicode."""
    if shape.kind in _EDGES:
        return list(_EDGES[shape.kind])
    if shape.kind == "choice":
        return list(shape.choices)
    if shape.kind == "union":
        return [value for part in shape.parts for value in edges(part, depth)]
    if depth > 2 or not shape.is_known:
        return []
    inner = [edges(part, depth + 1) for part in shape.parts]
    if shape.kind in ("list", "set", "frozenset", "tuple*"):
        items = inner[0] or [0]
        return [
            _collection(shape.kind, chosen) for chosen in ([], items[:1], items[:3], [items[-1]] * 2, items[::-1][:5])
        ]
    if shape.kind == "dict":
        keys, values = inner[0] or ["a"], inner[1] or [0]
        return [_mapping(keys[:n], (values * 5)[:n]) for n in (0, 1, 3)]
    if shape.kind == "tuple":
        return [tuple(options[n % len(options)] for options in inner if options) for n in range(4)]
    return [0, "", [], "a", [1, 2, 3], None]


def random_value(shape: Shape, rng: Random, depth: int = 0) -> object:
    """Return one value of a shape; collections hold up to eight items, fewer inside others."""
    if shape.kind == "union":
        return random_value(rng.choice(shape.parts), rng, depth)
    if shape.kind == "choice":
        return rng.choice(shape.choices) if shape.choices else None
    if shape.kind in ("list", "set", "frozenset", "tuple*"):
        length = rng.randint(0, max(1, 8 - 3 * depth)) if depth < 4 else 0
        part = shape.parts[0] if shape.parts else ANY
        return _collection(shape.kind, [random_value(part, rng, depth + 1) for _ in range(length)])
    if shape.kind == "dict":
        length = rng.randint(0, max(1, 5 - 2 * depth)) if depth < 4 else 0
        keys = [random_value(shape.parts[0], rng, depth + 1) for _ in range(length)]
        return _mapping(keys, [random_value(shape.parts[1], rng, depth + 1) for _ in range(length)])
    if shape.kind == "tuple":
        return tuple(random_value(part, rng, depth + 1) for part in shape.parts)
    return _random_scalar(shape.kind, rng)


def _random_scalar(kind: str, rng: Random) -> object:
    if kind == "int":
        return rng.choice((rng.randint(-5, 12), rng.randint(-50, 120), rng.randint(0, 1000)))
    if kind == "float":
        return round(rng.uniform(-100, 100), rng.randint(0, 3))
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "str":
        alphabet = rng.choice(("ab", "abcdefg", "aAbB ", "hello world", "0123456789", "(){}[]", "aé ß1,.!-_"))
        return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 10)))
    if kind == "bytes":
        return bytes(rng.randrange(256) for _ in range(rng.randint(0, 6)))
    if kind == "complex":
        return complex(rng.randint(-5, 5), rng.randint(-5, 5))
    if kind == "None":
        return None
    return rng.choice((rng.randint(-5, 20), "abc", [3, 1, 2], ""))


def _collection(kind: str, items: Sequence[object]) -> object:
    if kind == "tuple*":
        return tuple(items)
    if kind == "list":
        return list(items)
    members = [_hashable(item) for item in items]
    return set(members) if kind == "set" else frozenset(members)


def _mapping(keys: Sequence[object], values: Sequence[object]) -> dict[object, object]:
    return dict(zip([_hashable(key) for key in keys], values, strict=False))


def _hashable(value: object) -> object:
    """What a set or a key may hold: a list becomes a tuple all the way down."""
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(item) for item in value)
    if isinstance(value, (set, dict)):
        return tuple(sorted((_hashable(item) for item in value), key=repr))
    return value
