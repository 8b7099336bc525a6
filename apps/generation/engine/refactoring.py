"""
Which parts of a change were shown to behave the same.

A change is a list of hunks. Each belongs to the functions and methods that it touches, or to the module itself. Every
one of them is run before and after on the same inputs, and a hunk counts as shown only where its own lines ran: a
function that returns early on all inputs says nothing about the rest of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from apps.core.lines import file_lines, line_matcher
from apps.generation.engine.inputs import CallInput, fuzz_inputs
from apps.generation.engine.outcomes import Outcome, outcomes_agree
from apps.generation.engine.specification.annotations import signature_from
from apps.generation.engine.specification.model import FunctionSignature, Parameter
from apps.generation.engine.support import is_usable
from apps.generation.engine.testgen import literal_source

LINES_ENTRY = "__nofx_lines__"
MODULE = ""
Function = ast.FunctionDef | ast.AsyncFunctionDef
INSIDE = "It stands inside a statement or another class, so it is not run on its own."

_DRIVER = '''


def {entry}(index, name, args, kwargs):
    """Return the lines of this module that one input runs, whatever it returns or raises."""
    import contextlib
    import sys

    here, ran = {entry}.__code__.co_filename, set()

    def note(frame, event, argument):
        if event == "line":
            ran.add(frame.f_lineno)
        return note

    steps, expression = {table}.get(index, ((), ""))
    namespace = dict(globals())
    sys.settrace(lambda frame, event, argument: note if frame.f_code.co_filename == here else None)
    with contextlib.suppress(Exception):
        for step in steps:
            exec(step, namespace)
        eval(expression, namespace) if expression else namespace[name](*args, **kwargs)
    sys.settrace(None)
    return sorted(ran)
'''


@dataclass(frozen=True, slots=True)
class Definition:
    """A function at the top of a module, or a method of a class there; ``name`` is dotted."""

    name: str
    node: Function
    owner: ast.ClassDef | None = None

    @property
    def first(self) -> int:
        """The line it begins on, with its decorators."""
        return min([self.node.lineno, *(one.lineno for one in self.node.decorator_list)])

    @property
    def last(self) -> int:
        """The line it ends on."""
        return self.node.end_lineno or self.node.lineno

    @property
    def is_public(self) -> bool:
        """Whether others call it directly."""
        return self.owner is None and not self.node.name.startswith("_")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines ``old`` that become lines ``new`` (half-open, from 0); ``names`` are the definitions they stand in."""

    old: tuple[int, int]
    new: tuple[int, int]
    names: frozenset[str]


def definitions_of(tree: ast.Module) -> list[Definition]:
    """Return the functions and methods of a module in reading order; of two of one name, the last, which counts."""
    found: dict[str, Definition] = {}
    for node in tree.body:
        if isinstance(node, Function):
            found[node.name] = Definition(node.name, node)
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, Function)]
            found |= {f"{node.name}.{one.name}": Definition(f"{node.name}.{one.name}", one, node) for one in methods}
    return list(found.values())


def hunks_between(before: str, after: str) -> list[Hunk]:
    """
    Return the differences of two modules.

    :raises SyntaxError: one of them does not parse.
    :raises RecursionError: one of them is nested too deeply.
    """
    old, new = _Places(before), _Places(after)
    codes = line_matcher(file_lines(before), file_lines(after)).get_opcodes()
    return [
        Hunk((a, b), (c, d), frozenset({*old.names(a, b), *new.names(c, d)} or {MODULE}))
        for tag, a, b, c, d in codes
        if tag != "equal"
    ]


