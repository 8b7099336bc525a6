"""Types and signatures from the values of examples, for texts that declare none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from apps.generation.engine.specification.model import FunctionSignature, Parameter, SpecExample

_NAMES = ("value", "other", "third", "fourth", "fifth", "sixth")


def annotation_of(value: object, depth: int = 0) -> str:
    """Return the annotation that describes a value, such as ``list[int]``."""
    if value is None:
        return "None"
    if isinstance(value, (list, set, frozenset)) and depth < 3:
        inner = union([annotation_of(item, depth + 1) for item in value])
        return f"{type(value).__name__}[{inner}]" if value else type(value).__name__
    if isinstance(value, tuple) and value and depth < 3:
        return f"tuple[{', '.join(annotation_of(item, depth + 1) for item in value)}]"
    if isinstance(value, dict) and value and depth < 3:
        keys = union([annotation_of(key, depth + 1) for key in value])
        return f"dict[{keys}, {union([annotation_of(item, depth + 1) for item in value.values()])}]"
    return type(value).__name__


def union(annotations: Sequence[str]) -> str:
    """Return the union of annotations; ``list`` beside ``list[int]`` says nothing more, over three are ``object``."""
    distinct = sorted(set(annotations), key=lambda a: (a == "None", a))
    distinct = [a for a in distinct if "[" in a or not any(o.startswith(f"{a}[") for o in distinct)]
    if set(distinct) == {"int", "float"}:
        return "float"
    return " | ".join(distinct) if 0 < len(distinct) <= 3 else "object"


def inferred_signature(
    name: str, examples: Sequence[SpecExample], written: Sequence[Parameter] = ()
) -> FunctionSignature | None:
    """
    Return the signature that the plain examples of *name* suggest, None when there are none and nothing is written.

    What raises tells nothing of types: it shows what must not be given.

    :param written: the parameters as the text names them, without types.
    """
    shown = [e for e in examples if e.function == name and not e.steps]
    if not shown and not written:
        return None
    names = [p.name for p in written] or _names(shown)
    working = [e for e in shown if e.raises is None]
    placed = [{**dict(zip(names, e.args, strict=False)), **e.kwargs} for e in working]
    fixed = {p.name: p for p in written}
    parameters = _in_legal_order([_inferred(one, fixed.get(one), placed) for one in names])
    returns = union([annotation_of(e.expected) for e in working]) if working else ""
    header = f"def {name}({', '.join(_written(parameters))})"
    return FunctionSignature(name, header + (f" -> {returns}" if returns else ""), parameters, returns)


def _names(shown: Sequence[SpecExample]) -> list[str]:
    """Name what is given by place; a keyword that some example gives in that place names it."""
    width = max(len(e.args) for e in shown)
    keywords = list(dict.fromkeys(key for e in sorted(shown, key=lambda e: len(e.args)) for key in e.kwargs))
    names: list[str] = []
    for place in range(width):
        given = [e for e in shown if len(e.args) > place]
        fitting = [k for k in keywords if k not in names and not any(k in e.kwargs for e in given)]
        follows = [k for k in fitting if any(len(e.args) <= place and k in e.kwargs for e in shown)]
        invented = _NAMES[place] if place < len(_NAMES) else f"value_{place + 1}"
        names.append(follows[0] if follows else invented)
    return names + [key for key in keywords if key not in names]


def _inferred(name: str, written: Parameter | None, placed: Sequence[Mapping[str, object]]) -> Parameter:
    values = [row[name] for row in placed if name in row]
    annotation = union([annotation_of(value) for value in values]) if values else ""
    if written is not None:
        return replace(written, annotation=annotation)
    return Parameter(name, annotation, None if len(values) == len(placed) else "None")


def _in_legal_order(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """What must be given cannot follow what may be left out, unless by its name."""
    optional = next((at for at, one in enumerate(parameters) if one.default is not None), len(parameters))
    later = {one.name for one in parameters[optional:] if one.default is None}
    return tuple(replace(one, kind="keyword") if one.name in later else one for one in parameters)


def _written(parameters: Sequence[Parameter]) -> Iterator[str]:
    is_starred = False
    for one in sorted(parameters, key=lambda one: one.kind == "keyword"):
        if one.kind == "keyword" and not is_starred:
            is_starred = True
            yield "*"
        typed = f"{one.name}: {one.annotation}" if one.annotation else one.name
        default = f" = {one.default}" if one.annotation else f"={one.default}"
        yield typed if one.default is None else typed + default
