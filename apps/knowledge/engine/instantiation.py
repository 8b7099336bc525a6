"""A pattern's code under other names and with other constants."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping, Sequence

from apps.knowledge.engine.pattern_model import Parameter, Pattern
from apps.knowledge.engine.renaming import arguments_reordered, constants_set, names_bound, names_used, renamed


class ParameterInvalid(ValueError):
    """A value does not fit ``parameter``; the message is a sentence for people."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def instantiate(pattern: Pattern, values: Mapping[str, str]) -> str:
    """
    Return the code of *pattern* with *values* (parameter to new name, or to the source of a literal).

    What is empty, or as it was, stays.

    :raises ParameterInvalid: a value is no name, taken, or a literal of another type.
    """
    chosen = [(one, values.get(one.name, "").strip()) for one in pattern.parameters]
    changed = [(one, value) for one, value in chosen if value and value != one.default]
    names = {one.name: value for one, value in changed if one.kind != "constant"}
    _check_names(pattern, names)
    literals = {one.name: _literal(one, value) for one, value in changed if one.kind == "constant"}
    return renamed(constants_set(pattern.template, literals), names, tuple(names))


def instantiate_for(pattern: Pattern, entry: str | None, names: Sequence[str]) -> str:
    """
    Return the code with *entry* and *names*, one for each argument, in place of its own.

    Names are matched by position. When they are the pattern's own in another order, they keep their meaning and the
    header takes that order. A requested name that the template uses for something else gives way there.
    """
    if set(names) == set(pattern.arguments) and not pattern.optional:
        template = arguments_reordered(pattern.template, pattern.entry, names)
        return renamed(template, {pattern.entry: entry} if entry else {}, ())
    changed = dict(zip(pattern.arguments, names, strict=True))
    local = names_bound(pattern.template) - set(pattern.arguments)
    changed |= {taken: f"{taken}_" for taken in local & set(names)}
    if entry:
        changed[pattern.entry] = entry
    return renamed(pattern.template, {old: new for old, new in changed.items() if old != new}, pattern.arguments)


def _check_names(pattern: Pattern, names: Mapping[str, str]) -> None:
    taken = names_used(pattern.template)
    for name, value in names.items():
        if not value.isidentifier() or keyword.iskeyword(value):
            raise ParameterInvalid(name, f"{value!r} cannot be a name in Python.")
        if value in taken or list(names.values()).count(value) > 1:
            raise ParameterInvalid(name, f"{value} stands for something else in this code; choose another name.")


def _literal(parameter: Parameter, text: str) -> str:
    before = ast.literal_eval(parameter.default)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ParameterInvalid(parameter.name, f"{parameter.name} takes a value such as {parameter.default}.") from None
    if type(value) is not type(before):
        raise ParameterInvalid(parameter.name, f"{parameter.name} takes a value of the type {type(before).__name__}.")
    return repr(value)
