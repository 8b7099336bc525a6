"""From a type annotation to the hypothesis strategy that draws its values."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_DEPTH = 5
MAX_SIZE = 20
SMALL_INTEGER = f"st.integers(min_value=-3, max_value={MAX_SIZE})"
# Names of parameters that say how much work to do: a large one would only show that much work takes long.
SIZES = frozenset(
    {"n", "count", "size", "depth", "limit", "times", "k", "width", "height", "length", "repeat", "steps"}
)
ANYTHING = "st.none() | st.booleans() | st.integers() | st.text()"
SCALARS: Mapping[str, str] = {
    "int": "st.integers(min_value=-10_000, max_value=10_000)",
    "float": "st.floats(allow_nan=False, allow_infinity=False)",
    "complex": "st.complex_numbers(allow_nan=False, allow_infinity=False)",
    "bool": "st.booleans()",
    "str": "st.text()",
    "bytes": "st.binary()",
    "bytearray": "st.binary().map(bytearray)",
    "None": "st.none()",
    "object": ANYTHING,
    "Any": ANYTHING,
    "Hashable": ANYTHING,
    "Decimal": "st.decimals(allow_nan=False, allow_infinity=False)",
    "Fraction": "st.fractions()",
    "date": "st.dates()",
    "datetime": "st.datetimes()",
    "time": "st.times()",
    "timedelta": "st.timedeltas()",
    "UUID": "st.uuids()",
}
_LISTS = frozenset({"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection"})
_SETS = frozenset({"set", "Set", "AbstractSet", "MutableSet"})
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_COMPARABLE = frozenset(SCALARS) - {"object", "Any", "Hashable"}
_CONTAINERS = _LISTS | _SETS | _MAPPINGS | {"frozenset", "FrozenSet", "tuple", "Tuple", "Optional", "Union", "Literal"}
_CONTAINERS -= {"Iterable"}


@dataclass(frozen=True)
class Names:
    """What the module itself defines: aliases of types, and classes whose values hypothesis can build."""

    aliases: Mapping[str, ast.expr]
    buildable: Mapping[str, str]


def strategy_of(annotation: ast.expr | None, names: Names, depth: int = 0) -> str | None:
    """Return the text of a strategy, or None for a type that has none here."""
    node = _literal_text(annotation)
    if node is None or depth > MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant) and node.value is None:
        return SCALARS["None"]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], names, depth)
    if isinstance(node, ast.Subscript):
        return _subscript(type_name(node.value), _arguments(node), names, depth)
    name = type_name(node)
    if name in names.buildable:
        return names.buildable[name]
    if name in names.aliases:
        return strategy_of(names.aliases[name], names, depth + 1)
    if name in SCALARS:
        return SCALARS[name]
    return _container(name, [SCALARS["int"]] * 2)


def strategy_of_parameter(name: str, annotation: ast.expr | None, names: Names) -> str | None:
    """Return the strategy of a parameter: that of its type, kept small where its name says how much work to do."""
    strategy = strategy_of(annotation, names)
    is_size = name in SIZES or name.startswith(("num_", "max_"))
    return SMALL_INTEGER if is_size and strategy == SCALARS["int"] else strategy


def strategy_of_default(default: ast.expr) -> str | None:
    """Return a strategy for a parameter without annotation from its default value."""
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return None if value is None else SCALARS.get(type(value).__name__)


def result_types(annotation: ast.expr | None) -> tuple[str, ...]:
    """Return the classes of which a result of this annotation is an instance; none where that cannot be said."""
    node = _literal_text(annotation)
    if node is None:
        return ()
    if isinstance(node, ast.Constant) and node.value is None:
        return ("NoneType",)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = result_types(node.left), result_types(node.right)
        return tuple(dict.fromkeys(left + right)) if left and right else ()
    if isinstance(node, ast.Subscript) and type_name(node.value) == "Optional":
        inner = result_types(node.slice)
        return (*inner, "NoneType") if inner else ()
    name = type_name(node.value if isinstance(node, ast.Subscript) else node).lower()
    if name == "float":
        return ("float", "int")
    return (name,) if name in {"int", "str", "bytes", "bool", "list", "dict", "set", "frozenset", "tuple"} else ()


def is_comparable(annotation: ast.expr | None, names: Names) -> bool:
    """Return whether two results of this annotation can be compared by ``==`` in a way that means something."""
    node = _literal_text(annotation)
    if node is None:
        return False
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.BinOp):
        return is_comparable(node.left, names) and is_comparable(node.right, names)
    if isinstance(node, ast.Subscript):
        name = type_name(node.value)
        inner = [part for part in _arguments(node) if not isinstance(part, ast.Constant)]
        return name in _CONTAINERS and all(is_comparable(part, names) for part in inner)
    name = type_name(node)
    if name in names.aliases:
        return is_comparable(names.aliases[name], Names({}, names.buildable))
    return name in _COMPARABLE or name in _CONTAINERS or name in names.buildable


def type_name(node: ast.expr) -> str:
    """Return the last part of a type's name, or an empty text."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal_text(annotation: ast.expr | None) -> ast.expr | None:
    """Return the annotation itself where it is written as a string."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return annotation


def _arguments(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _subscript(name: str, arguments: Sequence[ast.expr], names: Names, depth: int) -> str | None:
    if name == "Optional":
        return _union([*arguments, ast.Constant(value=None)], names, depth)
    if name == "Union":
        return _union(arguments, names, depth)
    if name == "Literal":
        return f"st.sampled_from([{', '.join(ast.unparse(value) for value in arguments)}])"
    if name in ("Annotated", "Final", "ClassVar"):
        return strategy_of(arguments[0], names, depth + 1)
    is_endless = len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is Ellipsis
    inner = [strategy_of(argument, names, depth + 1) for argument in (arguments[:1] if is_endless else arguments)]
    if any(part is None for part in inner):
        return None
    parts = [part for part in inner if part is not None]
    if name in ("tuple", "Tuple"):
        return (
            f"st.lists({parts[0]}, max_size={MAX_SIZE}).map(tuple)" if is_endless else f"st.tuples({', '.join(parts)})"
        )
    return _container(name, parts)


def _container(name: str, parts: Sequence[str]) -> str | None:
    if name in _LISTS:
        return f"st.lists({parts[0]}, max_size={MAX_SIZE})"
    if name in _SETS:
        return f"st.sets({parts[0]}, max_size={MAX_SIZE})"
    if name in ("frozenset", "FrozenSet"):
        return f"st.frozensets({parts[0]}, max_size={MAX_SIZE})"
    if name in ("tuple", "Tuple"):
        return f"st.lists({parts[0]}, max_size={MAX_SIZE}).map(tuple)"
    if name in ("Iterator", "Generator"):
        return f"st.lists({parts[0]}, max_size={MAX_SIZE}).map(iter)"
    if name in _MAPPINGS and len(parts) == 2:
        return f"st.dictionaries({parts[0]}, {parts[1]}, max_size={MAX_SIZE})"
    return None


def _union(parts: Sequence[ast.expr], names: Names, depth: int) -> str | None:
    strategies = [strategy_of(part, names, depth + 1) for part in parts]
    known = [strategy for strategy in strategies if strategy is not None]
    return " | ".join(dict.fromkeys(known)) if len(known) == len(strategies) else None
