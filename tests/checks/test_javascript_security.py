"""What is insecure in JavaScript is told with its severity; what only looks like it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.checks.engine.javascript.program import Program
from apps.checks.engine.javascript.regexes import is_catastrophic
from apps.checks.engine.javascript.security import security_findings
from apps.checks.services import javascript_check
from apps.checks.types import JavaScriptSource

MERGE = (
    "function merge(a, b) { for (const k in b) { if (b[k] instanceof Object) merge(a[k], b[k]); else a[k] = b[k]; } }"
)


def rules(source: str) -> list[tuple[str, str]]:
    return [(one.rule, one.severity) for one in security_findings(Program(source))]


@pytest.mark.parametrize(
    ("source", "rule", "severity"),
    [
        ("eval(text)", "code-from-text", "high"),
        ("const run = eval; run(text)", "code-from-text", "high"),
        ("new Function('return 1')", "code-from-text", "high"),
        ("[].constructor.constructor('return 1')()", "code-from-text", "high"),
        ("import vm from 'node:vm'; vm.runInNewContext(text)", "code-from-text", "high"),
        ("setTimeout('go()', 1)", "code-from-text", "high"),
        ("import(name)", "computed-import", "medium"),
        ("const load = require(name)", "computed-import", "medium"),
        ("import { exec as run } from 'child_process'; run(`ls ${name}`)", "shell", "high"),
        ("const { execSync: run } = require('node:child_process'); run('ls')", "shell", "medium"),
        ("const cp = require('child_process'); cp.spawn('ls', [], { shell: true })", "process", "high"),
        ("import fs from 'node:fs'; fs.readFileSync(name)", "file-path", "medium"),
        ("import { readFile } from 'fs/promises'; readFile('../../secret')", "file-outside", "medium"),
        ("const fs = require('fs').promises; fs.unlink('/etc/passwd')", "file-outside", "medium"),
        ("import net from 'node:net'", "network-module", "low"),
        (MERGE, "prototype-pollution", "medium"),
        ("thing.__proto__.isAdmin = true", "prototype-pollution", "high"),
        ("thing.constructor.prototype.isAdmin = true", "prototype-pollution", "high"),
        ("Array.prototype.last = function () { return this[0]; }", "builtin-prototype", "medium"),
        ("const re = /^(a+)+$/", "regex-catastrophe", "high"),
        ("const re = new RegExp('^(\\\\w+\\\\s?)*$')", "regex-catastrophe", "high"),
        ("const re = new RegExp(name)", "computed-regex", "medium"),
        ("box.innerHTML = `<b>${name}</b>`", "markup", "high"),
        ("box.insertAdjacentHTML('beforeend', name)", "markup", "high"),
        ("document.write(name)", "markup", "high"),
        ("import { createHash } from 'node:crypto'; createHash('md5')", "weak-hash", "medium"),
        ("const token = Math.random().toString(36)", "weak-random", "medium"),
        ("const options = { rejectUnauthorized: false }", "tls-unverified", "high"),
        ("process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'", "tls-unverified", "high"),
        ("const apiKey = 'abcd1234'", "hard-coded-secret", "low"),
        ("db.query(`SELECT name FROM people WHERE id = ${id}`)", "sql-injection", "high"),
        ("new Buffer(10)", "unfilled-buffer", "medium"),
    ],
)
def test_insecure_code_is_found_however_its_parts_are_named(source: str, rule: str, severity: str) -> None:
    assert (rule, severity) in rules(source)


@pytest.mark.parametrize(
    "source",
    [
        "function evaluate(a) { return a; }\nevaluate(1)",
        "function run(eval_) { return eval_(1); }",
        "import { exec } from './own.js'; exec('x')",
        "/a+b/.exec(text)",
        "const html = '<b>fixed</b>'; box.innerHTML = html",
        "box.textContent = name",
        "import { readFileSync } from 'node:fs'; readFileSync('data/words.txt')",
        "function copy(a) { const b = {}; for (const k in a) b[k] = a[k]; return b; }",
        "function fill(grid, i, j) { grid[i][j] = 1; if (i) fill(grid, i - 1, j); }",
        MERGE.replace("{ if", "{ if (k === '__proto__') continue; if"),
        "const dice = Math.random()",
        "db.query('SELECT name FROM people WHERE id = $1', [id])",
        "setTimeout(() => go(), 1)",
        "import { createHash } from 'node:crypto'; createHash('sha256')",
    ],
)
def test_what_only_looks_like_it_is_left_alone(source: str) -> None:
    assert rules(source) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$", "(a*)*b", "^(a|a)*$", "^(a|ab|b)*$", r"^(\w+\s?)*$", "(x+x+)+y", "(?:[a-z]+|\\w+)*!",
        r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$", "^(?:a|[ab]){2,}c$", "(([a-z])+.)+[A-Z]$",
    ],
)  # fmt: skip
def test_regular_expressions_without_bounds_are_found(pattern: str) -> None:
    assert is_catastrophic(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[^a-z0-9]+", "^(a+b)*$", "([^,]*,)*x", r"^\s+|\s+$", "(a+)+", r"^(?:\d{1,3}\.){3}\d{1,3}$", r"^(\d+,)*\d+$",
        r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$", r"(\\.|[^\\])*x", "(ab?)*c", "[", "(", "a**", r"(a)\1+", "",
    ],
)  # fmt: skip
def test_harmless_and_unreadable_ones_are_not(pattern: str) -> None:
    assert not is_catastrophic(pattern)


def test_reading_a_hostile_expression_ends() -> None:
    nested = "^"
    for _ in range(14):
        nested = f"({nested}){{6}}"
    assert not is_catastrophic(nested)
    assert not is_catastrophic(f"(?:{'|'.join(chr(256 + n) for n in range(118))})*$")


def test_following_hostile_names_ends() -> None:
    names = "".join(f"const {b}=[{','.join([a] * 2_000)}];" for a, b in ("ab", "bc", "cd"))
    assert rules(f"const a=1;{names}require(d)") == []
    assert rules(f"function f(o, k) {{ {'w' * 100_000}; o[k] = 1; }}") == []


MOST_STEPS = 400_000


class TooMany(Exception):
    """The matcher took more steps than a polynomial of these sizes."""


@dataclass(frozen=True)
class Piece:
    """A part of an expression as it is written, and as a backtracking matcher with continuations does it."""

    text: str
    match: Callable[[str, int, Callable[[int], bool]], bool]


def _character(text: str, allowed: str) -> Piece:
    return Piece(text, lambda s, i, then: i < len(s) and s[i] in allowed and then(i + 1))


def _either(two: tuple[Piece, Piece]) -> Piece:
    a, b = two
    return Piece(f"(?:{a.text}|{b.text})", lambda s, i, then: a.match(s, i, then) or b.match(s, i, then))


def _both(two: tuple[Piece, Piece]) -> Piece:
    a, b = two
    return Piece(a.text + b.text, lambda s, i, then: a.match(s, i, lambda j: b.match(s, j, then)))


def _repeated(one: tuple[Piece, tuple[str, int, int]]) -> Piece:
    inner, (mark, least, most) = one

    def match(s: str, i: int, then: Callable[[int], bool], count: int = 0) -> bool:
        def again(j: int) -> bool:
            return (j > i or count < least) and match(s, j, then, count + 1)

        return (count < most and inner.match(s, i, again)) or (count >= least and then(i))

    return Piece(f"(?:{inner.text}){mark}", match)


REPEATS = [("*", 0, 99), ("+", 1, 99), ("?", 0, 1), ("{2}", 2, 2), ("{1,3}", 1, 3)]
PIECES = st.recursive(
    st.sampled_from([_character("a", "a"), _character("b", "b"), _character("[ab]", "ab"), _character("[^a]", "b!")]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(REPEATS)).map(_repeated),
        st.tuples(inner, inner).map(_either),
        st.tuples(inner, inner).map(_both),
    ),
    max_leaves=5,
)


@given(PIECES)
def test_whatever_is_called_harmless_takes_few_steps(piece: Piece) -> None:
    """With 22 characters, 2**22 steps are told from those of a polynomial; the matcher counts them."""
    if is_catastrophic(f"^{piece.text}$"):
        return
    for text in ("a" * 22 + "!", "ab" * 11 + "!", "b" * 22 + "!", "aab" * 7 + "!"):
        steps = 0

        def end(at: int, text: str = text) -> bool:
            nonlocal steps
            steps += 1
            if steps > MOST_STEPS:
                raise TooMany
            return at == len(text)

        piece.match(text, 0, end)


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(source: str) -> None:
    security_findings(Program(source))


def test_a_comment_silences_nothing_and_a_text_that_does_not_parse_never_passes() -> None:
    found = javascript_check(
        {
            "silenced": JavaScriptSource("// eslint-disable-next-line\neval(text) // nosec\nexport const text = 1;"),
            "broken": JavaScriptSource("function ("),
            "typed": JavaScriptSource("export const f = (a: string): unknown => eval(a);", is_typed=True),
        }
    )
    by_tool = {name: {one.tool: one for one in results} for name, results in found.items()}
    assert by_tool["silenced"]["javascript-security"].status == "failed"
    assert by_tool["broken"]["javascript-security"].status == "error"
    (one,) = by_tool["typed"]["javascript-security"].findings
    assert (one.rule, one.line, one.column) == ("code-from-text", 1, 42)
