"""Put a candidate's code into the file it belongs to, so that a change is one patch and nothing else moves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Compound = ast.If | ast.Try | ast.For | ast.While | ast.With
BYTE_ORDER_MARK = "\ufeff"
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


@dataclass(frozen=True, slots=True)
class _Part:
    """Top-level statements of a candidate that bind one name together, such as the overloads of a function."""

    name: str
    nodes: tuple[ast.stmt, ...]
    source: str

    @property
    def shape(self) -> tuple[str, ...]:
        return tuple(ast.dump(node) for node in self.nodes)


def merge_module(existing: str, code: str) -> str:
    """
    Return the text of *existing* with the definitions of *code* in it.

    Definitions and assignments that *existing* has are replaced where they stand. New ones follow the one that they
    follow in *code*, else come before the next replaced one, else to the end; never before what they need while the
    module is imported. Imports that the code uses and the file lacks are added below the file's imports; unused ones
    are left out. Other top-level statements are kept when they bind or fill a name that the code uses (a ``try`` around
    an import, a loop that fills a table), else dropped (prints, asserts, ``__main__`` blocks). All other bytes stay as
    they are. Merging the same code again changes nothing.

    :raises SyntaxError: either text does not parse, or the result would not.
    :raises ValueError: either text holds a NUL character.
    :raises RecursionError: either text is nested too deeply.
    """
    mark = BYTE_ORDER_MARK if existing.startswith(BYTE_ORDER_MARK) else ""
    text = existing.removeprefix(mark)
    candidate = ast.parse(code)
    merged = _merged(text, candidate, code) if text.strip() else _standalone(candidate, code)
    ast.parse(merged)
    return mark + merged


def _merged(text: str, candidate: ast.Module, code: str) -> str:
    tree = ast.parse(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text)
    edits: list[tuple[int, int, str]] = []
    position: int | None = None
    new: list[tuple[int | None, _Part]] = []
    for part in _parts(candidate, code):
        standing = [node for node in tree.body if part.name and part.name in _names(node)]
        if not standing or part.name == "_":
            if part.shape not in {(ast.dump(node),) for node in tree.body}:
                new.append((position, part))
            continue
        replaced = standing[-len(part.nodes) :] if isinstance(part.nodes[0], Definition) else standing[-1:]
        if part.shape != tuple(ast.dump(node) for node in standing[-len(part.nodes) :]):
            edits += _replacements(tree, replaced, part.source, text)
        position = _extent(replaced[-1])[1]
        new = [(_extent(replaced[0])[0] if at is None else at, one) for at, one in new]
    edits += _additions(new, tree, lines)
    imports = _missing_imports(tree, candidate)
    edits += _import_edits(imports, tree, lines)
    for start, end, source in sorted(edits, key=lambda edit: (edit[0], edit[1]), reverse=True):
        if lines and start >= len(lines) and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        lines[start:end] = [source.replace("\n", newline)]
    return "".join(lines)


def _standalone(candidate: ast.Module, code: str) -> str:
    used = _used_names(candidate)
    has_docstring = ast.get_docstring(candidate, clean=False) is not None
    parts = [_source(candidate.body[0], candidate, code).rstrip("\n")] if has_docstring else []
    imports = [line for node in candidate.body for line in _import_lines(node, used)]
    if imports:
        parts.append("\n".join(imports))
    head = "\n\n".join(parts)
    body = "\n\n\n".join(part.source.rstrip("\n") for part in _parts(candidate, code))
    return (f"{head}\n\n\n{body}" if head else body) + "\n"


def _lines(text: str) -> list[str]:
    """Split where the parser does: a form feed or a Unicode separator ends no line, a lone carriage return does."""
    return [line for line in _LINE_END.split(text) if line]


def _parts(candidate: ast.Module, code: str) -> list[_Part]:
    """Return what *candidate* brings, in its order; a name that is bound several times in a row is one part."""
    used = _used_names(ast.Module([node for node in candidate.body if isinstance(node, Definition)], []))
    groups: list[tuple[str, list[ast.stmt]]] = []
    for node in candidate.body:
        names = _names(node)
        if not names and not _fills(node, used):
            continue
        name = names[0] if names else ""
        if groups and name and groups[-1][0] == name and name != "_":
            groups[-1][1].append(node)
        else:
            groups.append((name, [node]))
    return [
        _Part(name, tuple(nodes), "\n\n".join(_source(node, candidate, code) for node in nodes))
        for name, nodes in groups
    ]


def _names(node: ast.stmt) -> tuple[str, ...]:
    """Names that a top-level definition or assignment binds; () for anything else."""
    if isinstance(node, Definition):
        return (node.name,)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return tuple(
        name.id
        for target in targets
        for name in (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])
        if isinstance(name, ast.Name)
    )


def _fills(node: ast.stmt, used: frozenset[str]) -> bool:
    """Tell whether a statement binds, or changes in place, a name that the definitions use."""
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(_root(target) in used for target in targets)
    if not isinstance(node, Compound) or (isinstance(node, ast.If) and "__main__" in ast.dump(node.test)):
        return False
    return any(name in used for name in _bound_inside(node))


def _bound_inside(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, Definition):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            yield _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else ""


def _root(target: ast.expr) -> str:
    while isinstance(target, (ast.Attribute, ast.Subscript)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _extent(node: ast.stmt) -> tuple[int, int]:
    """Rows (from 0, the end excluded) from the first decorator to the last line."""
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(one.lineno for one in decorators)]) - 1, node.end_lineno or node.lineno


def _source(node: ast.stmt, tree: ast.Module, code: str) -> str:
    """The node's own lines, or its tree written out where it shares a line with another statement."""
    if len(_sharing(tree, node)) > 1:
        return ast.unparse(node) + "\n"
    start, end = _extent(node)
    return "".join(_lines(code)[start:end]).replace("\r\n", "\n").rstrip("\n") + "\n"