class _Places:
    """Which line of a module stands in which definition."""

    def __init__(self, code: str) -> None:
        tree = ast.parse(code)
        self.name_of: dict[int, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self.name_of[line] = f"inner {getattr(node, 'name', 'lambda')}"
        for one in definitions_of(tree):
            for line in range(one.first, one.last + 1):
                self.name_of[line] = one.name

    def names(self, start: int, end: int) -> set[str]:
        """Return the names of the definitions in which those lines (half-open, from 0) stand, or MODULE."""
        return {self.name_of.get(line, MODULE) for line in range(start + 1, end + 1)}


def assembled(before: str, after: str, hunks: Sequence[Hunk]) -> str:
    """Return *before* with only these of its differences to *after*."""
    old, new = file_lines(before), file_lines(after)
    parts, at = [], 0
    for hunk in sorted(hunks, key=lambda one: one.old):
        parts += old[at : hunk.old[0]] + new[hunk.new[0] : hunk.new[1]]
        at = hunk.old[1]
    return "".join([*parts, *old[at:]])


def lost_names(before: str, after: str) -> set[str]:
    """Return the names that *after* still reads although only *before* binds them at its top."""
    bound_then, bound_now = (_bound(ast.parse(text)) for text in (before, after))
    read = {n.id for n in ast.walk(ast.parse(after)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return (bound_then - bound_now) & read


def _bound(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            names |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return names


def why_not_run(definition: Definition) -> str:
    """Return why a definition is never run on its own, "" where it is."""
    if isinstance(definition.node, ast.AsyncFunctionDef):
        return "It is asynchronous, and only what returns at once is run."
    return ""


def trial_inputs(definition: Definition, *, seed: int, count: int) -> tuple[CallInput, ...]:
    """
    Return up to *count* inputs that run a definition, the same ones for the same seed; none where none can be made.

    Methods run in sessions: an object is made, every second time another method is called first, then the method, and
    once more for the state it leaves.
    """
    if definition.owner is None:
        return _calls_of(_signature(definition.node, None), seed, count)
    return tuple(_sessions(definition, definition.owner, seed, count))


def _calls_of(signature: FunctionSignature | None, seed: int, count: int) -> tuple[CallInput, ...]:
    if signature is None:
        return ()
    found = fuzz_inputs(signature, (), seed=seed, count=count)
    is_optional = all(one.default is not None or one.kind.startswith("var_") for one in signature.parameters)
    return (CallInput(), *found)[:count] if is_optional else found


def _signature(node: Function, owner: str | None) -> FunctionSignature | None:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return signature_from(f"def {node.name}({ast.unparse(node.args)}){returns}", owner=owner)


def _sessions(definition: Definition, owner: ast.ClassDef, seed: int, count: int) -> Iterator[CallInput]:
    """Two inputs of every sample: what the method returns, and the state of the object afterwards."""
    samples = count // 2
    makes = _calls_of(_constructor(owner), seed, samples)
    name = definition.node.name
    calls = (CallInput(),) if _is_property(definition.node) else _calls_of(_method(definition.node), seed + 1, samples)
    if not makes or not calls:
        return
    firsts = cycle(_first_calls(definition, owner, seed) or [()])
    longest = max(len(makes), len(calls))
    for number, make, call, first in zip(range(longest), cycle(makes), cycle(calls), firsts, strict=False):
        made = ("import math", f"subject = {_written(owner.name, make)}")
        if name == "__init__":
            yield CallInput(steps=made, expression="dict(vars(subject))")
            continue
        steps = (*made, *(first if number % 2 else ()))
        expression = f"subject.{name}" if _is_property(definition.node) else _written(f"subject.{name}", call)
        yield CallInput(steps=steps, expression=expression)
        yield CallInput(steps=(*steps, expression), expression="dict(vars(subject))")


def _first_calls(definition: Definition, owner: ast.ClassDef, seed: int) -> list[tuple[str, ...]]:
    others = [
        one
        for one in owner.body
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and not _is_property(one)
    ]
    calls = [(one.name, call) for one in others for call in _calls_of(_method(one), seed + 2, 3)]
    return [(_written(f"subject.{name}", call),) for name, call in calls if name != definition.node.name]


def _is_property(node: Function) -> bool:
    return any(ast.unparse(one).rpartition(".")[2] in {"property", "cached_property"} for one in node.decorator_list)


def _method(node: Function) -> FunctionSignature | None:
    is_static = any(ast.unparse(one) == "staticmethod" for one in node.decorator_list)
    signature = _signature(node, None if is_static else "subject")
    if signature is None or is_static or not signature.parameters:
        return signature
    # What a method calls its object is its own business; the reader of signatures knows the usual names alone.
    given = [*node.args.posonlyargs, *node.args.args]
    is_left = bool(given) and signature.parameters[0].name == given[0].arg
    return _with(signature, signature.parameters[1:]) if is_left else signature


def _with(signature: FunctionSignature, parameters: tuple[Parameter, ...]) -> FunctionSignature:
    return FunctionSignature(signature.name, signature.source, parameters, signature.returns)


def _constructor(owner: ast.ClassDef) -> FunctionSignature | None:
    """Its ``__init__``, else the fields of a dataclass, else nothing that it needs."""
    written = next((n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if written is not None:
        return _method(written)
    fields: list[ast.AnnAssign] = []
    if any("dataclass" in ast.unparse(one) for one in owner.decorator_list):
        fields = [n for n in owner.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    parameters = tuple(
        Parameter(ast.unparse(one.target), ast.unparse(one.annotation), ast.unparse(one.value) if one.value else None)
        for one in fields
    )
    return FunctionSignature(owner.name, "", parameters)


def _written(name: str, call: CallInput) -> str:
    values = [literal_source(one) for one in call.args]
    values += [f"{key}={literal_source(one)}" for key, one in call.kwargs.items()]
    return f"{name}({', '.join(values)})"


def lines_driver(inputs: Sequence[CallInput]) -> str:
    """Return source to append to a module; its ``__nofx_lines__`` says which lines an input runs. For the sandbox."""
    table = {index: (call.steps, call.expression) for index, call in enumerate(inputs) if call.is_session}
    return _DRIVER.format(entry=LINES_ENTRY, table=repr(table))


def line_calls(name: str, inputs: Sequence[CallInput]) -> tuple[CallInput, ...]:
    """Return the calls of the driver for *inputs*, in their order."""
    return tuple(CallInput((index, name, call.args, dict(call.kwargs))) for index, call in enumerate(inputs))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a definition did before and after on each of its inputs, and which lines of the old text each one ran."""

    before: tuple[Outcome, ...]
    after: tuple[Outcome, ...]
    lines: tuple[frozenset[int], ...]

    @property
    def differs(self) -> bool:
        """Whether any input shows a difference; what works neither before nor after shows none."""
        return any(_differ(left, right) for left, right in zip(self.before, self.after, strict=True))

    def equal_on(self, lines: frozenset[int]) -> int:
        """Return on how many inputs both did the same, something that can be compared, and one of *lines* ran."""
        ran = zip(self.before, self.lines, strict=True)
        return 0 if self.differs else sum(is_usable(outcome) and bool(seen & lines) for outcome, seen in ran)


def _differ(left: Outcome, right: Outcome) -> bool:
    if not is_usable(left) and not is_usable(right):
        return (left.kind, left.error) != (right.kind, right.error)
    return not outcomes_agree(left, right)


def lines_to_run(hunk: Hunk, definition: Definition) -> frozenset[int]:
    """
    Return the lines of the old text of which one has to run before a hunk is shown inside *definition*.

    They are those of the statements that it touches; where it touches none of the body, any line of the body.
    """
    touched = set(range(hunk.old[0] + 1, hunk.old[1] + 1)) & set(range(definition.first, definition.last + 1))
    lines: set[int] = set()
    for statement in (node for part in definition.node.body for node in ast.walk(part)):
        if isinstance(statement, (ast.stmt, ast.ExceptHandler)):
            own = set(_own_lines(statement))
            lines |= own if own & touched else set()
    return frozenset(lines or range(definition.node.body[0].lineno, definition.last + 1))


def _own_lines(statement: ast.stmt | ast.ExceptHandler) -> range:
    """The lines of a statement without those of the statements inside it."""
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return range(statement.lineno, max(statement.lineno, last) + 1)


def reason_unproved(definition: Definition, trial: Trial | None) -> str:
    """Return why the changes inside a definition are left out, as a sentence."""
    if why_not_run(definition):
        return why_not_run(definition)
    if trial is None or not trial.before:
        return "No inputs could be made for its parameters; annotate them."
    if trial.differs:
        return "It behaved differently on an input."
    if not any(is_usable(outcome) for outcome in trial.before):
        return "It shows nothing that can be compared on any input."
    return "No input reached the lines that change."


def shown_hunks(
    hunks: Sequence[Hunk], definitions: Mapping[str, Definition], trials: Mapping[str, Trial]
) -> tuple[list[Hunk], dict[str, str]]:
    """Return the hunks that were shown to change nothing, and for each definition with another one the reason."""
    shown: list[Hunk] = []
    reasons: dict[str, str] = {}
    for hunk in hunks:
        unshown = {name: _reason(hunk, definitions.get(name), trials.get(name)) for name in hunk.names - {MODULE}}
        unshown = {name: reason for name, reason in unshown.items() if reason}
        reasons |= unshown
        if not unshown:
            shown.append(hunk)
    return shown, dict(sorted(reasons.items()))


def _reason(hunk: Hunk, definition: Definition | None, trial: Trial | None) -> str:
    if definition is None:
        return INSIDE
    is_shown = trial is not None and trial.equal_on(lines_to_run(hunk, definition)) > 0
    return "" if is_shown else reason_unproved(definition, trial)
