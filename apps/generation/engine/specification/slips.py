"""What authors of examples write and do not mean: another name, ``("a")`` for a tuple of one, terms of a recurrence."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import replace

from apps.generation.engine.specification.model import FunctionSignature, SpecExample

_IN_BRACKETS = re.compile(r"(?:[=>➞→]|returns?)\s*\([^()\n,]{0,200}\)\Z")
_RECURRENCE = re.compile(r"(?<![\w.])(\w+)\(([a-z])\)[ \t]*+(?:=|->|=>)[^\n]{0,100}?(?<![\w.])\1\([ ]?\2[ ]?[-+]")


def renamed(found: Sequence[SpecExample], functions: Sequence[FunctionSignature]) -> list[SpecExample]:
    """
    Return examples that call the only declared function by another name, under its own.

    Only when all of them use one unknown name and fit the signature: then the name is a slip of the author.
    """
    others = {e.function for e in found if not e.steps and not hasattr(builtins, e.function)}
    if len(functions) != 1 or len(others) != 1:
        return []
    function = functions[0]
    fitting = [e for e in found if e.function in others and not e.steps and len(e.args) == len(function.parameters)]
    return [replace(e, function=function.name, call=e.call.replace(e.function, function.name, 1)) for e in fitting]


def with_tuples_of_one(text: str, found: Sequence[SpecExample]) -> list[SpecExample]:
    """Where the other examples of a function give tuples, ``f(1) -> ("a")`` gives one too."""
    giving = {e.function for e in found if isinstance(e.expected, tuple)}
    return [
        replace(e, expected=(e.expected,))
        if e.function in giving
        and not isinstance(e.expected, tuple)
        and e.raises is None
        and _IN_BRACKETS.search(text[max(e.span.start, e.span.end - 250) : e.span.end])
        else e
        for e in found
    ]


def without_terms(text: str, found: Sequence[SpecExample]) -> list[SpecExample]:
    """
    Leave out the terms of a recurrence where they are not what the function returns.

    A text may define ``t(1) = 3`` and ``t(n) = t(n - 1) + 1`` and then ask for the list of the first terms. When what
    the calls give is partly a list and partly no list, the last example shows which of the two is returned.
    """
    defined = {hit.group(1) for hit in _RECURRENCE.finditer(text)}
    shown = [e for e in found if e.function in defined and e.raises is None]
    if len({isinstance(e.expected, list) for e in shown}) < 2:
        return list(found)
    returns_list = isinstance(shown[-1].expected, list)
    return [e for e in found if e not in shown or isinstance(e.expected, list) is returns_list]
