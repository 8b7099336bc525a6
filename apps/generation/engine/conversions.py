"""
Near misses: the right elements, in another container or in another order than the examples show.

Small models write ``return names[1:3]`` where a tuple is asked for, and being shown the failing example seldom helps
them. Such an answer needs no model: what its function returns is converted, in the sight of whoever reads the code. It
is repair from a fixed set of transformations (Monperrus, Automatic Software Repair: A Bibliography, ACM Computing
Surveys 2018), and like any repair it counts only when it meets every example. Of recorded answers to MBPP and HumanEval
47 failed their examples by that alone; converted, 46 of them return what the reference returns on every input.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import accumulate
from typing import Any

from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcome_meets

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Conversion(StrEnum):
    """A function of Python that is put around what a program returns."""

    TUPLE = "tuple"
    LIST = "list"
    SORTED = "sorted"

    @property
    def miss(self) -> str:
        """What the program did instead, as a clause."""
        return {
            Conversion.TUPLE: "returned no tuple where the examples show one",
            Conversion.LIST: "returned no list where the examples show one",
            Conversion.SORTED: "returned the elements in another order than the examples",
        }[self]


# A set has no order of its own: only sorted, what it holds is the same list in every run.
_APPLY: dict[Conversion, Callable[[Any], object]] = {
    Conversion.TUPLE: lambda value: tuple(value) if isinstance(value, list) else value,
    Conversion.LIST: lambda value: list(value) if isinstance(value, tuple) else value,
    Conversion.SORTED: lambda value: sorted(value) if isinstance(value, (list, set)) else value,
}


def conversion_for(outcomes: Sequence[Outcome], expected: Sequence[Expected]) -> Conversion | None:
    """
    Return what makes a program meet all examples, None where nothing does or nothing is missing.

    :param outcomes: what it did on the inputs of the examples, in the order of *expected*.
    """
    pairs = list(zip(outcomes, expected, strict=True))
    if not pairs or any(one.kind is not OutcomeKind.VALUE or wanted.raises for one, wanted in pairs):
        return None
    if all(outcome_meets(one, wanted) for one, wanted in pairs):
        return None
    return next((one for one in Conversion if _meets(one, pairs)), None)


def converted_module(module: str, function: str, conversion: Conversion) -> str:
    """
    Return *module* where every value that *function* returns is converted; what it returns besides, as None, stays.

    :raises SyntaxError: the module does not parse, or the result would not.
    :raises ValueError: the function is not one plain function at the top of the module that returns values.
    :raises RecursionError: the module is nested too deeply.
    """
    found = [one for one in ast.parse(module).body if isinstance(one, Function) and one.name == function]
    if len(found) != 1 or not isinstance(found[0], ast.FunctionDef):
        raise ValueError(f"There is not one plain function {function} in the module.")
    nodes = list(_own(found[0]))
    values = [one.value for one in nodes if isinstance(one, ast.Return) and one.value is not None]
    values = [one for one in values if not isinstance(one, ast.Constant)]
    if not values or any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in nodes):
        raise ValueError(f"{function} returns no values.")
    text = module.encode()
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    for value in sorted(values, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        start = starts[value.lineno - 1] + value.col_offset
        end = starts[(value.end_lineno or value.lineno) - 1] + (value.end_col_offset or 0)
        written = text[start:end].decode()
        inner = f"({written})" if isinstance(value, ast.Tuple) else written
        text = text[:start] + f"{conversion.value}({inner})".encode() + text[end:]
    ast.parse(text)
    return text.decode()


def _meets(conversion: Conversion, pairs: Sequence[tuple[Outcome, Expected]]) -> bool:
    try:
        return all(outcome_meets(replace(one, value=_APPLY[conversion](one.value)), wanted) for one, wanted in pairs)
    except TypeError:
        return False  # the elements have no order


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Return the nodes of a function but those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (Function, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
