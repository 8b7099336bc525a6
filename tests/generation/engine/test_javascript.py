"""What the engine does with JavaScript and TypeScript: reading, comparing, merging, testing, describing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from apps.core.foreign import Foreign
from apps.generation.engine.inputs import CallInput, fuzz_inputs, input_restored, input_stored
from apps.generation.engine.javascript import modules
from apps.generation.engine.javascript import tests as written
from apps.generation.engine.javascript.assembly import merge_module
from apps.generation.engine.javascript.context import outline, symbols_of
from apps.generation.engine.javascript.modules import import_path, module_kind, runnable
from apps.generation.engine.javascript.program import defined_names, normalised_digest, unparsable, whole_statements
from apps.generation.engine.languages import LANGUAGES, file_name, language_of
from apps.generation.engine.specification import IssueKind, analyse
from apps.generation.engine.specification.javascript.types import annotation_from
from apps.generation.engine.values import decode, encode, same

UNDEFINED = Foreign("undefined")
JS = LANGUAGES["javascript"]


@pytest.mark.parametrize(
    ("line", "args", "expected"),
    [
        ("f(2) // -> 3", (2,), 3),
        ("f(2); // 3", (2,), 3),
        ("f(2) // => 3", (2,), 3),
        ("f(2) -> 3", (2,), 3),
        ("f(2) === 3", (2,), 3),
        ("f('a', [1, { b: null }]) -> undefined", ("a", [1, {"b": None}]), UNDEFINED),
        ("expect(f(2)).toBe(3)", (2,), 3),
        ("expect(f([1])).toEqual([2, [3]]);", ([1],), [2, [3]]),
        ("expect(await f(2)).toStrictEqual({ a: 1 })", (2,), {"a": 1}),
        ("assert.strictEqual(f(2), -3);", (2,), -3),
        ("assert.deepStrictEqual(f(new Set([1])), new Map([[1, 'a']]))", (Foreign("set", (1,)),),
         Foreign("map", ((1, "a"),))),
        ("`f(2)` returns `3`.", (2,), 3),
        ("f(2n ** 2n) -> 1\nf(10n) -> 0.5", (Foreign("bigint", 10),), 0.5),
        ("f(2) should return 'a'", (2,), "a"),
    ],
)  # fmt: skip
def test_examples_are_read_in_the_usual_ways(line: str, args: tuple[object, ...], expected: object) -> None:
    (found,) = analyse(f"Write `function f(x)` in JavaScript.\n\n{line}\n").examples
    assert (found.function, found.args, found.expected, found.raises) == ("f", args, expected, None)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("f(0) throws RangeError", "RangeError"),
        ("f(0) // throws a TypeError", "TypeError"),
        ("expect(() => f(0)).toThrow(RangeError)", "RangeError"),
        ("assert.throws(() => f(0), ValidationError);", "ValidationError"),
    ],
)
def test_examples_of_errors_are_read(line: str, error: str) -> None:
    (found,) = analyse(f"Write `function f(x)` in JavaScript.\n\n{line}\n").examples
    assert (found.args, found.raises) == ((0,), error)


@pytest.mark.parametrize(
    "line",
    ["f(2) returns 3 items", "f(a) -> 3", "f(2) -> g(3)", "f(2) === 3 + x", "call f(2), then wait",
     "expect(() => f(0)).toThrow()", "assert.throws(() => f(0), (e) => e.ok)"],
)  # fmt: skip
def test_what_is_no_example_is_not_read_as_one(line: str) -> None:
    assert analyse(f"Write `function f(x)` in JavaScript.\n\n{line}\n").examples == ()


@pytest.mark.parametrize(
    ("declared", "parameters", "returns"),
    [
        ("function f(a: string, b?: number): string[]", [("a", "str", None), ("b", "int", "undefined")], "list[str]"),
        ("export async function f(a = 1, ...rest)", [("a", "", "1"), ("rest", "", None)], ""),
        ("const f = (a: Record<string, boolean>): void =>", [("a", "dict[str, bool]", None)], "None"),
        ("/**\n * @param {Array<number>} a\n * @param {?string} [b]\n * @returns {boolean}\n */\nfunction f(a, b) {}",
         [("a", "list[int]", None), ("b", "str | None", "undefined")], "bool"),
        ("`f(a: [string, number] | null)`", [("a", "tuple[str, int] | None", None)], ""),
    ],
)  # fmt: skip
def test_signatures_come_from_types_and_comments(
    declared: str, parameters: list[tuple[str, str, str | None]], returns: str
) -> None:
    found = analyse(f"In JavaScript: {declared}\n").entry_signature
    assert found is not None
    assert [(one.name, one.annotation, one.default) for one in found.parameters] == parameters
    assert found.returns == returns


def test_a_number_is_whole_until_an_example_shows_a_fraction() -> None:
    text = "`function f(a: number, b: number[]): number` in TypeScript.\n\nf(1, [2]) -> 3\n"
    assert [p.annotation for p in analyse(text).entry_signature.parameters] == ["int", "list[int]"]
    text += "f(1, [0.5]) -> 1.5\n"
    assert [p.annotation for p in analyse(text).entry_signature.parameters] == ["int", "list[float]"]


@pytest.mark.parametrize(
    ("given", "annotation"),
    [("'a' | 'b'", 'Literal["a", "b"]'), ("Widget", "Unknown"), ("{", "Unknown"), ("", ""),
     ("Array.<string>", "list[str]"),     ("...number", "int")],
)  # fmt: skip
def test_types_are_mapped_or_said_to_be_unknown(given: str, annotation: str) -> None:
    assert annotation_from(given) == annotation


def test_a_class_is_exercised_in_sessions() -> None:
    text = "A class `Counter` in JavaScript.\n```js\nconst c = new Counter();\nc.add(2);\nc.total // -> 2\n```\n"
    found = analyse(text)
    assert (found.entry, found.is_executable) == ("Counter", True)
    (example,) = found.examples
    assert (example.steps, example.call, example.expected) == (("const c = new Counter()", "c.add(2)"), "c.total", 2)


def test_the_file_decides_the_language_and_a_conflict_is_a_finding() -> None:
    text = "Write a Python function `f(x)`.\n\nf(1) -> 2\n"
    assert analyse(text).target_language == "python"
    found = analyse(text, target_path="src/f.ts")
    assert found.target_language == "typescript"
    issue = next(one for one in found.issues if one.kind is IssueKind.LANGUAGE)
    assert issue.message == "The text asks for Python, but src/f.ts is a file of TypeScript; that counts."
    assert text[issue.span.start : issue.span.end] == "Python"
    assert analyse("In JavaScript: f(1) -> 2", target_path="f.ts").issues[0].kind is not IssueKind.LANGUAGE


@for_any(st.text(max_size=300), st.sampled_from(["x.js", "x.ts"]))
@settings(max_examples=80, deadline=None)
def test_no_text_makes_the_reader_fail(text: str, path: str) -> None:
    analyse(f"function f(a) {text} f(1) -> {text}", target_path=path)


PROGRAM = """export function f(xs, k) {
  const out = [];
  for (const x of xs) if (x > k) out.push({ x, k: (x) });
  return out;
}
"""
RENAMED = """// Other.
export function f(list, min) { const r = []
 for (const x of list) if (x > min) r.push({x, k: x})
 return r }"""


def test_the_same_program_is_recognised_whoever_wrote_it_down() -> None:
    digest = normalised_digest(PROGRAM, is_typed=False)
    assert normalised_digest(RENAMED, is_typed=False) == digest
    typed = PROGRAM.replace("(xs, k)", "(xs: number[], k: number): unknown[]")
    assert normalised_digest(typed, is_typed=True) == digest
    for change in (("x > k", "x >= k"), ("k: (x)", "j: (x)"), ("{ x,", "{ y: x,"), ("const out", "let out")):
        assert normalised_digest(PROGRAM.replace(*change), is_typed=False) != digest


def test_quotes_and_templates_are_told_apart_where_it_matters() -> None:
    assert normalised_digest("f('a')", is_typed=False) == normalised_digest('f("a");', is_typed=False)
    assert normalised_digest("f('a')", is_typed=False) != normalised_digest("f('b')", is_typed=False)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "The answer holds no code."),
        ("function g() {}", "The code does not define f at its top level."),
        ("function f( {}", "The code does not parse: line 1"),
        ("let a = '\0'", "The code holds a NUL character."),
    ],
)
def test_why_code_cannot_be_used_is_a_sentence(code: str, reason: str) -> None:
    found = unparsable(code, "f", is_typed=False)
    assert found is not None and found.reason.startswith(reason)


@pytest.mark.parametrize(
    "code",
    ["const f = () => 1;", "export default function f() {}", "class f {}", "module.exports = { f: 1 }", "exports.f = g",
     "const { f } = g", "export { g as f }", "var [a, f] = g"],
)  # fmt: skip
def test_what_a_module_defines_is_found_in_every_form(code: str) -> None:
    assert "f" in defined_names(code, is_typed=False)


def test_of_code_that_was_cut_the_whole_statements_are_kept() -> None:
    assert whole_statements("const a = 1;\nfunction f() { return a; }\nfunction g() { ret", is_typed=False) == (
        "const a = 1;\nfunction f() { return a; }"
    )


def test_definitions_are_replaced_where_they_stand_and_merging_twice_changes_nothing() -> None:
    before = (
        "import x from './x.js';\n\n// old\nexport const f = 1;\n\nconst kept = `as it\n is`;\n\nexport { kept };\n"
    )
    code = "import { y } from './y.js';\n/** New. */\nfunction f() { return g(); }\n"
    code += "function g() { return 2; }\nconsole.log(f());\n"
    merged = merge_module(before, code, names=["f"], kind="module", is_typed=False)
    assert merged == (
        "import x from './x.js';\nimport { y } from './y.js';\n\n/** New. */\nexport function f() { return g(); }\n\n"
        "const kept = `as it\n is`;\n\nfunction g() { return 2; }\n\nexport { kept };\n"
    )
    assert merge_module(merged, code, names=["f"], kind="module", is_typed=False) == merged


def test_imports_and_exports_are_written_as_the_module_does_it() -> None:
    esm = "import a, { b as c } from 'm';\nexport default function f() { return a(c); }\n"
    common = merge_module("", esm, names=["f"], kind="commonjs", is_typed=False)
    assert common == (
        "const a = require('m');\nconst { b: c } = require('m');\n\n"
        "function f() { return a(c); }\n\nmodule.exports = { f };\n"
    )
    back = merge_module("", common, names=["f"], kind="module", is_typed=False)
    assert back == "import a from 'm';\nimport { b as c } from 'm';\n\nexport function f() { return a(c); }\n"


def test_what_the_specification_names_is_exported_in_every_kind_of_module() -> None:
    code = "const help = () => 1;\nclass F {}\n"
    assert merge_module("", code, names=["F", "help"], kind="module", is_typed=False) == (
        "export const help = () => 1;\n\nexport class F {}\n"
    )
    before = "module.exports = { other };\nfunction other() {}\n"
    assert merge_module(before, code, names=["F"], kind="commonjs", is_typed=False).endswith("module.exports.F = F;\n")


@pytest.mark.parametrize(
    ("path", "files", "kind"),
    [
        ("a.mjs", {}, "module"),
        ("a.cjs", {"package.json": '{"type": "module"}'}, "commonjs"),
        ("lib/a.js", {"package.json": '{"type": "module"}'}, "module"),
        ("lib/a.js", {"package.json": '{"type": "module"}', "lib/package.json": '{"type": "commonjs"}'}, "commonjs"),
        ("a.js", {"a.js": "export const f = 1;"}, "module"),
        ("a.js", {"package.json": "[broken"}, "commonjs"),
        ("a.ts", {}, "module"),
    ],
)
def test_the_kind_of_a_module_is_what_node_takes_it_for(path: str, files: dict[str, str], kind: str) -> None:
    assert module_kind(path, files) == kind


def test_a_program_takes_along_what_it_imports_without_types() -> None:
    files = {
        "src/g.ts": "import t from './t.json' with { type: 'json' };\nexport const g = (n: number) => n + t.a;",
        "src/t.json": '{"a": 1}',
        "src/unused.ts": "export const u = 1;",
    }
    found = runnable("src/f.ts", "import { g } from './g.js';\nexport const f = (n: number): number => g(n);", files)
    assert sorted(found) == ["src/f.ts", "src/g.ts", "src/t.json"]
    assert "number" not in found["src/g.ts"][0] + found["src/f.ts"][0]
    assert found["src/t.json"][1] == "json"


def test_places_and_names_of_files_follow_the_repository() -> None:
    assert import_path("src/a/f.mjs", "tests/f.test.mjs") == "../src/a/f.mjs"
    assert import_path("f.mjs", "f.test.mjs") == "./f.mjs"
    assert modules.test_folder({"spec/a.test.js": "", "spec/b.test.js": "", "tests/c.test.js": ""}) == "spec"
    assert file_name("parsePrice2HTML", "", ".mjs") == "parse-price2-html.mjs"
    assert language_of("a.d/b.mts").name == "typescript"
    assert language_of("a.py").name == language_of("a.txt").name == "python"


SPEC = """`async function f(x: string)` in TypeScript.

