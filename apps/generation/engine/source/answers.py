"""Code out of a model's answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.generation.engine.source.layout import dedented
from apps.generation.engine.source.syntax import MAX_CODE, parsed, whole_statements

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w.+-]*)[^\n`]*$", re.MULTILINE)
_DIFF = re.compile(r"^(?:diff --git |--- \S)", re.MULTILINE)
_TEST = re.compile(r"^\s*(?:async )?def test_|^\s*(?:import pytest|from pytest)|^\s*class Test\w*", re.MULTILINE)
_CODE_START = re.compile(
    r"^(?:from \w[\w.]* import |import \w|@\w|(?:async )?def \w+\s*\(|class \w+[(:]|[A-Z_]+\s*=)", re.MULTILINE
)
_DEFINED = re.compile(r"^(?:async )?(?:def|class) (\w+)", re.MULTILINE)
_DOC_LANGUAGES = frozenset({"markdown", "md", "rst"})
_SHELL_LANGUAGES = frozenset({"bash", "sh", "shell", "console", "text", "output", "txt", "json", "toml", "yaml", "ini"})


@dataclass(frozen=True, slots=True)
class ExtractedCode:
    """
    What a model's answer holds; a part that is missing is "".

    ``patch`` is a unified diff when the answer changes several files by one; ``implementation`` is "" then.
    """

    implementation: str
    tests: str = ""
    documentation: str = ""
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How code of a language is told from text and from tests in an answer."""

    test: re.Pattern[str]
    start: re.Pattern[str]
    defined: re.Pattern[str]
    whole: Callable[[str], str]
    parses: Callable[[str], bool]
    separated: Callable[[str, list[str]], tuple[list[str], list[str]]]


@dataclass(frozen=True, slots=True)
class _Block:
    language: str
    body: str


def extract_code(answer_text: str, *, is_cut: bool = False, dialect: Dialect | None = None) -> ExtractedCode:
    """
    Take implementation, tests and documentation out of a model's Markdown answer.

    Fenced blocks are sorted by what they hold; a fence that is never closed runs to the end. Without fences, a diff
    is a patch and the lines from the first definition on are code. Chatter outside is documentation only when it is
    a section of its own (it has a heading). Never raises: an answer without code gives an empty implementation.

    Of an answer that *is_cut* inside its code only the whole statements at the top level are taken. The code is Python
    unless a *dialect* says otherwise.
    """
    dialect = dialect or PYTHON
    text = answer_text[:MAX_CODE].replace("\r\n", "\n")
    blocks, outside = _split(text, dialect, is_cut=is_cut)
    patches = [b.body for b in blocks if b.language in ("diff", "patch") or _is_diff(b.body)]
    if not blocks:
        return _unfenced(text, dialect, is_cut=is_cut)
    codes = [b.body for b in blocks if b.body not in patches and _is_code(b, dialect)]
    tests = [body for body in codes if dialect.test.search(body)]
    implementations = [body for body in codes if body not in tests]
    if not implementations and tests:
        implementations, tests = dialect.separated(tests[0], tests[1:])
    notes = [b.body for b in blocks if b.language in _DOC_LANGUAGES]
    documentation = "\n\n".join(notes) or _section(outside)
    implementation = "" if patches and not implementations else _joined(implementations, dialect)
    return ExtractedCode(
        implementation,
        _joined(tests, dialect),
        documentation.strip(),
        _joined(patches, dialect) if not implementation else "",
    )


def _split(text: str, dialect: Dialect, *, is_cut: bool) -> tuple[list[_Block], str]:
    """Return the fenced blocks and the text outside them."""
    blocks: list[_Block] = []
    outside: list[str] = []
    position = 0
    while (opening := _FENCE.search(text, position)) is not None:
        outside.append(text[position : opening.start()])
        closing = re.compile(rf"^[ \t]*{re.escape(opening.group(1))}[ \t]*$", re.MULTILINE).search(text, opening.end())
        end = closing.start() if closing else len(text)
        body = dedented(text[opening.end() + 1 : end])
        blocks.append(_Block(opening.group(2).lower(), dialect.whole(body) if is_cut and not closing else body))
        position = closing.end() if closing else len(text)
    outside.append(text[position:])
    return [block for block in blocks if block.body.strip()], "\n".join(outside)


