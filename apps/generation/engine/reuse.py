"""
Reuse before generation: which existing function, called as it is or through a thin adapter, does what is asked.

Here are the rules: what there is in a repository, in what forms a function may be called, in which order they are
looked at, and how a proposal and its evidence are written. Nothing is run here. Signatures narrow and examples decide
(Zaremski and Wing, "Signature matching", 1995; Reiss, "Semantics-based code search", 2009).
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from apps.core.modules import dotted_name
from apps.generation.engine.context import symbols_of
from apps.generation.engine.conventions import is_test
from apps.generation.engine.source import parsed

ENOUGH_EXAMPLES = 3
MAX_PARAMETERS = 5
_MAX_PERMUTED = 3
_WORD = re.compile(r"[a-z]+|[0-9]+")
# What gives a value of the wanted type out of one that is nearly it.
_WRAPS: Mapping[type, tuple[str, ...]] = {
    bool: ("bool",),
    int: ("int", "len", "sum"),
    float: ("float",),
    str: ("str", "''.join"),
    list: ("list", "sorted"),
    tuple: ("tuple",),
    set: ("set",),
    dict: ("dict",),
}
_ARGUMENT_WRAPS = ("str", "int", "list", "set", "sorted")


class Origin(IntEnum):
    """Where a function lives, the nearest first."""

    REPOSITORY = 0
    DEPENDENCY = 1
    STANDARD_LIBRARY = 2

    @property
    def label(self) -> str:
        """What people call it."""
        return ("this repository", "an installed dependency", "the standard library")[self]


@dataclass(frozen=True, slots=True)
class Function:
    """
    A function that exists. ``name`` may be dotted (``str.upper``); ``path`` is its file in a repository.

    It takes ``fewest`` to ``most`` positional arguments (None: any number); ``flags`` are optional parameters that are
    False by default.
    """

    module: str
    name: str
    fewest: int
    most: int | None
    origin: Origin
    flags: tuple[str, ...] = ()
    path: str = ""

    @property
    def full_name(self) -> str:
        """The name people look for."""
        return self.name if self.module in {"builtins", ""} else f"{self.module}.{self.name}"

    def takes(self, count: int) -> bool:
        """Whether it can be called with *count* positional arguments."""
        return self.fewest <= count and (self.most is None or count <= self.most)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A way to call a function: an expression over the parameters, with ``{}`` for it; 0 steps is as it is."""

    function: Function
    expression: str
    steps: int

    @property
    def change(self) -> str:
        """What the adapter does, for a sentence."""
        return "as it is" if self.steps == 0 else f"as {self.expression.format(self.function.name)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the function's name, its parameters, its definition's head, and all words that describe it."""

    entry: str
    parameters: tuple[str, ...]
    head: str
    words: frozenset[str]
    target_path: str = ""


def wanted_of(*, entry: str, signature: str | None, count: int, text: str, target_path: str = "") -> Wanted | None:
    """
    Return what is asked for, None where the parameters cannot be told or are too many.

    *count* is how many arguments the examples give, which counts where there is no *signature*.
    """
    arguments = _arguments(signature) if signature else _positional(count)
    if arguments is None or arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
        return None
    names = tuple(argument.arg for argument in (*arguments.posonlyargs, *arguments.args))
    if not 1 <= len(names) <= MAX_PARAMETERS:
        return None
    return Wanted(entry, names, _head(entry, arguments, signature), frozenset(_words(f"{entry} {text}")), target_path)


def repository_functions(files: Mapping[str, str], wanted: Wanted) -> list[Function]:
    """Return the public top-level functions of a repository's *files*, without tests and without what is asked for."""
    found = []
    sources = {path: text for path, text in files.items() if path.endswith(".py") and not is_test(path)}
    for symbol in symbols_of(sources):
        is_itself = symbol.qualname == wanted.entry and symbol.path == wanted.target_path
        if symbol.kind != "function" or symbol.qualname.startswith("_") or is_itself:
            continue
        tree = parsed(symbol.source)
        node = tree.body[0] if tree and tree.body else None
        if isinstance(node, ast.FunctionDef) and not _required(node.args):
            found.append(_function(symbol.path, node))
    return found


def imported_packages(files: Mapping[str, str]) -> list[str]:
    """Return the top-level packages that the repository's code imports and that are not its own, sorted."""
    own = {dotted_name(path).partition(".")[0] for path in files}
    names: set[str] = set()
    for path, text in files.items():
        tree = parsed(text) if path.endswith(".py") else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return sorted(names - own)


def adapters_of(function: Function, wanted: Wanted, result: type) -> Iterator[Adapter]:
    """Return the ways to call *function* with the wanted parameters for a *result* of that type, the plainest first."""
    names = wanted.parameters
    if not function.takes(len(names)):
        return
    plain = f"{{}}({', '.join(names)})"
    yield Adapter(function, plain, 0)
    for flag in function.flags:
        yield Adapter(function, f"{{}}({', '.join(names)}, {flag}=True)", 1)
    for wrap in _WRAPS.get(result, ()):
        yield Adapter(function, f"{wrap}({plain})", 1)
    if len(names) <= _MAX_PERMUTED:
        for order in list(itertools.permutations(names))[1:]:
            yield Adapter(function, f"{{}}({', '.join(order)})", 1)
    if len(names) == 1:
        for wrap in _ARGUMENT_WRAPS:
            yield Adapter(function, f"{{}}({wrap}({names[0]}))", 1)