- R: an empty text throws RangeError.

f('a "b"') // -> { n: [1, undefined] }
f('') throws RangeError
f('x') throws OwnError
f('half') -> 0.5
"""


def test_a_test_is_written_for_each_example() -> None:
    tests = written.tests_from_specification(analyse(SPEC, title="Effs"), "../src/f.ts")
    assert tests.startswith('// What Effs must do, example by example.\nimport assert from "node:assert/strict";\n')
    assert 'import { f } from "../src/f.ts";' in tests
    assert "  assert.deepEqual(await f('a \"b\"'), { n: [1, undefined] });\n" in tests
    assert "  await assert.rejects(async () => f(''), RangeError);\n" in tests
    assert 'if ([at.name, at.constructor?.name].includes("OwnError")) return true;' in tests
    assert "  assert.ok(Math.abs(await f('half') - 0.5) <= 1e-09);\n" in tests
    titles = written.test_titles(tests)
    assert len(titles) == 4 and titles[1].endswith("f('') throws RangeError")
    assert (
        len(written.calls_from_tests(tests, "f")) == 2
    )  # those that a reader of tests understands without running them


def test_calls_of_generated_tests_are_read() -> None:
    source = """
    test("a", () => { assert.strictEqual(f(1), 2); assert.equal(f(1), 3); assert.equal(f(1), 2); });
    it("b", () => { expect(f([1])).toEqual([1]); expect(() => f(null)).toThrow(TypeError); expect(g(1)).toBe(1); });
    """
    found = written.calls_from_tests(source, "f")
    assert [(one.call.args, one.expected.value, one.expected.raises) for one in found] == [
        (([1],), [1], None), ((None,), None, "TypeError"), ((1,), 2, None),
    ]  # fmt: skip


ANSWER = """Sure! Here it is.

