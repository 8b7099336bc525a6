"""
A module put together function by function, where no candidate is right everywhere.

Each function comes from the candidate whose own version passes the most of the person's examples of it. Nothing here
runs: whoever plans runs the result, and keeps it only when it beats every candidate that it was made from.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.generation.engine.assembly import merge_module

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Passed = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """The candidate to begin with, and by function the candidate whose version replaces it."""

    base: str
    donors: Mapping[str, str]


def hybrid_plan(passed: Mapping[str, Passed]) -> Plan | None:
    """
    Return what to put together from how many examples of each function each candidate passes, in order of preference.

    The base passes the most; another's version is taken only where it passes more than the base's. None where the base
    is nowhere beaten.
    """
    if not passed:
        return None
    base = max(passed, key=lambda name: sum(passed[name].values()))
    donors = {}
    for function, own in passed[base].items():
        best = max(passed, key=lambda name: passed[name].get(function, 0))
        if passed[best].get(function, 0) > own:
            donors[function] = best
    return Plan(base, donors) if donors else None


def hybrid_module(plan: Plan, modules: Mapping[str, str]) -> str:
    """
    Return the base's module with the donors' functions, what these need of their own modules, and their imports.

    :raises SyntaxError: a module does not parse, or the result would not.
    :raises ValueError: a module holds a NUL character, or a donor does not define its function.
    :raises RecursionError: a module is nested too deeply.
    """
    module = modules[plan.base]
    for function, donor in plan.donors.items():
        module = merge_module(module, _part(modules[donor], function, _defined(module)))
    return module


def definitions_of(module: str) -> dict[str, str]:
    """
    Return the functions and classes at the top of *module* by name, each as it is written.

    {} where it does not parse.
    """
    try:
        body = ast.parse(module).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    lines = module.splitlines(keepends=True)
    return {node.name: _written(node, lines) for node in body if isinstance(node, Definition)}


def _defined(module: str) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(module).body if isinstance(node, Definition))


def _part(module: str, function: str, there: frozenset[str]) -> str:
    """Return the imports of *module*, the function, and what it uses of the module that is not *there* already."""
    body = ast.parse(module).body
    binding = {name: node for node in body for name in _binds(node)}
    if function not in binding:
        raise ValueError(f"There is no {function} in its candidate.")
    wanted, waiting = {function}, [function]
    while waiting:
        used = {node.id for node in ast.walk(binding[waiting.pop()]) if isinstance(node, ast.Name)}
        fresh = {name for name in used & set(binding) if name not in there} - wanted
        wanted |= fresh
        waiting += sorted(fresh)
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    parts = [node for node in body if any(name in wanted for name in _binds(node))]
    return "\n\n".join(_source(node, module) for node in (*imports, *parts))


def _binds(node: ast.stmt) -> Sequence[str]:
    if isinstance(node, Definition):
        return (node.name,)
    if isinstance(node, ast.Assign):
        return tuple(target.id for target in node.targets if isinstance(target, ast.Name))
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return (node.target.id,)
    return ()


def _source(node: ast.stmt, module: str) -> str:
    return _written(node, module.splitlines(keepends=True))


def _written(node: ast.stmt, lines: Sequence[str]) -> str:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return "".join(lines[first - 1 : node.end_lineno]).rstrip("\n")
