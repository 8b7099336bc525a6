"""Syntax trees, types taken out, literals and complexity of JavaScript and TypeScript."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.foreign import Foreign
from apps.core.javascript import (
    CannotStrip,
    NotALiteral,
    complexity_of,
    fault_of,
    literal_value,
    source_of,
    strip_types,
)

TYPED = """import type { A } from './a.ts';
import { B, c, type D } from './b.ts';
export interface Shape { area(): number }
type Pair<T> = [T, T];
declare const later: string;
export abstract class Box<T> extends Base<T> implements Shape, Other {
  private readonly x!: number = 1;
  declare y: string;
  static z?: T;
  [key: string]: unknown;
  constructor(this: Box<T>, a?: number) { super(); }
  abstract area(): number;
  override get v(): number { return this.x as number; }
  m?<K extends keyof T>(k: K, ...rest: string[]): asserts k is K { c(k!); }
}
export function over(a: string): string;
export function over(a: any, b: number = 2): string {
  const x = <unknown>a as string;
  for (const q of [] as string[]) c<number>(q)!;
  try { c(x satisfies string) } catch (e: unknown) { throw e as Error }
  return ((n: number): n is 1 => n === 1)(b) ? x : x!.trim();
}
const arrow = async <T,>(a: T): Promise<T> => a;
const é: string = "ü: string as number"; // stays: comment as it is
"""
PLAIN = """export function f(a, { b = 1, ...c } = {}, [d] = []) {
  const text = `a as ${b} : number`, n = a ? b : c;
  label: for (;;) { if (a < b && c > d) break label; }
  return { a, type: 1, as: 2, [n]: async () => await text, get interface() { return /a: b!/g; } };
}
"""


def test_types_are_taken_out_and_everything_else_stays_where_it_was() -> None:
    stripped = strip_types(TYPED)
    assert fault_of(stripped) is None
    assert len(stripped) == len(TYPED)
    assert [len(line) for line in stripped.splitlines()] == [len(line) for line in TYPED.splitlines()]
    for before, after in zip(TYPED, stripped, strict=True):
        assert after in (before, " ", ";")
    assert 'const é         = "ü: string as number"; // stays: comment as it is' in stripped
    assert "import {    c,        } from './b.ts';" in stripped
    assert not any(
        word in stripped for word in ("interface", "declare", "implements", "satisfies", "abstract", "asserts")
    )


def test_javascript_is_typescript_without_types() -> None:
    assert strip_types(PLAIN) == PLAIN


types = st.recursive(
    st.sampled_from(["number", "string", "boolean", "null", "T", "'a'", "unknown", "Map<string, number>"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"{one}[]" if "|" not in one and "=>" not in one else f"({one})[]"),
        st.tuples(inner, inner).map(lambda pair: f"[{pair[0]}, {pair[1]}]"),
        inner.map(lambda one: f"{{ a?: {one}; readonly b: {one} }}"),
        st.tuples(inner, inner).map(lambda pair: f"Record<{pair[0]}, {pair[1]}>"),
        inner.map(lambda one: f"((x: {one}) => {one})"),
    ),
    max_leaves=6,
)


@given(types, types, types)
@settings(max_examples=150, deadline=None)
def test_any_type_goes_and_the_program_is_the_one_that_was_written_without(a: str, b: str, c: str) -> None:
    typed = f"function f<T>(x: {a}, y?: {b}): {c} {{ const z: {a} = x as {b}; return g<{c}>(z!); }}"
    plain = "function f(x, y) { const z = x; return g(z); }"
    assert "".join(strip_types(typed).split()) == "".join(plain.split())
    assert strip_types(strip_types(typed)) == strip_types(typed)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("let a;\nenum A { B }", "Line 2 holds an enum"),
        ("const enum A { B }", "Line 1 holds an enum"),
        ("namespace N { export const a = 1; }", "Line 1 holds a namespace"),
        ("class A { constructor(private x: number) {} }", "Line 1 holds a parameter property"),
        ("class A { constructor(readonly x: number) {} }", "Line 1 holds a parameter property"),
        ("@d class A {}", "Line 1 holds a decorator"),
        ("import x = require('y');", "Line 1 holds import … = require(…)"),
        ("export = f;", "Line 1 holds export = …"),
        ("const f = (a): {\n} => a;", "Line 1 holds a return type that ends on another line than its =>"),
        ("function f(a: {", "The code does not parse as TypeScript: line 1"),
        ("(" * 1000, "The code does not parse as TypeScript: line 1"),
    ],
)
def test_what_is_more_than_a_type_is_refused_by_name(source: str, reason: str) -> None:
    with pytest.raises(CannotStrip, match=f"^{reason[:30]}".replace("(", r"\(").replace(")", r"\)")) as refused:
        strip_types(source)
    assert str(refused.value).startswith(reason)


def test_declared_enums_and_namespaces_are_types_only() -> None:
    assert strip_types("declare enum A { B }\ndeclare namespace N { const a: number }\nf();").split() == [
        ";",
        ";",
        "f();",
    ]


def test_a_statement_without_a_semicolon_does_not_run_into_the_next_one() -> None:
    assert strip_types("const a = b as T\n(c)") == "const a = b ;   \n(c)"
    assert strip_types("type T = string\n(c)") == ";              \n(c)"


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
    | st.builds(Foreign, st.just("bigint"), st.integers()) | st.just(Foreign("undefined"))
    | st.builds(Foreign, st.just("date"), st.integers(0, 10**12)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    | st.builds(lambda items: Foreign("set", tuple(items)), st.lists(inner, max_size=3))
    | st.builds(lambda items: Foreign("map", tuple(items)), st.lists(st.tuples(inner, inner), max_size=3)),
    max_leaves=10,
)  # fmt: skip


@given(plain_values)
@settings(max_examples=200, deadline=None)
def test_what_is_written_of_a_value_is_read_as_the_same_value(value: object) -> None:
    assert same(literal_value(source_of(value)), value)


def same(left: object, right: object) -> bool:
    """Equal, where 2.0 and 2 are one number, as they are in JavaScript, and -0 is not 0."""
    if isinstance(left, Foreign) and isinstance(right, Foreign):
        return left.kind == right.kind and same(left.content, right.content)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(map(same, left.values(), right.values()))
    if isinstance(left, bool) or isinstance(right, bool) or not isinstance(left, int | float):
        return left is right or (type(left) is type(right) and left == right)
    return isinstance(right, int | float) and left == right and math.copysign(1, left) == math.copysign(1, right)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("0x1F", 31),
        ("1_000.5", 1000.5),
        ("'\\u{1F600}\\x41\\n\\''", "😀A\n'"),
        ("'\\ud83d\\ude00'", "😀"),
        ("`a b`", "a b"),
        ("{ 'a b': [1, 2], c: undefined, }", {"a b": [1, 2], "c": Foreign("undefined")}),
        ("new Set(['a'])", Foreign("set", ("a",))),
        ("new Date('2020-01-01T00:00:00Z')", Foreign("date", 1577836800000)),
        ("new Uint8Array([1])", Foreign("Uint8Array", (1,))),
        ("/a\\/b/g", Foreign("regexp", ("a\\/b", "g"))),
    ],
)
def test_literals_are_read_as_what_they_are(source: str, value: object) -> None:
    assert literal_value(source) == value


COMPUTED = [
    "f(1)",
    "`${a}`",
    "a",
    "1 + 1",
    "{ ...a }",
    "[f()]",
    "new Foo()",
    "1; 2",
    "",
    "x =>",
    "{ [a]: 1 }",
    "new Date('today')",
]


@pytest.mark.parametrize("source", [*COMPUTED, "(" * 3000])
def test_what_has_to_be_computed_is_no_literal(source: str) -> None:
    with pytest.raises(NotALiteral):
        literal_value(source)


def test_complexity_counts_the_decisions_of_each_function_apart() -> None:
    source = """
    function outer(a) {
      if (a && a.b) return a ?? 1;
      for (const x of a) { try { x(); } catch { continue; } }
      return () => a ? 1 : 2;
    }
    class K { m(x) { switch (x) { case 1: return 1; default: return 2; } } }
    """
    found = {one.name: one.complexity for one in complexity_of(source)}
    assert found == {"outer": 6, "(anonymous)": 2, "m": 2}
