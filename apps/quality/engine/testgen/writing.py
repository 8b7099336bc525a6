"""Writes properties down as a pytest module that a person would want to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from apps.quality.engine.testgen.properties import Law, Property
from apps.quality.engine.testgen.strategies import result_types
from apps.quality.engine.testgen.targets import Parameter, Target

_RESERVED = frozenset(
    {"st", "given", "copy", "outcome", "islice", "result", "first", "function", "arguments", "error", "same", "second"}
)
_ENDINGS: dict[Law, str] = {
    "safe": "never_crashes",
    "deterministic": "gives_the_same_answer_twice",
    "idempotent": "changes_nothing_the_second_time",
    "symmetric": "does_not_depend_on_the_order",
    "inverse": "is_undone_by",
}
_OUTCOME = '''


def outcome(function, *arguments):
    """Return what a call gives, or the kind of error it ends with; the arguments are copied for each call."""
    try:
        return function(*copy.deepcopy(arguments))
    except Exception as error:
        return type(error)


def same(first, second):
    """Say whether two outcomes are equal; one that is not a number is the same as another."""
    return first == second or repr(first) == repr(second)
'''


class Writer:
    """Writes the tests of one module, under names that nothing in it can hide."""

    def __init__(self, module: str, properties: Sequence[Property]) -> None:
        self.module = module
        self.properties = properties
        drawn = {parameter.name for item in properties for parameter in item.target.drawn}
        used = {name for item in properties for target in _targets(item) for name in (target.owner or target.name,)} | {
            name for item in properties for parameter in item.target.drawn for name in _built_types(parameter.strategy)
        }
        self.imported = {name: f"{name}_" if name in drawn | _RESERVED else name for name in sorted(used)}
        self.refusals = sorted({name for item in properties for name in item.target.refusals if not _is_builtin(name)})

    def text(self) -> str:
        """Return the whole module."""
        tests = [self._test(item) for item in self.properties]
        body = "\n\n\n".join(tests)
        needs_copy = any(item.law in ("deterministic", "symmetric") for item in self.properties)
        standard = ["import copy"] * needs_copy + ["from itertools import islice"] * ("islice(" in body)
        head = [f'"""Properties of {self.module}, written from its annotations."""', ""]
        head += [*standard, ""] if standard else []
        head += ["from hypothesis import given", "from hypothesis import strategies as st", ""]
        head += self._imports()
        return "\n".join(head) + (_OUTCOME if needs_copy else "\n") + f"\n\n{body}\n"

    def _imports(self) -> list[str]:
        wanted = [name if alias == name else f"{name} as {alias}" for name, alias in self.imported.items()]
        roots = {name.partition(".")[0] for name in self.refusals} - set(self.imported)
        wanted = sorted({*wanted, *roots})
        line = f"from {self.module} import {', '.join(wanted)}"
        if len(line) <= 100:
            return [line]
        return [f"from {self.module} import (", *(f"    {name}," for name in wanted), ")"]

    def _test(self, item: Property) -> str:
        target = item.target
        name = re.sub(r"\W", "_", target.label)
        ending = f"{_ENDINGS[item.law]}_{item.partner.name}" if item.partner else _ENDINGS[item.law]
        drawn = target.drawn
        lines = []
        if drawn:
            lines += _given(drawn, self.imported)
        lines.append(f"def test_{name}_{ending}({', '.join(parameter.name for parameter in drawn)}):")
        lines += {
            "safe": self._safe,
            "deterministic": self._deterministic,
            "idempotent": self._idempotent,
            "symmetric": self._symmetric,
            "inverse": self._inverse,
        }[item.law](item)
        return "\n".join(lines)

    def _safe(self, item: Property) -> list[str]:
        target = item.target
        call = self._call(target)
        types = result_types(target.returns)
        check = f"    assert {_isinstance('result', types)}" if types and not target.is_lazy else ""
        statement = f"result = {call}" if check else call
        if not target.refusals:
            return [f"    {statement}", *([check] if check else [])]
        refusals = ", ".join(self._name(name) for name in target.refusals)
        caught = f"({refusals})" if len(target.refusals) > 1 else refusals
        return [
            "    try:",
            f"        {statement}",
            f"    except {caught}:",
            "        return  # refused on purpose",
            *([check] if check else []),
        ]

    def _deterministic(self, item: Property) -> list[str]:
        target = item.target
        names = ", ".join(parameter.name for parameter in target.drawn)
        is_plain = target.kind == "function" and not target.is_lazy and not any(p.passed_as for p in target.parameters)
        if is_plain:
            function, definition = self._name(target.name), []
        else:
            function = "call_" if "call" in {parameter.name for parameter in target.drawn} else "call"
            definition = [f"    def {function}({names}):", f"        return {self._call(target)}", ""]
        asked = f"outcome({function}, {names})" if names else f"outcome({function})"
        return [*definition, f"    assert same({asked}, {asked})"]

    def _idempotent(self, item: Property) -> list[str]:
        target = item.target
        again = self._call(target, first="result")
        return [*self._given_answer(target), f"    assert {again} == result"]

    def _symmetric(self, item: Property) -> list[str]:
        function = self._name(item.target.name)
        one, other = (parameter.name for parameter in item.target.parameters)
        return [f"    assert same(outcome({function}, {one}, {other}), outcome({function}, {other}, {one}))"]

    def _inverse(self, item: Property) -> list[str]:
        target = item.target
        partner = item.partner
        back = self._name(partner.name) if partner else ""
        return [*self._given_answer(target), f"    assert {back}(result) == {target.parameters[0].name}"]

    def _given_answer(self, target: Target) -> list[str]:
        call = self._call(target)
        if not target.refusals:
            return [f"    result = {call}"]
        refusals = ", ".join(self._name(name) for name in target.refusals)
        caught = f"({refusals})" if len(target.refusals) > 1 else refusals
        return ["    try:", f"        result = {call}", f"    except {caught}:", "        return  # refused on purpose"]

    def _call(self, target: Target, first: str = "") -> str:
        names = [
            first or parameter.name if index == 0 else parameter.name
            for index, parameter in enumerate(target.parameters)
        ]
        call = f"{self._subject(target)}{_arguments(target.parameters, names, target.kind)}"
        return f"list(islice({call}, 1000))" if target.is_lazy else call

    def _subject(self, target: Target) -> str:
        if not target.owner:
            return self._name(target.name)
        owner = self._name(target.owner)
        if target.kind in ("staticmethod", "classmethod"):
            return f"{owner}.{target.name}"
        made = _arguments(target.made_by, [parameter.name for parameter in target.made_by], "method")
        return f"{owner}{made}.{target.name}"

    def _name(self, name: str) -> str:
        root, dot, rest = name.partition(".")
        return f"{self.imported.get(root, root)}{dot}{rest}"


def _targets(item: Property) -> Iterable[Target]:
    return (item.target, item.partner) if item.partner else (item.target,)


def _given(drawn: Sequence[Parameter], imported: dict[str, str]) -> list[str]:
    arguments = [f"{parameter.name}={_renamed(parameter.strategy, imported)}" for parameter in drawn]
    line = f"@given({', '.join(arguments)})"
    return [line] if len(line) <= 100 else ["@given(", *(f"    {argument}," for argument in arguments), ")"]


def _built_types(strategy: str) -> list[str]:
    return re.findall(r"st\.from_type\((\w+)\)", strategy)


def _renamed(strategy: str, imported: dict[str, str]) -> str:
    return re.sub(
        r"st\.from_type\((\w+)\)", lambda found: f"st.from_type({imported.get(found[1], found[1])})", strategy
    )


def _arguments(parameters: Sequence[Parameter], names: Sequence[str], kind: str) -> str:
    if kind == "property":
        return ""
    parts = [
        f"{parameter.passed_as}={name}" if parameter.passed_as else name
        for parameter, name in zip(parameters, names, strict=True)
    ]
    return f"({', '.join(parts)})"


def _isinstance(name: str, types: Sequence[str]) -> str:
    classes = [kind for kind in types if kind != "NoneType"]
    checks = [f"{name} is None"] if "NoneType" in types else []
    if classes:
        shown = f"({', '.join(classes)})" if len(classes) > 1 else classes[0]
        checks.append(f"isinstance({name}, {shown})")
    return " or ".join(checks)


def _is_builtin(name: str) -> bool:
    return name in BUILTIN_ERRORS


BUILTIN_ERRORS = frozenset(
    {"Exception", "ValueError", "TypeError", "KeyError", "IndexError", "LookupError", "ArithmeticError", "OSError"}
    | {"ZeroDivisionError", "OverflowError", "AssertionError", "AttributeError", "NotImplementedError", "EOFError"}
    | {"RuntimeError", "StopIteration", "UnicodeError", "UnicodeDecodeError", "UnicodeEncodeError", "MemoryError"}
    | {
        "FileNotFoundError",
        "PermissionError",
        "TimeoutError",
        "RecursionError",
        "NameError",
        "ImportError",
        "BufferError",
    }
    | {
        "FloatingPointError",
        "FileExistsError",
        "IsADirectoryError",
        "NotADirectoryError",
        "ConnectionError",
        "SystemExit",
    }
)
