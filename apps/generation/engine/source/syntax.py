"""Candidates as syntax trees: do they parse, do they define what was asked for, and are two of them the same."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from hashlib import sha256

MAX_CODE = 400_000


@dataclass(frozen=True, slots=True)
class ParsedCandidate:
    """A candidate that parses and defines its entry ("" when none was asked for); ``imports`` are top-level names."""

    code: str
    entry: str
    tree: ast.Module
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unparsable:
    """Why a candidate cannot be run, as a sentence for a person."""

    reason: str


def parsed(code: str) -> ast.Module | None:
    """Return the syntax tree, None when *code* does not parse."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def parse_candidate(code: str, entry: str | None) -> ParsedCandidate | Unparsable:
    """
    Parse *code* and find *entry* at its top level.

    The reason for an :class:`Unparsable` names the line where that helps. Nothing is executed.
    """
    if not code.strip():
        return Unparsable("The answer holds no code.")
    if len(code) > MAX_CODE:
        return Unparsable(f"The code is longer than {MAX_CODE} characters.")
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        return Unparsable(f"The code does not parse: line {error.lineno or 1}, {error.msg}.")
    except ValueError:
        return Unparsable("The code holds a NUL character.")
    except (MemoryError, RecursionError):
        return Unparsable("The code is nested too deeply to parse.")
    if entry and entry not in _top_level_names(tree):
        return Unparsable(f"The code does not define {entry} at its top level.")
    return ParsedCandidate(code, entry or "", tree, _imports(tree))


def _top_level_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name) for alias in node.names}
        elif isinstance(node, (ast.If, ast.Try)):
            names |= _top_level_names(ast.Module(list(node.body), []))
    return names


def _imports(tree: ast.Module) -> tuple[str, ...]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return tuple(sorted(names))


def normalised_digest(code: str) -> str:
    """
    Return the SHA-256 (64 hexadecimal digits) of what the program is, whoever wrote it down.

    Comments, docstrings, annotations, formatting and the names of a function's own variables do not count; the names
    of its parameters do, because callers may use them. Code that does not parse is hashed as text without white space.
    """
    tree = parsed(code)
    if tree is None:
        return sha256(("text:" + "".join(code.split())).encode("utf-8", "surrogatepass")).hexdigest()
    try:
        normal = ast.dump(_Normalised().visit(tree), annotate_fields=False)
    except RecursionError:
        return sha256(("text:" + "".join(code.split())).encode("utf-8", "surrogatepass")).hexdigest()
    return sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()


class _Normalised(ast.NodeTransformer):
    """Drops docstrings and annotations and numbers the local variables of each outermost function."""

    def __init__(self) -> None:
        self.is_inside = False

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = _without_docstring(node.body)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = _without_docstring(node.body)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if self.is_inside:
            return self.generic_visit(node)
        for inner in ast.walk(node):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner.body = _without_docstring(inner.body)
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner.returns = None
            if isinstance(inner, ast.arg):
                inner.annotation = None
        _rename_locals(node)
        self.is_inside = True
        try:
            return self.generic_visit(node)
        finally:
            self.is_inside = False


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return (body[1:] or [ast.Pass()]) if is_docstring else body


def _rename_locals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Number a function's variables by first appearance; its parameters keep their names, callers use them."""
    arguments = function.args
    interface = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    shared = {name for n in ast.walk(function) if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    local: dict[str, str] = {}
    nodes = list(ast.walk(function))
    for node in nodes:
        name = node.arg if isinstance(node, ast.arg) else None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        if name is not None and name not in interface and name not in shared:
            local.setdefault(name, f"${len(local)}")
    for node in nodes:
        if isinstance(node, ast.arg):
            node.arg = local.get(node.arg, node.arg)
        elif isinstance(node, ast.Name):
            node.id = local.get(node.id, node.id)


# A line at the left margin that begins like this belongs to the statement above it.
_GOES_ON = re.compile(r"(?:else|elif|except|finally|case)\b|[)\]}]")
_MAX_PREFIXES = 60


def whole_statements(code: str) -> str:
    """
    Return the longest beginning of *code*, which was cut somewhere, that is a sequence of whole top-level statements.

    A statement counts as whole when another one begins after it, so the last one is never part of it. "" when there is
    none. At most the last 60 places where a statement may begin are tried.
    """
    lines = code.splitlines(keepends=True)
    begins = [
        number for number, line in enumerate(lines) if number and line[0] not in " \t\r\n#" and not _GOES_ON.match(line)
    ]
    for end in reversed(begins[-_MAX_PREFIXES:]):
        beginning = "".join(lines[:end])
        if parsed(beginning) is not None:
            return beginning.rstrip() + "\n"
    return ""
