"""Likely faults of JavaScript are found under ESLint's names; sound code has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.checks.engine.javascript.lint import lint_findings
from apps.checks.engine.javascript.program import Program
from apps.core.javascript import scopes_of


def rules(source: str) -> list[str]:
    return [one.rule for one in lint_findings(Program(source))]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("export const a = missing;", "no-undef"),
        ("import { a } from './a.js';\nexport const b = 1;", "no-unused-vars"),
        ("export function f() { const a = 1; }", "no-unused-vars"),
        ("export function f() { const a = 1; a = 2; return a; }", "no-const-assign"),
        ("import { a } from './a.js';\na = 2;\nexport { a };", "no-import-assign"),
        ("export function f() {}\nf = 1;", "no-func-assign"),
        ("export const a = { b: 1, 'b': 2 };", "no-dupe-keys"),
        ("export class A { m() {} m() {} }", "no-dupe-class-members"),
        ("switch (globalThis.a) { case 1: break; case 1: break; }", "no-duplicate-case"),
        ("const a = globalThis.a; if (a) { a(); } else if (a) { a(1); }", "no-dupe-else-if"),
        ("export const f = (a, b) => a == b;", "eqeqeq"),
        ("export const f = (a) => a === NaN;", "use-isnan"),
        ("export const f = (a) => a === -0;", "no-compare-neg-zero"),
        ("export const f = (a) => a.b === a.b;", "no-self-compare"),
        ("export const f = (a) => typeof a === 'strng';", "valid-typeof"),
        ("export const f = (a, b) => !a in b;", "no-unsafe-negation"),
        ("export function f(a, b) { if (a = b) { return 1; } return 2; }", "no-cond-assign"),
        ("export function f() { if (true) { return 1; } return 2; }", "no-constant-condition"),
        ("export function f() { return 1; f(); }", "no-unreachable"),
        ("export function f(a) { switch (a) { case 1: a(); case 2: a(1); } }", "no-fallthrough"),
        ("export function f() { try { f(); } finally { return 1; } }", "no-unsafe-finally"),
        ("export function f() { debugger; }", "no-debugger"),
        ("export function f(a) { try { a(); } catch (error) {} }", "no-empty"),
        ("export const f = ({ a: {} }) => 1;", "no-empty-pattern"),
        ("export const a = [1, , 2];", "no-sparse-arrays"),
        ("export function f(a) { a.b = a.b; }", "no-self-assign"),
        ("export function f(a) { a === 1; }", "no-unused-expressions"),
        ("export function f(a) { try { a(); } catch (e) { throw e; } }", "no-useless-catch"),
        ("export const a = 9007199254740993;", "no-loss-of-precision"),
        ("export function f() { throw 'no'; }", "no-throw-literal"),
        ("export const a = new Promise(async (go) => { go(); });", "no-async-promise-executor"),
        ("export const f = (a) => a.map((one) => { one + 1; });", "array-callback-return"),
        ("export class A { get a() { this.b(); } }", "getter-return"),
        ("export function* f() { return 1; }", "require-yield"),
    ],
)
def test_likely_faults_are_found(source: str, rule: str) -> None:
    assert rule in rules(source)


@pytest.mark.parametrize(
    "source",
    [
        "export function f({ a, b: { c = 1 } = {}, ...rest }, [d, ...e] = []) { return [a, c, rest, d, e]; }",
        "import one, { two as three } from './b.js';\nimport * as all from './a.js';\nexport { all, one, three };",
        "const { a, ...rest } = globalThis.b;\nexport { rest };",
        "export function f(n) { return n > 0 ? f(n - 1) : g(); }\nfunction g() { return 0; }",
        "export function f(a) { for (const [k, v] of a) { if (v == null) continue; a.set(k, v + 1); } }",
        "export function f(a) { switch (a) { case 1: case 2: return 1; case 3: a(); // falls through\n default: } }",
        "export function f(a) { label: for (;;) { while (true) { if (a()) break label; } } }",
        "export class A extends Map { #b = 1; static c = 2; get b() { return this.#b; } set b(v) { this.#b = v; } }",
        "export const f = (a) => { a && a(); return typeof b === 'undefined' ? 1 : 2; };",
        "export function f() { try { return 1; } catch { /* nothing to do */ } return 2; }",
        "module.exports = function (a) { return require('./b')(a, __dirname); };",
        "export async function f(a) { for await (const b of a) await b; return a.map(async (b) => { await b; }); }",
        "let count = 0;\nexport const next = () => { count += 1; return count; };",
        "function helper() {}",
        "export const t = `${[1, 2].map((a) => { return a; })}`;",
    ],
)
def test_sound_code_has_no_finding(source: str) -> None:
    assert rules(source) == []


def test_a_name_means_its_nearest_declaration() -> None:
    scopes = scopes_of("const a = 1; function f(a) { { let a = 2; a++; } return a; } f(a);")
    kinds = {(one.kind, len(one.reads), len(one.writes)) for one in scopes.bindings if one.name == "a"}
    assert kinds == {("const", 1, 0), ("parameter", 1, 0), ("let", 1, 1)}
    assert scopes.free == ()


@given(st.text(alphabet="ab{}()[];=>,.:?'`$ \nconstletfunctionreturnifelse", max_size=200))
def test_any_text_is_read_to_its_end(source: str) -> None:
    lint_findings(Program(source))


def test_a_number_beyond_all_numbers_ends_nothing() -> None:
    assert rules(f"export const a = {'9' * 400};") == []
