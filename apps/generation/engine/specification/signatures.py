"""Functions, classes and methods that a text asks for: written as code, in backticks, or named in a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from apps.generation.engine.specification.literals import Budget, balanced_end
from apps.generation.engine.specification.model import ClassOutline, FunctionSignature, Parameter
from apps.generation.engine.specification.syntax import parsed

_DEF = re.compile(r"(?<![\w.])(?:async[ \t]+)?def[ \t]+([A-Za-z_]\w*)[ \t]*+(?=\()")
_RETURNS = re.compile(r"[ \t]*+->[ \t]*+([^\n`:#{]+(?:\[[^\n`]*\])?)")
_CLASS = re.compile(
    r"(?<![\w.])[Cc]lass(?:[ \t]+(?:named|called))?[ \t]+[`'\"]?([A-Z]\w*)|[`'\"]([A-Z]\w*)[`'\"]?[ \t]+class\b"
)
_NAMED = re.compile(
    r"\b(?:function|method|routine|helper)(?:[ \t]+(?:named|called|is|,))?[ \t]+[`'\"]?([A-Za-z_]\w*)[`'\"]?"
    r"(?=[\s`'\".,:(]|$)"
)
_TICKED_CALL = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)(?=\()")
_TICKED_NAME = re.compile(r"`([A-Za-z_]\w*)`")
_IDENTIFIERS_ONLY = re.compile(r"[\w\s,.:\[\]|=*'\"+-]*")
NOT_NAMES = frozenset(
    re.findall(
        r"\w+",
        "that which to for with should must will shall of takes returns in and or the a an is it as by on when if "
        "named called using signature returning accepting name body must_be given where whose receives computes",
    )
)


def signatures_in(text: str, budget: Budget) -> tuple[tuple[FunctionSignature, ...], tuple[ClassOutline, ...]]:
    """Return the functions and classes that *text* asks for, in reading order; methods are in both."""
    classes = _classes_in(text)
    functions = list(_written_functions(text, budget))
    known = {function.name for function in functions}
    for function in (*_ticked_functions(text, budget, {c for c, _ in classes}), *_named_functions(text)):
        if function.name not in known and function.name not in {name for name, _ in classes}:
            known.add(function.name)
            functions.append(function)
    owned = _owned_by_class(functions, classes, text)
    outlines = tuple(ClassOutline(name, tuple(f for f in owned if f.owner == name)) for name, _ in classes)
    return tuple(owned), outlines


def _classes_in(text: str) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for hit in _CLASS.finditer(text):
        found.setdefault(hit.group(1) or hit.group(2), hit.start())
    return list(found.items())


def _written_functions(text: str, budget: Budget) -> Iterable[FunctionSignature]:
    seen: set[tuple[str, str | None]] = set()
    for hit in _DEF.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None:
            continue
        returns = _RETURNS.match(text, end)
        suffix = f" -> {returns.group(1).strip()}" if returns else ""
        line_start = text.rfind("\n", 0, hit.start()) + 1
        owner = _owner_at(text, line_start, hit.start())
        signature = signature_from(f"def {hit.group(1)}{text[hit.end() : end]}{suffix}", owner=owner)
        signature = signature or signature_from(f"def {hit.group(1)}{text[hit.end() : end]}", owner=owner)
        if signature is not None and (signature.name, owner) not in seen:
            seen.add((signature.name, owner))
            yield signature


def _owner_at(text: str, line_start: int, position: int) -> str | None:
    """Return the class in whose indented body the ``def`` at *position* stands."""
    indent = text[line_start:position]
    if not indent or indent.strip():
        return None
    for line in reversed(text[max(0, line_start - 4000) : line_start].splitlines()):
        if not line.strip() or len(line) - len(line.lstrip()) >= len(indent):
            continue
        header = re.match(r"\s*class\s+([A-Za-z_]\w*)", line)
        return header.group(1) if header else None
    return None


def signature_from(source: str, *, owner: str | None = None) -> FunctionSignature | None:
    """Return the signature that ``def name(...) -> type`` declares, None when it is not Python."""
    source = " ".join(source.split()).rstrip(": ")
    try:
        node = parsed(f"{source}: pass").body[0]
    except ValueError:
        return None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    parameters = _parameters(node.args)
    is_method = owner is not None or bool(parameters and parameters[0].name == "self")
    if is_method and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    returns = ast.unparse(node.returns) if node.returns else ""
    header = ast.unparse(ast.FunctionDef(node.name, node.args, [ast.Pass()], [], node.returns, None, lineno=1))
    return FunctionSignature(node.name, header.split("\n")[0].rstrip(":"), parameters, returns, is_method, owner)


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


def _ticked_functions(text: str, budget: Budget, classes: set[str]) -> Iterable[FunctionSignature]:
    """`` `clamp(value, low, high) -> int` `` in backticks: a call whose arguments are names declares a function."""
    for hit in _TICKED_CALL.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None or not _IDENTIFIERS_ONLY.fullmatch(text[hit.end() + 1 : end - 1]):
            continue
        owner, _, name = hit.group(1).rpartition(".")
        returns = _RETURNS.match(text, end)
        suffix = f" -> {returns.group(1).strip()}" if returns else ""
        owner_class = owner if owner in classes else None
        signature = signature_from(f"def {name}{text[hit.end() : end]}{suffix}", owner=owner_class)
        signature = signature or signature_from(f"def {name}{text[hit.end() : end]}", owner=owner_class)
        if signature is not None:
            yield signature


def _named_functions(text: str) -> Iterable[FunctionSignature]:
    """ "Write a function named slugify": a name and nothing else; its parameters are learned from the examples."""
    for hit in _NAMED.finditer(text):
        name = hit.group(1)
        is_name = name.lower() not in NOT_NAMES and (
            "_" in name
            or "`" in hit.group()
            or re.search(r"named|called", hit.group())
            or text[hit.end() : hit.end() + 1] == "("
        )
        if is_name:
            yield FunctionSignature(name, "")


def _owned_by_class(
    functions: list[FunctionSignature], classes: list[tuple[str, int]], text: str
) -> list[FunctionSignature]:
    """With exactly one class and functions listed after it in backticks, those are its methods."""
    if len(classes) != 1:
        return functions
    name, position = classes[0]
    owned = []
    for function in functions:
        first = re.search(rf"\b{re.escape(function.name)}\b", text)
        is_listed = function.owner is None and first is not None and first.start() > position
        has_def = re.search(rf"(?m)^(?:async )?def {re.escape(function.name)}\b", text) is not None
        is_owned = function.is_method or (is_listed and not has_def and f"`{function.name}" in text)
        owned.append(replace(function, is_method=True, owner=function.owner or name) if is_owned else function)
    return owned
