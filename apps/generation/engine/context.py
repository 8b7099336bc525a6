"""What a repository already has that bears on a specification: symbols, conventions, the file to write to."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from apps.generation.engine.attachments import Attachment, attachments_freeze, text_shown
from apps.generation.engine.budget import Piece, Purse, tokens
from apps.generation.engine.conventions import Convention, conventions_of, is_test, test_directory
from apps.generation.engine.javascript.context import outline as javascript_outline
from apps.generation.engine.javascript.modules import is_javascript, is_typescript
from apps.generation.engine.source.syntax import parsed

MAX_SYMBOLS = 20
ADVICE = ("patterns", "anti_patterns", "lessons", "decisions")
CUT = "# ... ({count} more definitions were left out for length)"
# Where Python's own reader ends a line; a form feed does not.
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[a-z]{3,}")


def symbols_of(files: Mapping[str, str]) -> tuple[Piece, ...]:
    """Return the top-level functions and classes of the Python *files* by path; unparsable ones are left out."""
    found: list[Piece] = []
    for path in sorted(path for path in files if path.endswith(".py")):
        tree = parsed(files[path])
        if tree is None:
            continue
        lines = _LINE_END.split(files[path])
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.append(_symbol(path, node, lines))
    return tuple(found)


def _symbol(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> Piece:
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    note = ast.get_docstring(node) or ""
    return Piece(path, node.name, kind, _heading(node), note, _lines_of(node, lines), ("similar",))


def _heading(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """Return the first line of a definition, without its colon."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(map(ast.unparse, node.bases))
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{word} {node.name}({ast.unparse(node.args)}){returns}"


def rank_symbols(text: str, symbols: Sequence[Piece], *, count: int = MAX_SYMBOLS) -> tuple[Piece, ...]:
    """
    Return the *count* symbols nearest to *text*: those it names first, then by shared words, rare words counting more.

    Words are weighted by inverse document frequency (Spärck Jones, 1972); ties go to the smaller path and name.
    """
    documents = [_words(f"{symbol.qualname} {symbol.docstring} {symbol.signature}") for symbol in symbols]
    frequency = Counter(word for words in documents for word in words)
    wanted = _words(text)

    def score(index: int) -> tuple[float, str, str]:
        symbol = symbols[index]
        named = 10.0 if re.search(rf"\b{re.escape(symbol.qualname)}\b", text) else 0.0
        shared = sum(1.0 / frequency[word] for word in documents[index] & wanted)
        return -(named + shared), symbol.path, symbol.qualname

    ranked = sorted(range(len(symbols)), key=score)
    return tuple(symbols[index] for index in ranked if score(index)[0] < 0)[:count]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()))


def choose_target(entry: str | None, title: str, files: Mapping[str, str]) -> str:
    """
    Return the path that the code goes to: the file that defines *entry*, else a new module in the main package.

    The main package is the top-level directory with an ``__init__.py`` that holds the most files; without one the
    module goes to the root.
    """
    defining = _defining(entry, files) if entry else None
    if defining is not None:
        return defining
    packages = Counter(
        path.split("/")[-2] if path.startswith("src/") else path.split("/")[0]
        for path in files
        if path.endswith(".py") and "/" in path and not is_test(path)
    )
    roots = {str(PurePosixPath(path).parent) for path in files if path.endswith("__init__.py") and not is_test(path)}
    package = next((root for name, _ in packages.most_common() for root in (name, f"src/{name}") if root in roots), "")
    module = f"{module_name(entry or title)}.py"
    return f"{package}/{module}" if package else module


def _defining(entry: str, files: Mapping[str, str]) -> str | None:
    """Return the first file, tests left out, that defines *entry*; only those that seem to are parsed."""
    head = re.compile(rf"^(?:async\s+def|def|class)\s+{re.escape(entry)}\b", re.MULTILINE)
    likely = {path: text for path, text in files.items() if not is_test(path) and head.search(text)}
    return next((symbol.path for symbol in symbols_of(likely) if symbol.qualname == entry), None)


