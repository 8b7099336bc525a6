"""
The habits of a repository's code, counted: each with how many places were looked at and what share of them agrees.

Nothing here is a guess from a file of settings: what the code does is what new code is asked to do.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from apps.generation.engine.source.syntax import parsed

MAX_FILES = 150  # evenly drawn from the sorted paths
LEAST_PLACES = 5  # fewer are no habit
CLEAR_SHARE = 0.6
_LIMITS = (79, 88, 100, 120)
_WITHIN = 0.995  # of the lines; a long address in a comment is no habit

_SNAKE = re.compile(r"_*[a-z0-9]+(_[a-z0-9]+)*_*")
_CAMEL = re.compile(r"_*[a-z]+[a-z0-9]*([A-Z][a-z0-9]*)+")
_CAPS = re.compile(r"_*[A-Z][A-Za-z0-9]*")
_GOOGLE = re.compile(r"^[ \t]*(Args|Arguments|Returns|Raises|Yields|Attributes):[ \t]*$", re.MULTILINE)
_NUMPY = re.compile(r"^[ \t]*(Parameters|Returns|Raises|Yields)[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
_SPHINX = re.compile(r"^[ \t]*:(param|type|returns?|rtype|raises?)\b[^:\n]*:", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Convention:
    """
    What most places do: ``share`` (0 to 1) of ``n`` places are as ``value`` says.

    ``name`` is one of "function names", "class names", "docstrings", "docstring style", "type annotations", "errors
    raised", "missing results", "tests", "imports", "line length" and "quotes".
    """

    name: str
    value: str
    share: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether enough places agree for new code to be asked to follow."""
        return self.n >= LEAST_PLACES and self.share >= CLEAR_SHARE

    def sentence(self) -> str:
        """Return the habit as a line for a prompt or a page."""
        return f"{self.name}: {self.value} ({round(100 * self.share)} % of {self.n})"


@dataclass(frozen=True, slots=True)
class _Module:
    path: str
    text: str
    tree: ast.Module
    functions: tuple[Function, ...]
    classes: tuple[ast.ClassDef, ...]

    @property
    def is_test(self) -> bool:
        return is_test(self.path)


def conventions_of(files: Mapping[str, str]) -> tuple[Convention, ...]:
    """
    Return the conventions of the Python *files* (path -> text); none where nothing parses.

    At most :data:`MAX_FILES` files are read. A habit without a single place is left out.
    """
    modules = _modules(files)
    code = [one for one in modules if not one.is_test] or modules
    functions = [function for one in code for function in one.functions]
    found = (
        _common("function names", (_naming(function.name) for function in functions)),
        _common("class names", (_class_naming(node.name) for one in code for node in one.classes)),
        _common("docstrings", ("present" if ast.get_docstring(f) else "absent" for f in functions if _is_public(f))),
        _common("docstring style", (_style(text) for text in map(ast.get_docstring, functions) if text)),
        _common("type annotations", ("complete" if _is_typed(f) else "incomplete" for f in functions)),
        _common("errors raised", _errors(code)),
        _common("missing results", _missing(functions)),
        _common("tests", (style for one in modules if one.is_test for style in _test_styles(one))),
        _common("imports", (style for one in code for style in _imports(one))),
        _line_length(modules),
        _common("quotes", (quote for one in modules for quote in _quotes(one))),
    )
    return tuple(one for one in found if one)


def test_directory(files: Iterable[str]) -> str:
    """Return the directory that holds most test files, "tests" where there is none."""
    parents = Counter(str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name.startswith("test_"))
    return min(parents, key=lambda parent: (-parents[parent], parent)) if parents else "tests"


def is_test(path: str) -> bool:
    """Return whether *path* is a test's or below a folder of tests."""
    return PurePosixPath(path).name.startswith("test_") or "tests" in PurePosixPath(path).parts


