"""
Tests that a text holds, as people paste them: modules of pytest, classes of ``unittest``, scripts with ``assert``.

They say what the code must do and are never what is to be written.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product

from apps.generation.engine.specification.asserted import MAX_ROUNDS, Statements, is_known_import, paired, put
from apps.generation.engine.specification.doctests import doctest_spans
from apps.generation.engine.specification.literals import Budget
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.specification.syntax import parsed

MAX_EXAMPLES = 200
MAX_NODES = 8_000  # of syntax that are read, each round of a test counted
MAX_BLOCKS = 300
MAX_KNOWN = 30
_LONGEST = 20_000  # characters of a block
_TEST = re.compile(
    r"(?m)^([ \t]*)(?:@(?:pytest|unittest|mock)\b|(?:async )?def test_?\w*[ \t]*\(|"
    r"class (?:Test\w*[ \t]*[:(]|\w+[ \t]*\([^()\n]*\bTestCase\)))"
)
_DECORATED = re.compile(r"[ \t]*(?:@|(?:async[ \t]+)?def\b|class\b)")
_ASSERTS = re.compile(r"\bassert\b|\braises\(|\.assert\w*\(")
_KNOWN = re.compile(r"(?m)^[ \t]*(?:(?:import|from) [a-z][^\n]{1,200}|[A-Z][A-Z0-9_]* = [^\n]{1,300})$")
_PREPARING = frozenset({"setUp", "setUpClass", "setup_method", "setup_class"})
_CLOSES = re.compile(r"[ \t]*[)\]}]")
_FENCE = re.compile(r"(?ms)^[ \t]*(?:```|~~~)[ \t]*(?:py\w*)?[ \t]*\n(.*?)(?:^[ \t]*(?:```|~~~)|\Z)")
_CODE_LINE = re.compile(
    r"[ \t]*(?:assert\b|with [\w.]+\.(?:raises|assertRaises)\(|(?:import|from) \w+|for \w[^\n]* in [^\n]*:[ \t]*$|"
    r"[A-Za-z_][\w.]*(?:\[[^\n]*\])?[ \t]*[-+*/|&]?=(?!=)|[A-Za-z_][\w.]*\([^\n]*\)[ \t]*(?:#[^\n]*)?$|#)"
)
_BINDS = re.compile(r"(?m)^[ \t]*[A-Za-z_]\w*[ \t]*=[ \t]*[A-Za-z_][\w.]*\(")
_CLAIMS = re.compile(r"(?m)^[ \t]*(?:assert\b|with [\w.]+\.(?:raises|assertRaises)\(|self\.assert)")


@dataclass(frozen=True, slots=True)
class Block:
    """Statements of Python in a text, from ``span.start`` to ``span.end``."""

    statements: tuple[ast.stmt, ...]
    span: Span
    lines: tuple[int, ...]  # where each line begins

    def place(self, statement: ast.stmt) -> Span:
        """Return where *statement* stands in the text."""
        last = statement.end_lineno or statement.lineno
        end = self.lines[last] if last < len(self.lines) else self.span.end
        return Span(self.lines[min(statement.lineno, len(self.lines)) - 1], end)


@dataclass(frozen=True, slots=True)
class WrittenTests:
    """
    The tests of a text, and the scripts with assertions.

    ``outside`` is the text with the tests blanked out, ``prose`` also without the scripts. ``known`` are the imports
    and constants beside the tests.
    """

    outside: str
    prose: str
    tests: tuple[Block, ...] = ()
    scripts: tuple[Block, ...] = ()
    known: tuple[ast.stmt, ...] = ()

    def examples(self, classes: frozenset[str]) -> tuple[SpecExample, ...]:
        """Return what they assert, at most :data:`MAX_EXAMPLES`; *classes* are those that the text declares."""
        reader = _Reader(classes, self.known, Budget(MAX_NODES))
        return tuple(islice(chain(reader.tests(self.tests), reader.scripts(self.scripts)), MAX_EXAMPLES))


def written_tests(text: str) -> WrittenTests:
    """Find the tests and scripts in *text*. Each character is parsed at most twice."""
    taken = doctest_spans(text)
    tests = tuple(_test_blocks(text, taken))
    outside = _blanked(text, tests)
    scripts = tuple(_script_blocks(outside, taken))
    return WrittenTests(outside, _blanked(outside, scripts), tests, scripts, _known(outside) if tests else ())


def _blanked(text: str, blocks: Sequence[Block]) -> str:
    for block in blocks:
        hidden = re.sub(r"[^\n]", " ", text[block.span.start : block.span.end])
        text = text[: block.span.start] + hidden + text[block.span.end :]
    return text


def _known(text: str) -> tuple[ast.stmt, ...]:
    """Return the imports and the constants of a module of tests."""
    found: list[ast.stmt] = []
    for hit in islice(_KNOWN.finditer(text), MAX_KNOWN):
        try:
            [statement] = parsed(hit.group().strip()).body
        except ValueError:
            continue
        if isinstance(statement, ast.Assign) or is_known_import(statement):
            found.append(statement)
    return tuple(found)


def _test_blocks(text: str, taken: Sequence[Span]) -> Iterator[Block]:
    position = 0
    for _ in range(MAX_BLOCKS):
        hit = _TEST.search(text, position)
        if hit is None:
            return
        end = _block_end(text, hit.start(), len(hit.group(1)))
        position = max(end, hit.end())
        is_test = "@" in hit.group() or _ASSERTS.search(text, hit.start(), end)
        is_doctest = any(hit.start() <= span.start < end or span.start <= hit.start() < span.end for span in taken)
        block = _block(text, hit.start(), end) if is_test and not is_doctest else None
        if block is not None:
            yield block


def _block_end(text: str, start: int, indent: int) -> int:
    """Return where the definition that begins at *start* ends: its decorators and all lines deeper than it."""
    end = position = text.find("\n", start) + 1 or len(text)
    is_decorator = text[start:end].lstrip().startswith("@")
    while position < len(text) and position - start < _LONGEST:
        following = text.find("\n", position) + 1 or len(text)
        line = text[position:following]
        depth = len(line) - len(line.lstrip())
        if line.strip():
            is_more = depth > indent or _CLOSES.match(line) or (is_decorator and _DECORATED.match(line))
            if not is_more or line.strip().startswith(("```", "~~~")):
                break
            is_decorator = is_decorator and (depth > indent or not re.match(r"[ \t]*(?:async|def|class)\b", line))
            end = following
        position = following
    return end


def _block(text: str, start: int, end: int) -> Block | None:
    source = textwrap.dedent(text[start:end])
    try:
        tree = parsed(source)
    except ValueError:
        return None
    lines = [start]
    for hit in re.finditer(r"\n", text[start:end]):
        lines.append(start + hit.end())
    return Block(tuple(tree.body), Span(start, end), tuple(lines))


def _is_in(taken: Sequence[Span], place: int) -> bool:
    return any(span.start <= place < span.end for span in taken)


def _script_blocks(text: str, taken: Sequence[Span]) -> Iterator[Block]:
    """Fences, and runs of lines outside of them, that bind a name and claim something of it."""
    fenced: list[Span] = []
    for hit in islice(_FENCE.finditer(text), MAX_BLOCKS):
        fenced.append(Span(hit.start(), hit.end()))
        yield from _script(text, hit.start(1), hit.end(1), taken)
    start: int | None = None
    position = 0
    for line in text.splitlines(keepends=True) if _CLAIMS.search(text) else ():
        is_deeper = start is not None and line[:1] in " \t" and bool(line.strip())
        is_code = bool(_CODE_LINE.match(line)) or is_deeper or (start is not None and not line.strip())
        if is_code and not _is_in(fenced, position):
            start = position if start is None else start
        elif start is not None:
            yield from _script(text, start, position, taken)
            start = None
        position += len(line)
    if start is not None:
        yield from _script(text, start, position, taken)


def _script(text: str, start: int, end: int, taken: Sequence[Span]) -> Iterator[Block]:
    source = text[start:end]
    is_script = end - start <= _LONGEST and _CLAIMS.search(source) and _BINDS.search(source)
    block = _block(text, start, end) if is_script and not any(start <= one.start < end for one in taken) else None
    if block is not None:
        yield block


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Fixtures = Mapping[str, Sequence[ast.stmt]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tests, all out of one budget."""

    classes: frozenset[str]
    known: Sequence[ast.stmt]
    budget: Budget

    def scripts(self, blocks: Sequence[Block]) -> Iterator[SpecExample]:
        for block in blocks:
            yield from Statements(block.place, self.classes, self.budget).read(block.statements)

    def tests(self, blocks: Sequence[Block]) -> Iterator[SpecExample]:
        functions = [one for block in blocks for one in block.statements if isinstance(one, _FUNCTIONS)]
        fixtures = {one.name: _given(one) for one in functions if _is_fixture(one)}
        for block in blocks:
            for statement in block.statements:
                if isinstance(statement, _FUNCTIONS) and not _is_fixture(statement):
                    yield from self._function(block, statement, fixtures, ())
                elif isinstance(statement, ast.ClassDef):
                    yield from self._class(block, statement, fixtures)

    def _class(self, block: Block, node: ast.ClassDef, fixtures: Fixtures) -> Iterator[SpecExample]:
        methods = [_Own().visit(one) for one in node.body if isinstance(one, _FUNCTIONS)]
        prepared = [one for method in methods if method.name in _PREPARING for one in method.body]
        own = {one.name: _given(one) for one in methods if _is_fixture(one)}
        for method in methods:
            if method.name.startswith("test"):
                yield from self._function(block, method, {**fixtures, **own}, prepared)

    def _function(
        self, block: Block, function: Function, fixtures: Fixtures, prepared: Sequence[ast.stmt]
    ) -> Iterator[SpecExample]:
        if any("skip" in ast.unparse(one) or "xfail" in ast.unparse(one) for one in function.decorator_list):
            return
        arguments = {one.arg for one in function.args.args} - {"self", "cls"}
        given = [one for name in sorted(arguments) for one in fixtures.get(name, ())]
        for values in islice(product(*(_rows(one) for one in function.decorator_list)), MAX_ROUNDS):
            merged = {name: node for row in values for name, node in row.items()}
            if arguments - merged.keys() - fixtures.keys():
                return  # something that only pytest gives, such as a patched module
            body = [put(one, merged) for one in function.body] if merged else function.body
            history = (*self.known, *prepared, *given)
            yield from Statements(block.place, self.classes, self.budget, history).read(body)
            if self.budget.left <= 0:
                return