```js
export function f(x) { return x; }
```

```javascript
import test from "node:test";
import { f } from "./solution.mjs";
test("f", () => {});
```

```markdown
It returns what it is given.
```
"""


def test_an_answer_is_taken_apart() -> None:
    found = JS.extract(ANSWER)
    assert found.implementation == "export function f(x) { return x; }\n"
    assert found.tests.startswith("import test") and found.documentation == "It returns what it is given."
    assert 'from "../f.mjs"' in JS.own_tests(found.tests, "f.mjs", "tests/f.test.mjs")
    mixed = JS.extract("```js\nconst f = (x) => x;\nimport test from 'node:test';\ntest('a', () => f(1));\n```")
    assert (mixed.implementation, "node:test" in mixed.tests) == ("const f = (x) => x;\n", True)
    bare = JS.extract("I think this does it:\n\nfunction f(x) {\n  return x;\n}\n\nHope it helps!")
    assert bare.implementation == "function f(x) {\n  return x;\n}\n"
    cut = JS.extract("```js\nconst a = 1;\nfunction f(x) { return x; }\nfunction g(", is_cut=True)
    assert cut.implementation == "const a = 1;\nfunction f(x) { return x; }\n"


def test_a_page_describes_the_program_and_nothing_in_it_is_markup() -> None:
    code = "/**\n * Makes *one* of two.\n * @param {string} x\n */\n"
    code += "export const f = (x) => {\n throw new RangeError(x);\n};\n"
    page = JS.document(analyse("`function f(x)` in JavaScript\n\nf(1) -> [`a`]\n", title="F"), code)
    assert "Makes \\*one\\* of two." in page and "@param" not in page
    assert "- throws `RangeError`" in page and 'f(1); // -> ["a"]' in page


def test_values_of_javascript_are_stored_compared_and_fuzzed() -> None:
    value = [Foreign("map", (("a", Foreign("set", (1, 2))), (2, UNDEFINED))), Foreign("bigint", 2**70), -0.0, math.nan]
    assert repr(decode(encode(value))) == repr(value)
    assert same(Foreign("set", (1, "a")), Foreign("set", ("a", 1)))
    assert same(Foreign("map", ((1, 0.1 + 0.2), (2, 0))), Foreign("map", ((2, 0), (1, 0.3))))
    assert not same(Foreign("bigint", 1), 1) and not same(UNDEFINED, None)
    call = CallInput((value,))
    assert repr(input_restored(input_stored(call))) == repr(call)
    assert call.text("f", JS.value).startswith('f([new Map([["a", new Set([1, 2])], [2, undefined]]), ')
    spec = analyse("`function f(m)` in JavaScript\n\nf(new Map([['a', 1]])) -> 1\nf(new Set([1, 2])) -> 2\n")
    inputs = fuzz_inputs(spec.entry_signature, spec.examples, seed=1, count=30)
    assert len(inputs) > 8 and {one.args[0].kind for one in inputs} == {"map", "set"}
    assert inputs == fuzz_inputs(spec.entry_signature, spec.examples, seed=1, count=30)


def test_constants_of_programs_are_landmarks() -> None:
    assert JS.landmarks(["if (x > 18) throw new Error('no 99');", "y === 'adult' && z < 2.5"]) == (18, 2.5, "adult")


def test_a_long_file_is_shown_in_short_with_what_is_asked_for_whole() -> None:
    long = "import a from './a.js';\n" + "".join(f"export function f{n}(x) {{\n  return {n};\n}}\n" for n in range(40))
    shown = outline(long, "f7", 150, is_typed=False)
    assert shown.startswith("import a from './a.js';\n")
    assert "export function f7(x) {\n  return 7;\n}" in shown and "function f8(x) …" in shown
    assert "more definitions were left out for length)" in shown
    names = [
        (one.qualname, one.kind, one.docstring) for one in symbols_of({"a.ts": "/** Is A. */\nexport class A {}\n"})
    ]
    assert names == [("A", "class", "Is A.")]


def test_suggestions_are_in_the_language_of_the_text() -> None:
    text = "In JavaScript, `function f(n: number): number`.\n\nf(1) // -> 0.5\nf(1) // -> undefined\nf(2) // -> 1\n"
    found = {one.kind: one for one in analyse(text).issues}
    contradictions = [one for one in analyse(text).issues if one.kind is IssueKind.CONTRADICTION]
    assert [one.suggestion for one in contradictions] == ["f(1) // -> 0.5", ": undefined"]
    assert contradictions[1].message == "f(1) gives undefined, but the signature promises number."
    assert found[IssueKind.MISSING_ERROR].suggestion == "Throws TypeError when the input is not valid."
    bare = {one.kind: one.suggestion for one in analyse("Write something in JavaScript.").issues}
    assert bare[IssueKind.NO_SIGNATURE] == "function name(value)"
    assert bare[IssueKind.NO_EXAMPLE] == "f(...) // -> ..."
    fine = analyse("In JavaScript, `function f(n: number): number`.\n\nf(1) // -> 0.5\n").issues
    assert IssueKind.CONTRADICTION not in {one.kind for one in fine}
