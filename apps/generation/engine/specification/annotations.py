"""Types as a text writes them behind an arrow or a colon, and the signature of ``def name(...) -> type``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from apps.generation.engine.specification.literals import Budget, balanced_end
from apps.generation.engine.specification.model import FunctionSignature, Parameter
from apps.generation.engine.specification.syntax import parsed

_ARROW = re.compile(r"[ \t]*+->[ \t]*+(?=[A-Za-z_'\"(])")
_COLON = re.compile(r"[ \t]*+:[ \t]++(?=[A-Za-z_])")
_HEAD = re.compile(r"['\"]?([A-Za-z_]\w*)(?:\.\w+)*['\"]?(?:\[\])?|(?=\()")
_GOES_ON = re.compile(r"[ \t]*+(?:\||or(?=[ \t]+None\b))[ \t]*+")
_ENDS = re.compile(r"[ \t]*+(?:$|[\n`:#.,;)]|[-–—] )")
_LIST_OF = re.compile(r"\b([A-Za-z_]\w*)\[\]")
_VARIABLE = re.compile(r"\*{0,2}([A-Za-z_]\w*)[ \t]*(?::[ \t]*([A-Za-z_]\w*))?")
KNOWN_TYPES = frozenset({
    "int", "float", "str", "bool", "bytes", "bytearray", "complex", "list", "dict", "tuple", "set", "frozenset",
    "object", "None", "type", "Any", "Optional", "Union", "Literal", "Callable", "Iterable", "Iterator", "Sequence",
    "Mapping", "Generator", "Decimal", "Fraction", "datetime", "date", "time", "timedelta", "Path",
})  # fmt: skip
# What people write for a type who do not think of Python.
LOOSE_TYPES = {
    "integer": "int", "long": "int", "double": "float", "number": "float", "real": "float", "string": "str",
    "String": "str", "text": "str", "char": "str", "boolean": "bool", "Boolean": "bool", "array": "list",
    "Array": "list", "map": "dict", "void": "None", "null": "None", "any": "object",
}  # fmt: skip


def returned_type(text: str, position: int, budget: Budget, *, may_be_colon: bool = False) -> str:
    """
    Return the type that stands behind an arrow at *position*; "" where there is none, or prose: "-> a sorted copy".

    :param may_be_colon: ``f(a: string): integer`` is read, too, where the type is one that is known.
    """
    arrow = _ARROW.match(text, position)
    if arrow is not None:
        return _type_at(text, arrow.end(), budget)
    colon = _COLON.match(text, position) if may_be_colon else None
    found = _type_at(text, colon.end(), budget) if colon is not None else ""
    return found if re.split(r"\W", found, maxsplit=1)[0] in KNOWN_TYPES | LOOSE_TYPES.keys() else ""


def _type_at(text: str, start: int, budget: Budget) -> str:
    """Read ``list[int] | None`` and stop where prose begins; "list of numbers" is a list."""
    position = end = start
    while budget.spend() and (head := _HEAD.match(text, position)) is not None:
        is_open = text[head.end() : head.end() + 1] == ("[" if head.group() else "(")
        closed = balanced_end(text, head.end(), budget) if is_open else head.end()
        goes_on = _GOES_ON.match(text, closed) if closed is not None else None
        is_known = head.group(1) in KNOWN_TYPES or head.group(1) in LOOSE_TYPES
        if closed is None or not (is_known or goes_on or _ENDS.match(text, closed)):
            break
        end = closed
        if goes_on is None:
            break
        position = goes_on.end()
    return re.sub(r"\bor\b", "|", text[start:end])


def type_variables(written: str) -> dict[str, str]:
    """Return what stands for the variables of ``[T: int, *Ts]``: their bound, else ``object``."""
    return {hit.group(1): hit.group(2) or "object" for hit in _VARIABLE.finditer(written.strip("[]"))}


def declared_signature(
    name: str, parameters: str, returns: str, *, owner: str | None = None, types: Mapping[str, str] = {}
) -> FunctionSignature | None:
    """
    Return the signature of ``name(parameters) -> returns``, without what cannot be read as a type behind the arrow.

    None where that is no Python. *types* says what stands for names of types that Python does not have.
    """
    with_returns = signature_from(f"def {name}{parameters} -> {returns}", owner=owner, types=types) if returns else None
    return with_returns or signature_from(f"def {name}{parameters}", owner=owner, types=types)


def signature_from(source: str, *, owner: str | None = None, types: Mapping[str, str] = {}) -> FunctionSignature | None:
    """Return the signature that ``def name(...) -> type`` declares, None when it is not Python."""
    source = " ".join(source.split()).rstrip(": ")
    source = _LIST_OF.sub(r"list[\1]", source) if types else source
    try:
        node = parsed(f"{source}: pass").body[0]
    except ValueError:
        return None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    _rename_types(node, types)
    parameters = _parameters(node.args)
    is_method = owner is not None or bool(parameters and parameters[0].name == "self")
    if is_method and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    returns = ast.unparse(node.returns) if node.returns else ""
    header = ast.unparse(ast.FunctionDef(node.name, node.args, [ast.Pass()], [], node.returns, None, lineno=1))
    return FunctionSignature(node.name, header.split("\n")[0].rstrip(":"), parameters, returns, is_method, owner)


def _rename_types(node: ast.FunctionDef | ast.AsyncFunctionDef, types: Mapping[str, str]) -> None:
    arguments = [one for one in ast.walk(node.args) if isinstance(one, ast.arg)]
    for annotation in (*(one.annotation for one in arguments), node.returns):
        for one in ast.walk(annotation) if annotation is not None else ():
            if isinstance(one, ast.Name):
                one.id = types.get(one.id, one.id)


def _parameters(arguments: ast.arguments) -> tuple[Parameter, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [_parameter(a, d, "positional") for a, d in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append(_parameter(arguments.vararg, None, "var_positional"))
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found.extend(_parameter(a, d, "keyword") for a, d in pairs)
    if arguments.kwarg:
        found.append(_parameter(arguments.kwarg, None, "var_keyword"))
    return tuple(found)


def _parameter(argument: ast.arg, default: ast.expr | None, kind: str) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    return Parameter(argument.arg, annotation, ast.unparse(default) if default else None, kind)
