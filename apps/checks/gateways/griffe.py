"""The public interface of a repository by griffe, which reads source and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import griffe

from apps.checks.types import Documented
from apps.core.modules import dotted_name

POSITIONAL_ONLY = griffe.ParameterKind.positional_only
KEYWORD_ONLY = griffe.ParameterKind.keyword_only
VAR_POSITIONAL = griffe.ParameterKind.var_positional
VAR_KEYWORD = griffe.ParameterKind.var_keyword


def public_interface(files: Mapping[str, str]) -> tuple[Documented, ...]:
    """Return what the Python *files* offer to others, by path and line; files that do not parse are left out."""
    found: list[Documented] = []
    for path in sorted(path for path in files if path.endswith(".py")):
        module = dotted_name(path)
        try:
            tree = griffe.visit(module, Path(path), files[path])
        except (SyntaxError, ValueError, RecursionError):
            continue
        found += _public(tree, path, module)
    return tuple(found)


def _public(owner: griffe.Module | griffe.Class, path: str, module: str) -> Iterator[Documented]:
    for member in owner.members.values():
        if member.name.startswith("_") or not isinstance(member, (griffe.Function, griffe.Class)):
            continue
        qualname = member.path.removeprefix(f"{module}.")
        docstring = member.docstring.value if member.docstring else ""
        yield Documented(path, module, qualname, member.kind.value, _signature(member), docstring, member.lineno or 0)
        if isinstance(member, griffe.Class):
            yield from _public(member, path, module)


def _signature(member: griffe.Function | griffe.Class) -> str:
    if isinstance(member, griffe.Class):
        bases = ", ".join(str(base) for base in member.bases)
        return f"class {member.name}({bases})" if bases else f"class {member.name}"
    returns = f" -> {member.returns}" if member.returns else ""
    return f"def {member.name}({', '.join(_parameters(member))}){returns}"


def _parameters(member: griffe.Function) -> Iterator[str]:
    """Yield the parameters as they are written, with the marks after which only positions or only names count."""
    kinds = [parameter.kind for parameter in member.parameters]
    for position, parameter in enumerate(member.parameters):
        kind = parameter.kind
        before = kinds[position - 1] if position else None
        if before is POSITIONAL_ONLY and kind is not POSITIONAL_ONLY:
            yield "/"
        if kind is KEYWORD_ONLY and before not in (KEYWORD_ONLY, VAR_POSITIONAL):
            yield "*"
        yield _parameter(parameter)
    if kinds and kinds[-1] is POSITIONAL_ONLY:
        yield "/"


def _parameter(parameter: griffe.Parameter) -> str:
    stars = {VAR_POSITIONAL: "*", VAR_KEYWORD: "**"}.get(parameter.kind, "") if parameter.kind else ""
    text = f"{stars}{parameter.name}"
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if parameter.default is not None and not stars:
        text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
    return text
