"""Finds in a text what can be called from a test, with which arguments, and how it may refuse."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apps.quality.engine.testgen.strategies import (
    Names,
    is_comparable,
    strategy_of_default,
    strategy_of_parameter,
    type_name,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
UNPREDICTABLE = frozenset(
    {"random", "secrets", "uuid1", "uuid4", "now", "today", "utcnow", "monotonic", "perf_counter", "urandom", "time_ns"}
    | {"input", "open", "id", "environ", "getenv"}
)
_BUILDABLE_BASES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "NamedTuple"})


@dataclass(frozen=True)
class Parameter:
    """A parameter of the test. ``passed_as`` is how the call names it; empty for a positional one."""

    name: str
    strategy: str
    passed_as: str
    annotation: str


@dataclass(frozen=True)
class Target:
    """
    Something to call. ``made_by`` are the arguments of the constructor where it is a method.

    ``refusals`` are the exceptions that the code raises on purpose.
    """

    owner: str
    name: str
    kind: str
    made_by: tuple[Parameter, ...]
    parameters: tuple[Parameter, ...]
    returns: ast.expr | None
    refusals: tuple[str, ...]
    is_predictable: bool
    is_comparable: bool
    is_lazy: bool

    @property
    def label(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def drawn(self) -> tuple[Parameter, ...]:
        return self.made_by + self.parameters


@dataclass(frozen=True)
class Skipped:
    """Something public for which no test was written, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class _Module:
    names: Names
    functions: Mapping[str, list[Function]]


def find_targets(tree: ast.Module) -> tuple[list[Target], list[Skipped]]:
    """Return what can be tested in a module, in the order of the text, and what cannot."""
    module = _Module(_module_names(tree), _functions_by_name(tree))
    targets: list[Target] = []
    skipped: list[Skipped] = []
    for node in tree.body:
        found: list[Target | Skipped] = []
        if isinstance(node, Function) and not node.name.startswith("_"):
            found = [_target(node, "", (), module)]
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found = list(_class_targets(node, module))
        targets += [item for item in found if isinstance(item, Target)]
        skipped += [item for item in found if isinstance(item, Skipped)]
    return targets, skipped


def _class_targets(node: ast.ClassDef, module: _Module) -> Iterator[Target | Skipped]:
    bases = {type_name(base) for base in node.bases}
    if bases & _BUILDABLE_BASES or any(base.endswith(("Error", "Exception", "Warning")) for base in bases):
        return
    methods = [item for item in node.body if isinstance(item, Function)]
    public = [method for method in methods if not method.name.startswith("_")]
    if not public:
        return
    if bases & {"ABC", "Protocol"} or any("abstractmethod" in _decorators(method) for method in methods):
        yield Skipped(node.name, "It is abstract.")
        return
    made_by = _constructor(node, module)
    for method in public:
        if isinstance(made_by, Skipped) and not {"staticmethod", "classmethod"} & _decorators(method):
            yield Skipped(f"{node.name}.{method.name}", made_by.reason)
        else:
            yield _target(method, node.name, () if isinstance(made_by, Skipped) else made_by, module)


def _constructor(node: ast.ClassDef, module: _Module) -> tuple[Parameter, ...] | Skipped:
    init = next((item for item in node.body if isinstance(item, Function) and item.name == "__init__"), None)
    if init is not None:
        return _parameters(init, module.names, skips_first=True)
    if _is_dataclass(node):
        return _fields(node, module.names)
    known = {"object", "Generic", ""} | set(module.functions)
    if {type_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases} - known:
        return Skipped(node.name, "Its constructor is inherited.")
    return ()


def _target(node: Function, owner: str, made_by: tuple[Parameter, ...], module: _Module) -> Target | Skipped:
    label = f"{owner}.{node.name}" if owner else node.name
    if isinstance(node, ast.AsyncFunctionDef):
        return Skipped(label, "It is asynchronous.")
    decorators = _decorators(node)
    kind = next((kind for kind in ("staticmethod", "classmethod", "property") if kind in decorators), "")
    if "cached_property" in decorators:
        kind = "property"
    if any(name in decorators for name in ("setter", "deleter", "overload", "contextmanager", "fixture")):
        return Skipped(label, "It is not called like a function.")
    parameters = _parameters(node, module.names, skips_first=bool(owner) and kind != "staticmethod")
    if isinstance(parameters, Skipped):
        return Skipped(label, parameters.reason)
    reached = list(_reached(node, "" if kind == "staticmethod" else owner, module))
    mentioned = {name for function in reached for name in _mentions(function)}
    return Target(
        owner=owner,
        name=node.name,
        kind=kind or ("method" if owner else "function"),
        made_by=() if kind in ("staticmethod", "classmethod") else _distinct(made_by, parameters),
        parameters=parameters,
        returns=node.returns,
        refusals=tuple(sorted({name for function in reached for name in _raised(function)})),
        is_predictable=not mentioned & UNPREDICTABLE,
        is_comparable=is_comparable(node.returns, module.names),
        is_lazy=any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node)),
    )