def relevance(function: Function, wanted: Wanted) -> int:
    """Return how many words of a function's name describe what is asked for; those of its entry count twice."""
    words = set(_words(function.name))
    return len(words & wanted.words) + len(words & set(_words(wanted.entry)))


def ranked(adapters: Sequence[Adapter], wanted: Wanted) -> list[Adapter]:
    """Return the adapters that fit, one for each function: by name, by how little they add, by nearness."""
    best: dict[str, Adapter] = {}
    for adapter in adapters:
        known = best.setdefault(adapter.function.full_name, adapter)
        if adapter.steps < known.steps:
            best[adapter.function.full_name] = adapter

    def order(adapter: Adapter) -> tuple[int, int, int, bool, str]:
        function = adapter.function
        needs_import = function.module != "builtins"
        return (-relevance(function, wanted), adapter.steps, function.origin, needs_import, function.full_name)

    return sorted(best.values(), key=order)


def written(adapter: Adapter, wanted: Wanted) -> str:
    """Return the definition of what was asked for, which imports the function from where it lives and calls it."""
    function = adapter.function
    called, line = function.name, ""
    if function.module and function.module != "builtins" and function.path != (wanted.target_path or None):
        taken = {wanted.entry, *wanted.parameters, *dir(builtins)}
        root = function.name
        called = f"existing_{root}" if root in taken else root
        line = f"from {function.module} import {root}{f' as {called}' if called != root else ''}\n\n\n"
    body = adapter.expression.format(called)
    return f"{line}{wanted.head}\n    return {body}\n"


def evidence(adapter: Adapter, *, examples: int, results: int, others: int) -> str:
    """
    Return what reviewers are told: what is reused, on how many different examples, and what else would do.

    *results* is how many different values the examples expect, *others* how many other functions satisfy them.
    """
    function = adapter.function
    weak = []
    if examples < ENOUGH_EXAMPLES:
        weak.append("only one example" if examples == 1 else f"only {examples} examples")
    if results == 1 and examples > 1:
        weak.append("every example expects the same value")
    if others:
        weak.append(
            "one other existing function satisfies them" if others == 1 else f"{others} others satisfy them too"
        )
    counted = "the example" if examples == 1 else f"all {examples} examples"
    sentence = (
        f"Reuse: calls {function.full_name} of {function.origin.label} {adapter.change}; "
        f"run in the sandbox, it satisfies {counted}."
    )
    return f"{sentence} Weak evidence: {'; '.join(weak)}." if weak else sentence


def _function(path: str, node: ast.FunctionDef) -> Function:
    arguments = node.args
    count = len(arguments.posonlyargs) + len(arguments.args)
    named = arguments.args[len(arguments.args) - len(arguments.defaults) :] if arguments.defaults else []
    pairs = [
        *zip(named, arguments.defaults, strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    flags = tuple(arg.arg for arg, default in pairs if isinstance(default, ast.Constant) and default.value is False)
    return Function(
        module=dotted_name(path),
        name=node.name,
        fewest=count - len(arguments.defaults),
        most=None if arguments.vararg else count,
        origin=Origin.REPOSITORY,
        flags=flags,
        path=path,
    )


def _required(arguments: ast.arguments) -> int:
    """Return how many keyword-only parameters have no default: nobody could know what to pass."""
    return sum(default is None for default in arguments.kw_defaults)


def _arguments(signature: str) -> ast.arguments | None:
    text = signature.strip().rstrip(":")
    tree = parsed(f"{text if text.startswith('def ') else f'def {text}'}: pass")
    node = tree.body[0] if tree and tree.body else None
    return node.args if isinstance(node, ast.FunctionDef) else None


def _positional(count: int) -> ast.arguments | None:
    names = ["value"] if count == 1 else ["first", "second", "third", "fourth", "fifth"][:count]
    return _arguments(f"f({', '.join(names)})") if count <= MAX_PARAMETERS else None


def _head(entry: str, arguments: ast.arguments, signature: str | None) -> str:
    """Return the definition's first line; annotations stay where each of their names is one that Python has."""
    text = (signature or "").strip().rstrip(":")
    tree = parsed(f"{text if text.startswith('def ') else f'def {text}'}: pass") if text else None
    node = tree.body[0] if tree and tree.body else None
    if isinstance(node, ast.FunctionDef):
        notes = [argument.annotation for argument in (*arguments.posonlyargs, *arguments.args)] + [node.returns]
        names = {name.id for note in notes if note for name in ast.walk(note) if isinstance(name, ast.Name)}
        if names <= set(dir(builtins)):
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            return f"def {entry}({ast.unparse(arguments)}){returns}:"
    names_only = ", ".join(argument.arg for argument in (*arguments.posonlyargs, *arguments.args))
    return f"def {entry}({names_only}):"


def _words(text: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return [word for word in _WORD.findall(spaced.lower()) if len(word) > 1]