def _is_code(block: _Block, dialect: Dialect) -> bool:
    if block.language in _DOC_LANGUAGES or block.language in _SHELL_LANGUAGES:
        return False
    return bool(block.language) or dialect.start.search(block.body) is not None


def _is_diff(body: str) -> bool:
    return _DIFF.match(body.lstrip()) is not None and re.search(r"^@@ ", body, re.MULTILINE) is not None


def _joined(bodies: list[str], dialect: Dialect) -> str:
    """
    Join blocks that complete each other; of two that define the same names the later is a correction.

    A block that defines nothing belongs to the code only before the first definition (imports, constants); after it
    it shows how to use the code.
    """
    kept: list[str] = []
    names: set[str] = set()
    has_later_definition = False
    for body in reversed(bodies):
        defined = set(dialect.defined.findall(body))
        if (defined and not defined <= names) or (
            not defined and (has_later_definition or not any(map(dialect.defined.search, bodies)))
        ):
            kept.append(body.strip("\n") + "\n")
        names |= defined
        has_later_definition = has_later_definition or bool(defined)
    return "\n\n".join(reversed(kept))


def _separated(body: str, rest: list[str]) -> tuple[list[str], list[str]]:
    """Split one block that holds code and its tests at the top-level definitions."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return [body], rest
    lines = body.splitlines(keepends=True)
    code: list[str] = []
    tests: list[str] = []
    position = 0
    for node in tree.body:
        end = node.end_lineno or node.lineno
        chunk = "".join(lines[position:end])
        position = end
        is_test = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
        is_test = is_test or (isinstance(node, ast.ClassDef) and node.name.startswith("Test")) or "pytest" in chunk
        (tests if is_test else code).append(chunk)
    has_definition = any(isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for n in tree.body)
    is_split = has_definition and any(
        (_CODE_START.search(chunk) and "def " in chunk) or "class " in chunk for chunk in code
    )
    return (["".join(code)], ["".join(tests), *rest]) if is_split else ([], [body, *rest])


def _unfenced(text: str, dialect: Dialect, *, is_cut: bool) -> ExtractedCode:
    if _is_diff(text[text.find("--- ") :] if "--- " in text else text):
        start = _DIFF.search(text)
        return ExtractedCode("", patch=text[start.start() :] if start else text)
    start = dialect.start.search(text)
    if start is None:
        return ExtractedCode("", documentation="")
    code = text[start.start() :]
    code = dialect.whole(code) if is_cut else _longest_parsable(code, dialect)
    if dialect.test.search(code):
        implementations, tests = dialect.separated(code, [])
        return ExtractedCode(_joined(implementations, dialect), _joined(tests, dialect))
    return ExtractedCode(code)


def _longest_parsable(text: str, dialect: Dialect) -> str:
    """Cut closing chatter after unfenced code: drop whole paragraphs from the end until it parses."""
    paragraphs = text.split("\n\n")
    for count in range(len(paragraphs), max(0, len(paragraphs) - 20), -1):
        code = "\n\n".join(paragraphs[:count])
        if dialect.parses(code):
            return code.rstrip() + "\n"
    return text


def _section(outside: str) -> str:
    heading = re.search(r"^#{1,6} .+", outside, re.MULTILINE)
    return outside[heading.start() :].strip() if heading else ""


PYTHON = Dialect(
    test=_TEST,
    start=_CODE_START,
    defined=_DEFINED,
    whole=whole_statements,
    parses=lambda code: parsed(code) is not None,
    separated=_separated,
)
