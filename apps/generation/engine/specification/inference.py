"""Types and signatures from the values of examples, for texts that declare none."""

from __future__ import annotations

from collections.abc import Sequence

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


def inferred_signature(name: str, examples: Sequence[SpecExample]) -> FunctionSignature | None:
    """Return the signature that the plain examples of *name* suggest, None when there are none."""
    plain = [e for e in examples if e.function == name and not e.steps]
    if not plain:
        return None
    width = max(len(example.args) for example in plain)
    fewest = min(len(example.args) for example in plain)
    parameters = [
        Parameter(
            _NAMES[index] if index < len(_NAMES) else f"value_{index + 1}",
            union([annotation_of(e.args[index]) for e in plain if index < len(e.args)]),
            None if index < fewest else "None",
        )
        for index in range(width)
    ]
    keywords = sorted({key for example in plain for key in example.kwargs})
    parameters += [
        Parameter(key, union([annotation_of(e.kwargs[key]) for e in plain if key in e.kwargs]), "None")
        for key in keywords
    ]
    values = [annotation_of(example.expected) for example in plain if example.raises is None]
    returns = union(values) if values else ""
    written = ", ".join(
        f"{p.name}: {p.annotation}" + (f" = {p.default}" if p.default is not None else "") for p in parameters
    )
    return FunctionSignature(
        name, f"def {name}({written})" + (f" -> {returns}" if returns else ""), tuple(parameters), returns
    )