def module_name(text: str) -> str:
    """Return *text* as the name of a Python module: lower case, words joined by underscores."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    name = re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")[:60]
    return name if name and not name[0].isdigit() else f"generated_{name}".rstrip("_")


def build_context(
    *,
    base_sha: str,
    files: Mapping[str, str],
    target_path: str,
    entry: str | None,
    pieces: Sequence[Piece],
    advice: Mapping[str, Sequence[Mapping[str, str]]],
    budget: int,
    attachments: Sequence[Attachment] = (),
) -> dict[str, object]:
    """
    Return the snapshot that a request is frozen with: JSON data, secrets removed, within *budget* tokens.

    :param pieces: symbols that may help, best first, with the reasons why each was found.
    :param advice: texts under "patterns", "anti_patterns", "lessons" and "decisions": mappings with ``title`` and
        ``text``.
    :param attachments: what the author of the specification attached, in their order.

    Keys: ``base_sha``, ``files`` (count), ``entry``, ``conventions`` (``test_directory`` and ``measures``), ``target``
    (``path``, ``exists``, ``source``, ``form``, ``tokens``), ``attachments`` (see
    :func:`apps.generation.engine.attachments.attachments_freeze`), ``symbols`` (each with path, name, qualname, kind,
    signature, docstring, source, form, tokens, reasons), ``patterns``, ``anti_patterns``, ``lessons``, ``decisions``,
    ``budget`` (``tokens``, ``used``, ``left_out``) and ``redacted`` (sort of secret -> how many).
    """
    purse = Purse(budget)
    measures = conventions_of(files)
    purse.spend("\n".join(one.sentence() for one in measures if one.is_clear))
    target = _target(files.get(target_path), target_path, entry, purse)
    attached = attachments_freeze(attachments, purse)
    shown_already = target_path if target["form"] == "whole" else None
    symbols = _taken([one for one in pieces if one.path != shown_already], purse)
    kept = {section: _advice(items, purse) for section, items in advice.items()}
    return {
        "base_sha": base_sha,
        "files": len(files),
        "entry": entry or "",
        "conventions": {"test_directory": test_directory(files), "measures": [asdict(one) for one in measures]},
        "target": target,
        "attachments": attached,
        "symbols": symbols,
        **{section: kept.get(section, []) for section in ADVICE},
        "budget": {"tokens": budget, "used": purse.used, "left_out": purse.left_out},
        "redacted": dict(sorted(purse.redacted.items())),
    }


def _advice(items: Sequence[Mapping[str, str]], purse: Purse) -> list[dict[str, str]]:
    """Return those of *items* that fit, without what looks like a secret."""
    cleaned = [{**item, "text": purse.redact(item["text"])} for item in items]
    return [item for item in cleaned if purse.spend(item["text"])]


def _taken(pieces: Sequence[Piece], purse: Purse) -> list[dict[str, object]]:
    """Take *pieces* as far as they fit; of a class and its methods no line twice."""
    chosen: list[dict[str, object]] = []
    whole: set[tuple[str, str]] = set()
    for piece in pieces:
        owners = piece.qualname.split(".")[:-1]
        if any((piece.path, ".".join(owners[: depth + 1])) in whole for depth in range(len(owners))):
            continue
        has_part = any(path == piece.path and name.startswith(f"{piece.qualname}.") for path, name in whole)
        taken = purse.take(piece, is_heading=has_part)
        if taken:
            chosen.append(taken)
            whole |= {(piece.path, piece.qualname)} if taken["form"] == "whole" else set()
    return chosen


def _target(source: str | None, path: str, entry: str | None, purse: Purse) -> dict[str, object]:
    """Return the file that is written to: whole where it fits into half of the purse, else its outline."""
    shown, form = source or "", "whole"
    if purse.cost(shown) > purse.budget // 2:
        shown, form = _outline(shown, path, entry, purse.budget // 2), "outline"
    shown = purse.redact(shown)
    purse.spend(shown)
    return {"path": path, "exists": source is not None, "source": shown, "form": form, "tokens": tokens(shown)}


def _outline(source: str, path: str, entry: str | None, budget: int) -> str:
    if is_javascript(path):
        return javascript_outline(source, entry, budget, is_typed=is_typescript(path))
    return outline(source, entry, budget)


def outline(source: str, entry: str | None, budget: int) -> str:
    """
    Return a long file as its imports, *entry* whole, and the first lines of what else it defines, in their order.

    Nothing is cut in the middle: an *entry* that is longer than *budget* tokens has its first line only, and of the
    other definitions those that no longer fit are counted.
    """
    tree = parsed(source)
    if tree is None:
        return ""
    lines = _LINE_END.split(source)
    parts: list[tuple[int, str]] = []
    room = budget - tokens(CUT) - 8

    def add(node: ast.stmt, text: str) -> bool:
        nonlocal room
        if tokens(text) >= room:
            return False
        room -= tokens(text) + 1
        parts.append((node.lineno, text))
        return True

    definitions = [one for one in tree.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    for node in definitions:
        if node.name == entry and not add(node, _lines_of(node, lines)):
            add(node, f"{_heading(node)}: ...")
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            add(statement, _lines_of(statement, lines))
    others = [node for node in definitions if node.name != entry]
    shown = sum(add(node, f"{_heading(node)}: ...") for node in others)
    tail = [CUT.format(count=len(others) - shown)] if shown < len(others) else []
    return "\n".join([*(text for _, text in sorted(parts)), *tail]) + "\n"


def lines_between(text: str, first: int, last: int) -> str:
    """Return the lines *first* to *last* of *text*, counted from 1 as Python counts them, without an end of line."""
    return "\n".join(_LINE_END.split(text)[first - 1 : last])


def _lines_of(node: ast.stmt, lines: Sequence[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(lines[first - 1 : node.end_lineno])


def prompt_context(snapshot: Mapping[str, Any]) -> dict[str, object]:
    """Return a snapshot as :func:`apps.generation.engine.prompts.build_messages` reads it."""
    target = snapshot["target"]
    measures = (Convention(**one) for one in snapshot["conventions"].get("measures", ()))
    sentences = [one.sentence() for one in measures if one.is_clear]
    attached = [one for one in snapshot.get("attachments", ()) if one["shown"]]
    return {
        "attachments": [{"name": one["name"], "text": text_shown(one)} for one in attached],
        "symbols": snapshot["symbols"],
        "conventions": ["\n".join(sentences)] if sentences else [],
        **{section: snapshot.get(section, []) for section in ADVICE},
        "base_files": {target["path"]: target["source"]} if target["exists"] else {},
    }