def _sharing(tree: ast.Module, node: ast.stmt) -> list[ast.stmt]:
    """Return the statements that stand on lines of *node*, itself among them."""
    start, end = _extent(node)
    return [other for other in tree.body if _extent(other)[0] < end and start < _extent(other)[1]]


def _replacements(tree: ast.Module, replaced: Sequence[ast.stmt], source: str, text: str) -> list[tuple[int, int, str]]:
    """Put *source* where the last of *replaced* stands and take the others away."""
    edits = []
    for node in replaced:
        sharing = _sharing(tree, node)
        written = [
            ("" if one in replaced else _source(one, tree, text)) if one is not replaced[-1] else source
            for one in sharing
        ]
        rows = [_extent(one) for one in sharing]
        edits.append((min(start for start, _ in rows), max(end for _, end in rows), "".join(written)))
    return edits


def _additions(
    new: Sequence[tuple[int | None, _Part]], tree: ast.Module, lines: list[str]
) -> list[tuple[int, int, str]]:
    """Return one edit for each place that new parts go to."""
    by_row: dict[int, list[str]] = {}
    lowest = 0
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    for at, part in new:
        row = last if at is None else max(at, lowest, _needed_row(part, tree))
        lowest = row
        by_row.setdefault(row, []).append(part.source)
    edits = []
    for row, sources in by_row.items():
        block = "\n\n".join(sources)
        starts = {_extent(node)[0] for node in tree.body}
        edits.append(
            (row, row, f"{block}\n\n") if row in starts else (row, len(lines) if row == last else row, f"\n\n{block}")
        )
    return edits


def _needed_row(part: _Part, tree: ast.Module) -> int:
    """The row below everything in the file that *part* uses while the module is imported."""
    needed = {name for node in part.nodes for name in _import_time_names(node)}
    return max((_extent(node)[1] for node in tree.body if needed & set(_names(node))), default=0)


def _import_time_names(node: ast.AST) -> Iterator[str]:
    """Names that are looked up when the statement runs: all but those in the bodies of functions."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for field, value in ast.iter_fields(node):
        if is_function and field == "body":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _import_time_names(child)


def _used_names(tree: ast.Module) -> frozenset[str]:
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    # Annotations may be written as text, and __all__ names what it exports.
    quoted = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200
        for part in node.value.replace("[", " ").replace("]", " ").replace(",", " ").replace(".", " ").split()
    }
    return frozenset(loaded | quoted)


def _import_lines(node: ast.stmt, used: frozenset[str]) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        if node.module == "__future__":
            return [ast.unparse(node)]
        kept = [alias for alias in node.names if alias.name == "*" or (alias.asname or alias.name) in used]
        module = "." * node.level + (node.module or "")
        return [ast.unparse(ast.ImportFrom(module=module, names=kept, level=0))] if kept else []
    if isinstance(node, ast.Import):
        kept = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) in used]
        return [ast.unparse(ast.Import(names=kept))] if kept else []
    return []


def _missing_imports(tree: ast.Module, candidate: ast.Module) -> list[str]:
    bound = {name for node in tree.body for name in (*_names(node), *_bound_inside(node))}
    modules = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    used = _used_names(candidate)
    known = {ast.unparse(node) for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))}
    missing: list[str] = []
    for node in candidate.body:
        if isinstance(node, ast.Import):
            # ``import a.b`` binds a, which says nothing about a.b.
            dotted = [alias for alias in node.names if not alias.asname and "." in alias.name]
            missing += [
                f"import {alias.name}"
                for alias in dotted
                if alias.name.split(".")[0] in used and alias.name not in modules
            ]
            plain = [alias for alias in node.names if alias not in dotted]
            missing += _import_lines(ast.Import(names=plain), used - bound)
        else:
            missing += _import_lines(node, used - bound)
    return [line for line in dict.fromkeys(missing) if line not in known]


def _import_edits(imports: Sequence[str], tree: ast.Module, lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return the edits that add *imports*: those of the future below the docstring, the others below the imports."""
    future = [line for line in imports if line.startswith("from __future__ ")]
    others = [line for line in imports if line not in future]
    top, row, has_imports = _import_rows(tree, lines)
    edits = []
    if others:
        block = "".join(f"{line}\n" for line in others)
        edits.append((row, row, block if has_imports else f"\n{block}" if row else f"{block}\n\n"))
    if future:
        gap = "\n" if top else ""
        after = "" if (others and row == top) or not lines[top:] or not lines[top].strip() else "\n"
        edits.append((top, top, gap + "".join(f"{line}\n" for line in future) + after))
    return edits


def _import_rows(tree: ast.Module, lines: Sequence[str]) -> tuple[int, int, bool]:
    """The row (from 0) below the docstring, else below leading comments; that below the leading imports; any there?"""
    top = 0
    while top < len(lines) and lines[top].startswith("#"):
        top += 1
    body = list(tree.body)
    if ast.get_docstring(tree, clean=False) is not None:
        top = _extent(body.pop(0))[1]
    row, has_imports = top, False
    for node in body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            break
        row, has_imports = _extent(node)[1], True
    return top, row, has_imports
