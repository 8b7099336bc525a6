"""Functions and classes of JavaScript and TypeScript that a text asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.core.javascript.trees import fault_of, parse, text_of, walk
from apps.generation.engine.specification.javascript.types import annotation_from
from apps.generation.engine.specification.literals import Budget, balanced_end
from apps.generation.engine.specification.model import ClassOutline, FunctionSignature, Parameter, SpecExample
from apps.generation.engine.specification.signatures import NOT_NAMES

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = r"[A-Za-z_$][\w$]*"
_FUNCTION = re.compile(rf"\b(async\s+)?function\s*\*?\s+({_NAME})\s*(<[^>(\n]*>)?\s*(?=\()")
_ARROW = re.compile(rf"\b(?:const|let|var)\s+({_NAME})\s*=\s*(async\s+)?(?:function\s*)?(<[^>(\n]*>)?(?=\()")
_TICKED = re.compile(rf"`({_NAME})(?=\()")
_CLASS = re.compile(r"(?m)\bclass\s+`?([A-Z][\w$]*)`?(?=[\s{<`.,:;])|\b[Aa] class (?:named |called )?`([A-Z]\w*)`")
_NAMED = re.compile(
    rf"\b(?:function|method|helper)s?\s+(?:named\s+|called\s+)?`?({_NAME})`?|\b[Ii]mplement\s+`({_NAME})`"
)
_RETURNS = re.compile(r"[ \t]*(?:->|:)[ \t]*")
_ARROW_AHEAD = re.compile(r"\s*=>")
_BODY = re.compile(r"[ \t]*(?:\{|=>|;|`|$)", re.MULTILINE)
_JSDOC = re.compile(r"/\*\*((?:(?!\*/).){0,4000})\*/\s*\Z", re.DOTALL)
_PARAM = re.compile(rf"@param\s+\{{([^}}\n]+)\}}\s+(?:\[({_NAME})[^\]]*\]|({_NAME}))")
_JSDOC_RETURNS = re.compile(r"@returns?\s+\{([^}\n]+)\}")
_TYPE_TEXT = re.compile(r"[\w$\s.,|&<>\[\](){}:;?'\"=-]{1,200}")
_BEFORE = 5_000


def javascript_signatures(text: str, budget: Budget) -> tuple[tuple[FunctionSignature, ...], tuple[ClassOutline, ...]]:
    """Return the functions and classes that *text* asks for, in reading order."""
    classes = list(dict.fromkeys(hit.group(1) or hit.group(2) for hit in _CLASS.finditer(text)))
    found: dict[str, FunctionSignature] = {}
    readers = (_declared(text, budget, _FUNCTION), _declared(text, budget, _ARROW), _ticked(text, budget), _named(text))
    for reader in readers:
        for signature in reader:
            if signature.name not in classes and signature.name not in found:
                found[signature.name] = signature
    return tuple(found.values()), tuple(ClassOutline(name) for name in classes)


def _declared(text: str, budget: Budget, pattern: re.Pattern[str]) -> Iterable[FunctionSignature]:
    is_arrow = pattern is _ARROW
    for hit in pattern.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None:
            continue
        name = hit.group(1) if is_arrow else hit.group(2)
        is_async = bool(hit.group(2) if is_arrow else hit.group(1))
        returns, stop = _return_type(text, end)
        if is_arrow and "function" not in hit.group() and not _ARROW_AHEAD.match(text, stop):
            continue
        signature = signature_of(name, text[hit.end() : end], returns, is_async=is_async)
        if signature is not None:
            yield _with_jsdoc(signature, text[max(0, hit.start() - _BEFORE) : hit.start()])


def _return_type(text: str, end: int) -> tuple[str, int]:
    """Return the written return type behind the parameters, and where it ends."""
    mark = _RETURNS.match(text, end)
    if mark is None:
        return "", end
    depth, at = 0, mark.end()
    while at < len(text) and at - mark.end() < 200:
        character = text[at]
        if depth == 0 and (character in "\n;`" or text.startswith("=>", at) or (character == "{" and at > mark.end())):
            break
        depth += (character in "<[({") - (character in ">])}")
        if depth < 0:
            break
        at += 1
    written = text[mark.end() : at].strip()
    return (written, at) if _TYPE_TEXT.fullmatch(written) else ("", end)


def signature_of(name: str, parameters: str, returns: str, *, is_async: bool = False) -> FunctionSignature | None:
    """Return the signature of ``name(parameters): returns``, None where that is no TypeScript."""
    for written in dict.fromkeys((returns, "")):
        suffix = f": {written}" if written else ""
        header = " ".join(f"{'async ' if is_async else ''}function {name}{parameters}{suffix}".split())
        source = f"{header} {{}}"
        if fault_of(source, is_typed=True) is None:
            root = parse(source, is_typed=True)
            given = next((node for node in walk(root) if node.type == "formal_parameters"), None)
            if given is None:
                return None
            found = [_parameter(node) for node in given.named_children if node.type != "comment"]
            return FunctionSignature(name, header, tuple(p for p in found if p is not None), annotation_from(written))
    return None


def _parameter(node: Node) -> Parameter | None:
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    written = node.child_by_field_name("type")
    if pattern is None or pattern.type == "this":
        return None
    annotation = annotation_from(text_of(written).lstrip(": ")) if written is not None else ""
    if pattern.type == "rest_pattern":
        return Parameter(text_of(pattern).lstrip(". "), annotation, None, "var_positional")
    default = text_of(value) if value is not None else "undefined" if node.type == "optional_parameter" else None
    return Parameter(text_of(pattern), annotation, default)


def _with_jsdoc(signature: FunctionSignature, before: str) -> FunctionSignature:
    """Fill in what a comment ``/** @param {string} text */`` says of types that are not written in the code."""
    comment = _JSDOC.search(re.sub(r"(?:export\s+|default\s+|declare\s+)+\Z", "", before))
    if comment is None:
        return signature
    types = {hit.group(2) or hit.group(3): hit.group(1) for hit in _PARAM.finditer(comment.group(1))}
    optional = {hit.group(2) for hit in _PARAM.finditer(comment.group(1)) if hit.group(2)}
    parameters = tuple(
        replace(
            one,
            annotation=one.annotation or annotation_from(types.get(one.name, "")),
            default="undefined" if one.default is None and one.name in optional else one.default,
        )
        for one in signature.parameters
    )
    returns = _JSDOC_RETURNS.search(comment.group(1))
    return replace(
        signature,
        parameters=parameters,
        returns=signature.returns or (annotation_from(returns.group(1)) if returns else ""),
    )


def _ticked(text: str, budget: Budget) -> Iterable[FunctionSignature]:
    """`` `clamp(value: number, low, high): number` `` in backticks: parameters that are names declare a function."""
    for hit in _TICKED.finditer(text):
        end = balanced_end(text, hit.end(), budget)
        if end is None or not _BODY.match(text, _return_type(text, end)[1]):
            continue
        signature = signature_of(hit.group(1), text[hit.end() : end], _return_type(text, end)[0])
        if signature is not None and (signature.parameters or text[hit.end() : end] == "()"):
            yield signature


def _named(text: str) -> Iterable[FunctionSignature]:
    """ "Write a function named slugify": a name and nothing else; its parameters are learned from the examples."""
    for hit in _NAMED.finditer(text):
        name = hit.group(1) or hit.group(2)
        is_marked = "`" in hit.group() or re.search(r"named|called", hit.group())
        is_camel = re.search(r"[a-z][A-Z]|_|\$", name)
        if name.lower() not in NOT_NAMES and (is_marked or is_camel or text[hit.end() : hit.end() + 1] == "("):
            yield FunctionSignature(name, "")


def completed_numbers(
    functions: Sequence[FunctionSignature], examples: Sequence[SpecExample]
) -> tuple[FunctionSignature, ...]:
    """Make a number of a signature a float where an example has a fraction in its place; a returned one may be any."""
    return tuple(
        replace(
            function,
            returns=re.sub(r"\bint\b", "float", function.returns),
            parameters=tuple(
                replace(one, annotation=re.sub(r"\bint\b", "float", one.annotation))
                if any(
                    holds_fraction(example.args[index])
                    for example in examples
                    if example.function == function.name and index < len(example.args)
                )
                else one
                for index, one in enumerate(function.parameters)
            ),
        )
        for function in functions
    )


def holds_fraction(value: object) -> bool:
    """Tell whether a value is, or holds, a number that is not whole."""
    if isinstance(value, (list, tuple)):
        return any(holds_fraction(item) for item in value)
    if isinstance(value, dict):
        return any(holds_fraction(item) for item in value.values())
    return isinstance(value, float)


def inferred_javascript(
    name: str, examples: Sequence[SpecExample], written: Sequence[Parameter] = ()
) -> FunctionSignature | None:
    """Return the signature of the parameters *written*, else that which plain examples suggest, None without any."""
    if written:
        return FunctionSignature(name, f"function {name}({', '.join(one.name for one in written)})", tuple(written))
    plain = [e for e in examples if e.function == name and not e.steps]
    if not plain:
        return None
    width, fewest = max(len(e.args) for e in plain), min(len(e.args) for e in plain)
    names = ("value", "other", "third", "fourth", "fifth", "sixth")
    parameters = tuple(
        Parameter(names[at] if at < len(names) else f"value{at + 1}", "", None if at < fewest else "undefined")
        for at in range(width)
    )
    return FunctionSignature(name, f"function {name}({', '.join(one.name for one in parameters)})", parameters)
