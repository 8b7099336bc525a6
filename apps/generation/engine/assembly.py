"""Put a candidate's code into the file it belongs to, so that a change is one patch and nothing else moves."""

from __future__ import annotations

import ast

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def merge_module(existing: str, code: str) -> str:
    """
    Return the text of *existing* with the definitions of *code* in it.

    Definitions and assignments that *existing* has are replaced where they stand; new ones go before the first
    replaced one, else to the end. Imports that the code uses and the file lacks are added below the file's imports;
    unused ones are left out. Top-level statements that only run something (prints, asserts, ``__main__`` blocks) are
    dropped. All other bytes stay as they are.

    :raises SyntaxError: either text does not parse.
    """
    candidate = ast.parse(code)
    if not existing.strip():
        return _standalone(candidate, code)
    tree = ast.parse(existing)
    lines = existing.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    present = {name: node for node in tree.body for name in _names(node)}
    edits: list[tuple[int, int, str]] = []
    additions: list[str] = []
    for node in candidate.body:
        names = _names(node)
        if not names:
            continue
        replaced = next((present[name] for name in names if name in present), None)
        if replaced is None:
            additions.append(_source(node, code))
        elif ast.dump(replaced) != ast.dump(node):
            edits.append((*_extent(replaced), _source(node, code)))
    if additions:
        edits.append(_addition(additions, edits, lines))
    imports = _missing_imports(tree, candidate)
    if imports:
        row = _import_row(tree)
        edits.append((row, row, "".join(f"{line}\n" for line in imports)))
    for start, end, text in sorted(edits, key=lambda edit: (edit[0], edit[1]), reverse=True):
        lines[start:end] = [text]
    return "".join(lines)


def _standalone(candidate: ast.Module, code: str) -> str:
    used = _used_names(candidate)
    has_docstring = ast.get_docstring(candidate, clean=False) is not None
    parts = [_source(candidate.body[0], code).rstrip("\n")] if has_docstring else []
    imports = [line for node in candidate.body for line in _import_lines(node, used)]
    if imports:
        parts.append("\n".join(imports))
    head = "\n\n".join(parts)
    body = "\n\n\n".join(_source(node, code).rstrip("\n") for node in candidate.body if _names(node))
    return (f"{head}\n\n\n{body}" if head else body) + "\n"


def _names(node: ast.stmt) -> tuple[str, ...]:
    """Names that a top-level definition or assignment binds; () for anything else."""
    if isinstance(node, Definition):
        return (node.name,)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


def _first_row(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1


def _extent(node: ast.stmt) -> tuple[int, int]:
    return _first_row(node), node.end_lineno or node.lineno


def _source(node: ast.stmt, code: str) -> str:
    start, end = _extent(node)
    return "\n".join(code.splitlines()[start:end]) + "\n"


def _addition(additions: list[str], edits: list[tuple[int, int, str]], lines: list[str]) -> tuple[int, int, str]:
    block = "\n\n".join(additions)
    if edits:
        row = min(start for start, _, _ in edits)
        return row, row, f"{block}\n\n"
    while lines and not lines[-1].strip():
        lines.pop()
    return len(lines), len(lines), f"\n\n{block}"


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
    used = _used_names(candidate)
    bound = {
        (alias.asname or alias.name.split(".")[0])
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    is_future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    missing = []
    for node in candidate.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and is_future:
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            missing += _import_lines(node, used - bound)
    return missing


def _import_row(tree: ast.Module) -> int:
    """The row (from 0) below the file's last leading import, else below its docstring, else 0."""
    row = 0
    for index, node in enumerate(tree.body):
        is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not isinstance(node, (ast.Import, ast.ImportFrom)) and not is_docstring:
            break
        row = node.end_lineno or node.lineno
    return row