class _Own(ast.NodeTransformer):
    """``self.stack`` is a name like any other; ``self.assertEqual`` stays a method."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if is_own and not node.attr.startswith(("assert", "fail", "subTest")):
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        return self.generic_visit(node)


def _rows(decorator: ast.expr) -> list[dict[str, ast.expr]]:
    """Return what ``@pytest.mark.parametrize`` gives in each round; one round without anything for other decorators."""
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("parametrize"):
        return [{}]
    if len(decorator.args) < 2:
        return []
    named, rows = decorator.args[:2]
    if isinstance(named, ast.Constant) and isinstance(named.value, str):
        names = [one.strip() for one in named.value.split(",") if one.strip()]
    else:
        given = (one.value for one in getattr(named, "elts", ()) if isinstance(one, ast.Constant))
        names = [one for one in given if isinstance(one, str)]
    found = [paired(names, row) for row in getattr(rows, "elts", ())[:MAX_ROUNDS]] if names else []
    return [row for row in found if row is not None]


def _is_fixture(function: Function) -> bool:
    return any("fixture" in ast.unparse(one).split("(")[0] for one in function.decorator_list)


def _given(function: Function) -> list[ast.stmt]:
    """Return the statements of a fixture, the last of which binds its name to what it gives."""
    body: list[ast.stmt] = []
    for statement in function.body:
        value = statement.value if isinstance(statement, (ast.Return, ast.Expr)) else None
        value = value.value if isinstance(value, ast.Yield) else value if isinstance(statement, ast.Return) else None
        if value is not None:
            return [
                *body,
                ast.fix_missing_locations(ast.Assign([ast.Name(function.name, ast.Store())], value, lineno=1)),
            ]
        body.append(statement)
    return body