def _distinct(made_by: tuple[Parameter, ...], parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    taken = {parameter.name for parameter in parameters}
    return tuple(
        Parameter(f"own_{item.name}", item.strategy, item.passed_as, item.annotation) if item.name in taken else item
        for item in made_by
    )


def _parameters(node: Function, names: Names, *, skips_first: bool) -> tuple[Parameter, ...] | Skipped:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    listed = [(argument, default, "") for argument, default in zip(positional, defaults, strict=True)][skips_first:]
    listed += [
        (argument, default, argument.arg)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    found: list[Parameter] = []
    is_gap = False
    for argument, default, passed_as in listed:
        strategy = strategy_of_parameter(argument.arg, argument.annotation, names)
        if strategy is None and argument.annotation is None and default is not None:
            strategy = strategy_of_default(default)
        if strategy is None and default is None:
            why = "has no annotation" if argument.annotation is None else "has a type whose values cannot be drawn"
            return Skipped(node.name, f"Its parameter {argument.arg} {why}.")
        if strategy is None:
            is_gap = True
            continue
        by_name = passed_as or (argument.arg if is_gap and argument not in arguments.posonlyargs else "")
        if not is_gap or by_name:
            found.append(Parameter(argument.arg, strategy, by_name, _text(argument.annotation)))
    return tuple(found)


def _fields(node: ast.ClassDef, names: Names) -> tuple[Parameter, ...] | Skipped:
    found = []
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if "ClassVar" in _text(item.annotation):
            continue
        strategy = strategy_of_parameter(item.target.id, item.annotation, names)
        if strategy is not None and not (item.value is not None and isinstance(item.value, ast.Call)):
            found.append(Parameter(item.target.id, strategy, item.target.id, _text(item.annotation)))
        elif item.value is None:
            return Skipped(node.name, f"Its field {item.target.id} has a type whose values cannot be drawn.")
    return tuple(found)


def _module_names(tree: ast.Module) -> Names:
    aliases: dict[str, ast.expr] = {}
    buildable: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            aliases[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            aliases[node.target.id] = node.value
        elif isinstance(node, ast.ClassDef):
            is_known_base = bool({type_name(base) for base in node.bases} & _BUILDABLE_BASES)
            has_checks = any(isinstance(item, Function) and item.name == "__post_init__" for item in node.body)
            if (is_known_base or _is_dataclass(node)) and not has_checks:
                buildable[node.name] = f"st.from_type({node.name})"
    return Names(aliases, buildable)


def _functions_by_name(tree: ast.Module) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for node in tree.body:
        if isinstance(node, Function):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, Function):
                    # A constructor is reached by calling its class.
                    found.setdefault(node.name if item.name in _MAKERS else item.name, []).append(item)
    return found


_MAKERS = frozenset({"__init__", "__post_init__", "__new__"})


def _reached(node: Function, owner: str, module: _Module) -> Iterator[Function]:
    """Yield the function and those of its module that it calls, directly or not."""
    seen: set[int] = set()
    todo: list[Function] = [node, *(module.functions.get(owner, []) if owner else [])]
    while todo:
        function = todo.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        for name in _mentions(function):
            todo += module.functions.get(name, [])


def _mentions(node: Function) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _raised(node: Function) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Raise) and part.exc is not None:
            raised = part.exc.func if isinstance(part.exc, ast.Call) else part.exc
            name = ast.unparse(raised)
            if name.replace(".", "").isidentifier() and name.rpartition(".")[2][:1].isupper():
                yield name
        elif isinstance(part, ast.Assert):
            yield "AssertionError"


def _decorators(node: Function) -> set[str]:
    return {type_name(item.func if isinstance(item, ast.Call) else item) for item in node.decorator_list}


def _is_dataclass(node: ast.ClassDef) -> bool:
    return "dataclass" in {type_name(item.func if isinstance(item, ast.Call) else item) for item in node.decorator_list}


def _text(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return "" if annotation is None else ast.unparse(annotation)
