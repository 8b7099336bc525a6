"""What a repository already has that bears on a specification: symbols, conventions, and the file to write to."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

MAX_SYMBOLS = 8
MAX_SYMBOL_CHARACTERS = 1_500
MAX_TARGET_CHARACTERS = 4_000
CUT = "# ... (left out for length)\n"

# Key material in the forms in which it is usually pasted into code.
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|(?<=[\"'])[A-Za-z0-9+/_-]{40,}={0,2}(?=[\"'])",
    re.DOTALL,
)
_WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A top-level function or class: where it is, how it is called, and its text."""

    path: str
    name: str
    kind: str
    signature: str
    docstring: str
    source: str


def symbols_of(files: Mapping[str, str]) -> tuple[Symbol, ...]:
    """Return the top-level functions and classes of the Python *files* by path; unparsable ones are left out."""
    found: list[Symbol] = []
    for path in sorted(path for path in files if path.endswith(".py")):
        try:
            tree = ast.parse(files[path])
        except (SyntaxError, ValueError):
            continue
        lines = files[path].splitlines()
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.append(_symbol(path, node, lines))
    return tuple(found)


def _symbol(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> Symbol:
    source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    if isinstance(node, ast.ClassDef):
        signature, kind = f"class {node.name}", "class"
    else:
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        signature, kind = f"def {node.name}({ast.unparse(node.args)}){returns}", "function"
    return Symbol(path, node.name, kind, signature, ast.get_docstring(node) or "", source)


def rank_symbols(text: str, symbols: Sequence[Symbol], *, count: int = MAX_SYMBOLS) -> tuple[Symbol, ...]:
    """
    Return the *count* symbols nearest to *text*: those it names first, then by shared words, rare words counting more.

    Words are weighted by inverse document frequency (Spärck Jones, 1972); ties go to the smaller path and name.
    """
    documents = [_words(f"{symbol.name} {symbol.docstring} {symbol.signature}") for symbol in symbols]
    frequency = Counter(word for words in documents for word in words)
    wanted = _words(text)

    def score(index: int) -> tuple[float, str, str]:
        symbol = symbols[index]
        named = 10.0 if re.search(rf"\b{re.escape(symbol.name)}\b", text) else 0.0
        shared = sum(1.0 / frequency[word] for word in documents[index] & wanted)
        return -(named + shared), symbol.path, symbol.name

    ranked = sorted(range(len(symbols)), key=score)
    return tuple(symbols[index] for index in ranked if score(index)[0] < 0)[:count]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()))


def conventions_of(files: Mapping[str, str]) -> dict[str, object]:
    """Return what the code's own habits are, as shares from 0 to 1 with their counts; {} where nothing parses."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for path, text in files.items():
        try:
            tree = ast.parse(text if path.endswith(".py") else "")
        except (SyntaxError, ValueError):
            continue
        functions += [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if not functions:
        return {}
    n = len(functions)
    return {
        "functions": n,
        "typed_share": round(sum(f.returns is not None for f in functions) / n, 2),
        "docstring_share": round(sum(ast.get_docstring(f) is not None for f in functions) / n, 2),
        "test_directory": _test_directory(files),
    }


def _test_directory(files: Mapping[str, str]) -> str:
    parents = Counter(str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name.startswith("test_"))
    return parents.most_common(1)[0][0] if parents else "tests"


def choose_target(entry: str | None, title: str, files: Mapping[str, str]) -> str:
    """
    Return the path that the code goes to: the file that defines *entry*, else a new module in the main package.

    The main package is the top-level directory with an ``__init__.py`` that holds the most files; without one the
    module goes to the root.
    """
    for symbol in symbols_of(files):
        if symbol.name == entry and not is_test_path(symbol.path):
            return symbol.path
    packages = Counter(
        path.split("/")[-2] if path.startswith("src/") else path.split("/")[0]
        for path in files
        if path.endswith(".py") and "/" in path and not is_test_path(path)
    )
    roots = {
        str(PurePosixPath(path).parent) for path in files if path.endswith("__init__.py") and not is_test_path(path)
    }
    package = next((root for name, _ in packages.most_common() for root in (name, f"src/{name}") if root in roots), "")
    module = f"{module_name(entry or title)}.py"
    return f"{package}/{module}" if package else module


def module_name(text: str) -> str:
    """Return *text* as the name of a Python module: lower case, words joined by underscores."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    name = re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")[:60]
    return name if name and not name[0].isdigit() else f"generated_{name}".rstrip("_")


def is_test_path(path: str) -> bool:
    """Tell whether the file at *path* holds tests."""
    return PurePosixPath(path).name.startswith("test_") or "tests" in PurePosixPath(path).parts


def redact(text: str) -> str:
    """Return *text* with key material replaced, so that no secret of a repository reaches a provider."""
    return _SECRET.sub("[secret removed]", text)


def build_context(
    *, text: str, base_sha: str, files: Mapping[str, str], target_path: str, entry: str | None
) -> dict[str, object]:
    """
    Return the snapshot that a request is frozen with: JSON data, secrets removed.

    Keys: ``base_sha``, ``files`` (count), ``conventions``, ``symbols`` (nearest first, each with path, name, kind,
    signature, docstring, source), ``target`` (path, exists, source).
    """
    nearest = rank_symbols(text, [symbol for symbol in symbols_of(files) if not is_test_path(symbol.path)])
    target = files.get(target_path)
    return {
        "base_sha": base_sha,
        "files": len(files),
        "conventions": conventions_of(files),
        "entry": entry or "",
        "symbols": [
            {
                "path": symbol.path,
                "name": symbol.name,
                "qualname": symbol.name,
                "kind": symbol.kind,
                "signature": redact(symbol.signature),
                "docstring": redact(symbol.docstring[:400]),
                "source": redact(symbol.source[:MAX_SYMBOL_CHARACTERS]),
            }
            for symbol in nearest
        ],
        "target": {
            "path": target_path,
            "exists": target is not None,
            "source": redact(excerpt(target or "", entry)),
        },
    }


def excerpt(source: str, entry: str | None, limit: int = MAX_TARGET_CHARACTERS) -> str:
    """
    Return *source* when it has at most *limit* characters, else its beginning and what stands around *entry*.

    A model with a small window sees what it changes and the imports above it; what is left out is marked.
    """
    if len(source) <= limit:
        return source
    found = re.search(rf"^(?:async def|def|class) {re.escape(entry)}\b", source, re.MULTILINE) if entry else None
    start = found.start() if found else 0
    head = source[: min(start, limit // 4)].rpartition("\n")[0]
    room = limit - len(head) - 2 * len(CUT) - 2
    body = source[start : start + room].rpartition("\n")[0]
    before = f"{head}\n{CUT}" if head else ""
    return f"{before}{body}\n{CUT}"


def prompt_context(snapshot: Mapping[str, Any]) -> dict[str, object]:
    """Return a snapshot as :func:`apps.generation.engine.prompts.build_messages` reads it."""
    target = snapshot["target"]
    return {
        "symbols": [symbol for symbol in snapshot["symbols"] if symbol["path"] != target["path"]],
        "conventions": _convention_sentences(snapshot["conventions"]),
        "base_files": {target["path"]: target["source"]} if target["exists"] else {},
    }


def _convention_sentences(conventions: Mapping[str, Any]) -> list[str]:
    if not conventions:
        return []
    n = conventions["functions"]
    return [
        f"{round(100 * conventions['typed_share'])} % of {n} functions have a return annotation.",
        f"{round(100 * conventions['docstring_share'])} % of {n} functions have a docstring.",
    ]