def _modules(files: Mapping[str, str]) -> list[_Module]:
    paths = sorted(path for path in files if path.endswith(".py"))
    step = max(1, -(-len(paths) // MAX_FILES))
    found = []
    for path in paths[::step]:
        tree = parsed(files[path])
        if tree is None:
            continue
        nodes = list(ast.walk(tree))
        functions = tuple(node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
        classes = tuple(node for node in nodes if isinstance(node, ast.ClassDef))
        found.append(_Module(path, files[path], tree, functions, classes))
    return found


def _common(name: str, values: Iterable[str]) -> Convention | None:
    """Return the value that most places have, the smaller text on a tie; None without a place."""
    counts = Counter(values)
    if not counts:
        return None
    value = min(counts, key=lambda one: (-counts[one], one))
    n = counts.total()
    return Convention(name, value, round(counts[value] / n, 3), n)


def _naming(name: str) -> str:
    if _SNAKE.fullmatch(name):
        return "snake_case"
    return "camelCase" if _CAMEL.fullmatch(name) else "other"


def _class_naming(name: str) -> str:
    return "CapWords" if _CAPS.fullmatch(name) and "_" not in name.strip("_") else "other"


def _is_public(function: Function) -> bool:
    return not function.name.startswith("_")


def _style(docstring: str) -> str:
    styles = (("numpy", _NUMPY), ("google", _GOOGLE), ("sphinx", _SPHINX))
    return next((style for style, form in styles if form.search(docstring)), "plain sentences")


def _is_typed(function: Function) -> bool:
    args = function.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    asked = [arg for index, arg in enumerate(named) if index or arg.arg not in ("self", "cls")]
    return function.returns is not None and all(arg.annotation for arg in asked)


def _errors(modules: Sequence[_Module]) -> Iterator[str]:
    """Yield for each ``raise`` of a named class whether it is one of the code's own, with their common base."""
    bases = {node.name: _base(node) for one in modules for node in one.classes}
    own = {name for name in bases if _root(name, bases).endswith(("Exception", "Error"))}
    roots = Counter(root for name in own for root in [_own_root(name, bases)] if root != name)
    common = min(roots, key=lambda root: (-roots[root], root)) if roots else ""
    value = f"the code's own classes, based on {common}" if common else "the code's own classes"
    for one in modules:
        for node in ast.walk(one.tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                name = raised.attr if isinstance(raised, ast.Attribute) else getattr(raised, "id", "")
                if name[:1].isupper():
                    yield value if name in own else "builtin or library classes"


def _base(node: ast.ClassDef) -> str:
    first = node.bases[0] if node.bases else None
    return first.attr if isinstance(first, ast.Attribute) else getattr(first, "id", "")


def _root(name: str, bases: Mapping[str, str]) -> str:
    """Return the first base of *name* that the code does not define; "" where it has none."""
    seen = set()
    while name in bases and name not in seen:
        seen.add(name)
        name = bases[name]
    return name


def _own_root(name: str, bases: Mapping[str, str]) -> str:
    seen = {name}
    while bases[name] in bases and bases[name] not in seen:
        name = bases[name]
        seen.add(name)
    return name


def _missing(functions: Sequence[Function]) -> Iterator[str]:
    """Yield for each function that returns values and fails in one of two ways which it is; for both, both."""
    for function in functions:
        nodes = list(ast.walk(function))
        returns = [node for node in nodes if isinstance(node, ast.Return) and node.value is not None]
        nones = [node for node in returns if isinstance(node.value, ast.Constant) and node.value.value is None]
        if len(returns) > len(nones):
            if nones:
                yield "return None"
            if any(isinstance(node, ast.Raise) and node.exc is not None for node in nodes):
                yield "raise"


def _test_styles(module: _Module) -> Iterator[str]:
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield "pytest functions"
        elif isinstance(node, ast.ClassDef):
            style = "unittest classes" if _base(node).endswith("TestCase") else "pytest classes"
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name.startswith("test"):
                    yield style


def _imports(module: _Module) -> Iterator[str]:
    """Yield how each import of the code's own packages is written; others cannot be relative."""
    own = module.path.removeprefix("src/").split("/")[0].removesuffix(".py")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield "relative"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == own:
            yield "absolute"


def _line_length(modules: Sequence[_Module]) -> Convention | None:
    lengths = [len(line) for one in modules for line in one.text.splitlines() if line.strip()]
    if not lengths:
        return None
    shares = [(limit, sum(length <= limit for length in lengths) / len(lengths)) for limit in _LIMITS]
    limit, share = next((pair for pair in shares if pair[1] >= _WITHIN), shares[-1])
    return Convention("line length", f"at most {limit} characters", round(share, 3), len(lengths))


def _quotes(module: _Module) -> Iterator[str]:
    """Yield the quotes of each string that could have either; docstrings and parts of f-strings are no choice."""
    lines = module.text.encode().split(b"\n")
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or set(node.value) & set("'\"\\\n"):
            continue
        line = lines[node.lineno - 1] if node.lineno <= len(lines) else b""
        opening = line[node.col_offset : node.col_offset + 5].lstrip(b"rRuU")
        if opening[:1] in (b"'", b'"') and opening[:3] not in (b"'''", b'"""'):
            yield "double" if opening[:1] == b'"' else "single"
