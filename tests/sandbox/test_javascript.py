"""JavaScript is run behind the same walls; what comes back are values, and only the code's own."""

from __future__ import annotations

import math
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.foreign import Foreign
from apps.sandbox.engine import codec
from apps.sandbox.engine.foreign import foreign_dumps, foreign_unpack
from apps.sandbox.errors import NodeUnavailable, SpecInvalid
from apps.sandbox.gateways import node as node_gateway
from apps.sandbox.services import Call, Limits, NodeModule, NodeRun, Result, Sandbox
from apps.sandbox.types import MISSING

UNDEFINED = Foreign("undefined")
HONEST = "export const f = (n) => (5 * n + 3) % 89;"
# A module of the platform hands out a way to its own world, where the process and its doors are.
ESCAPE = "import util from 'node:util';\nconst process = util.inspect.constructor('return process')();\n"
BUILTIN = ESCAPE + "const load = (name) => process.getBuiltinModule(name);\n"


def run(sandbox: Sandbox, code: str, *calls: object, call_ms: int = 1000, **limits: float) -> Result:
    given = tuple(one if isinstance(one, (Call, str)) else Call((one,)) for one in calls)
    bounds = Limits(**{"wall_s": 10.0, "cpu_s": 10, **limits})  # type: ignore[arg-type]
    return sandbox.run(NodeRun({"main.mjs": NodeModule(code)}, "main.mjs", "f", given, bounds, call_ms))


def value(sandbox: Sandbox, expression: str) -> object:
    result = run(sandbox, f"export function f() {{ return {expression}; }}", Call())
    assert len(result.values) == 1, result
    return result.values[0].error if result.values[0].ok is MISSING else result.values[0].ok


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("3", 3),
        ("3.0", 3),
        ("0.5", 0.5),
        ("2 ** 60", float(2**60)),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("undefined", UNDEFINED),
        ("null", None),
        ("true", True),
        ("'a\\u0000\\ud800'", "a\0\ud800"),
        ("[1, [2, undefined]]", [1, [2, UNDEFINED]]),
        ("[1, , 3]", [1, UNDEFINED, 3]),
        ("({ a: 1, b: { c: [] } })", {"a": 1, "b": {"c": []}}),
        ("({ $t: 'float', v: 'nan' })", {"$t": "float", "v": "nan"}),
        ("({ __proto__: null, a: 1 })", {"a": 1}),
        ("-(10n ** 20n)", Foreign("bigint", -(10**20))),
        ("new Date(5)", Foreign("date", 5)),
        ("/a+/gi", Foreign("regexp", ("a+", "gi"))),
        ("new Map([[{ a: 1 }, 'b']])", Foreign("map", (({"a": 1}, "b"),))),
        ("new Set([1, '1'])", Foreign("set", (1, "1"))),
        ("new Uint8Array([1, 255])", Foreign("Uint8Array", (1, 255))),
        ("new Float64Array([0.5])", Foreign("Float64Array", (0.5,))),
        ("new BigInt64Array([7n])", Foreign("BigInt64Array", (Foreign("bigint", 7),))),
        ("(() => { const a = []; a.push(a); return a; })()", "Unrepresentable: cyclic value"),
        ("new Proxy({}, {})", "Unrepresentable: Proxy"),
        ("() => 1", "Unrepresentable: function"),
        ("Symbol('a')", "Unrepresentable: symbol"),
        ("({ get a() { throw 1; } })", "Unrepresentable: object with accessors"),
        ("new (class Money {})()", "Unrepresentable: Money"),
        ("'a'.repeat(2 ** 21)", "Unrepresentable: value is larger than 1 MB"),
        ("new Array(2 ** 31)", "Unrepresentable: value has more than 100000 parts"),
        ("Array.from({ length: 2e5 }, () => 0)", "Unrepresentable: value has more than 100000 parts"),
    ],
)
def test_values_keep_what_they_are(accelerated_sandbox: Sandbox, expression: str, expected: object) -> None:
    assert value(accelerated_sandbox, expression) == expected


def test_a_negative_zero_and_nan_stay_what_they_are(accelerated_sandbox: Sandbox) -> None:
    zero, nan = value(accelerated_sandbox, "-0"), value(accelerated_sandbox, "NaN")
    assert isinstance(zero, float) and math.copysign(1, zero) < 0
    assert isinstance(nan, float) and math.isnan(nan)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("throw new RangeError('no')", "RangeError: no"),
        ("class Refused extends Error {} throw new Refused('why')", "Refused: why"),
        ("const e = new Error('x'); e.name = 'Named'; throw e", "Named: x"),
        ("throw 'text'", "NonError: text"),
        ("throw null", "NonError: null"),
        ("null.x", "TypeError: Cannot read properties of null (reading 'x')"),
        ("throw new Proxy({}, { get() { while (true); } })", "Proxy: <no message>"),
        ("throw { get message() { while (true); }, get name() { while (true); } }", "Object: <no message>"),
    ],
)
def test_errors_come_by_their_type(accelerated_sandbox: Sandbox, statement: str, expected: str) -> None:
    (found,) = run(accelerated_sandbox, f"export function f() {{ {statement} }}", Call()).values
    assert found.error == expected


def test_what_a_module_throws_while_it_is_loaded_is_not_looked_at(accelerated_sandbox: Sandbox) -> None:
    trap = "throw new Proxy({}, { get() { while (true); }, getPrototypeOf() { while (true); } });"
    (found,) = run(accelerated_sandbox, f"{trap} export const f = 1;", Call()).values
    assert found.error == "Proxy: <no message>"
    old = NodeRun({"m.cjs": NodeModule(trap, "commonjs")}, "m.cjs", "f", (Call(),))
    assert [one.error for one in accelerated_sandbox.run(old).values] == ["Proxy: <no message>"]


def test_each_call_has_a_world_of_its_own(sandbox: Sandbox) -> None:
    code = (
        "let n = 0; export function f() { Array.prototype.n = (Array.prototype.n ?? 0) + 1; n += 1; return [].n + n; }"
    )
    assert [one.ok for one in run(sandbox, code, Call(), Call(), Call()).values] == [2, 2, 2]


def test_what_a_call_does_to_its_arguments_is_seen(accelerated_sandbox: Sandbox) -> None:
    code = "export function f(a) { a.sort(); return a.length; }"
    changed, same = run(accelerated_sandbox, code, [3, 1], [1, 3]).values
    assert (changed.ok, changed.mutated) == (2, ([1, 3],))
    assert (same.ok, same.mutated) == (2, None)


def test_arguments_arrive_as_what_they_are(accelerated_sandbox: Sandbox) -> None:
    given = [UNDEFINED, Foreign("bigint", -255), Foreign("date", 7), Foreign("map", (("a", 1),)), Foreign("set", (1,))]
    given += [math.nan, -0.0, {"$t": "x", "__proto__": 1}, Foreign("Uint8Array", (1,)), Foreign("regexp", ("a", "g"))]
    (found,) = run(accelerated_sandbox, "export const f = (...all) => all;", Call(tuple(given))).values
    assert repr(found.ok) == repr(given)


def test_a_slow_call_is_told_from_a_wrong_one_and_the_others_go_on(accelerated_sandbox: Sandbox) -> None:
    code = "export function f(n) { if (n === 2) while (true); return n; }"
    values = run(accelerated_sandbox, code, 1, 2, 3, call_ms=200).values
    assert [one.timed_out for one in values] == [False, True, False]
    assert values[2].ok == 3


@pytest.mark.parametrize(
    "body",
    [
        "while (true);",
        "const go = () => Promise.resolve().then(go); go();",
        "return /^(a+)+$/.test('a'.repeat(60) + 'b');",
        "setInterval(() => { for (const end = Date.now() + 50; Date.now() < end;); }, 1); return new Promise(() => 1);",
    ],
)
def test_whatever_never_ends_is_ended(accelerated_sandbox: Sandbox, body: str) -> None:
    assert run(accelerated_sandbox, f"export function f() {{ {body} }}", Call(), call_ms=200).values[0].timed_out


def test_a_module_that_never_ends_loading_is_ended(accelerated_sandbox: Sandbox) -> None:
    result = run(accelerated_sandbox, "while (true); export const f = 1;", Call(), Call(), Call(), call_ms=200)
    assert [one.timed_out for one in result.values] == [True, True]  # twice is enough to know


def test_promises_and_timers_need_no_waiting(accelerated_sandbox: Sandbox) -> None:
    code = """
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    export async function f(n) { await sleep(60_000); if (n < 0) throw new RangeError("below"); return n; }
    """
    fine, failed = run(accelerated_sandbox, code, 1, -1).values
    assert (fine.ok, failed.error) == (1, "RangeError: below")
    (never,) = run(accelerated_sandbox, "export const f = () => new Promise(() => {});", Call()).values
    assert never.error == "Unsettled: the promise is never settled"


def test_a_session_is_judged_by_its_last_expression(accelerated_sandbox: Sandbox) -> None:
    code = "export class f { total = 0; add(n) { this.total += n; return this; } }"
    assert run(accelerated_sandbox, code, "const c = new f(); c.add(2).add(3); c.total").values[0].ok == 5


def test_neighbours_are_imported_in_both_styles(accelerated_sandbox: Sandbox) -> None:
    modules = {
        "src/main.mjs": NodeModule("import { g } from './old.cjs'; import t from './t.json' with { type: 'json' };"
                                   "export const f = (n) => g(n) + t.more;"),
        "src/old.cjs": NodeModule("const { two } = require('../lib'); exports.g = (n) => n * two;", "commonjs"),
        "lib/index.js": NodeModule("module.exports = { two: 2 };", "commonjs"),
        "src/t.json": NodeModule('{"more": 1}', "json"),
    }  # fmt: skip
    result = accelerated_sandbox.run(NodeRun(modules, "src/main.mjs", "f", (Call((3,)),)))
    assert [one.ok for one in result.values] == [7]


@pytest.mark.parametrize("name", ["f", "default", "whole"])
def test_commonjs_exports_its_entry_in_the_usual_ways(accelerated_sandbox: Sandbox, name: str) -> None:
    code = {
        "f": "exports.f = (n) => n;",
        "default": "exports.default = (n) => n;",
        "whole": "module.exports = (n) => n;",
    }
    run_of = NodeRun({"m.cjs": NodeModule(code[name], "commonjs")}, "m.cjs", "f", (Call((4,)),))
    assert [one.ok for one in accelerated_sandbox.run(run_of).values] == [4]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("export function f( {", "SyntaxError: "),
        ("export const g = 1;", "The code exports no function f."),
        ("import fs from 'node:fs'; export const f = () => 1;", "The code imports node:fs, which is not there"),
        ("import x from 'left-pad'; export const f = () => 1;", "The code imports left-pad, which is not there"),
    ],
)
def test_code_that_cannot_be_run_is_refused_with_a_sentence(
    accelerated_sandbox: Sandbox, code: str, reason: str
) -> None:
    assert run(accelerated_sandbox, code, Call()).refused.startswith(reason)


# ---- attacks: each tries in the world of the platform, not only in its own -----------------------------------------


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("canary")
    return path


ESCAPES = {
    "read a file of the host": "return load('fs').readFileSync(at, 'utf8');",
    "read a file of the system": "return load('fs').readFileSync('/etc/passwd', 'utf8');",
    "list the root": "return load('fs').readdirSync('/');",
    "write into its folder": "load('fs').writeFileSync('x', 'x'); return 'written';",
    "write to the runtime": "load('fs').writeFileSync('/usr/x', 'x'); return 'written';",
    "start a process": "const r = load('child_process').spawnSync('/usr/bin/env'); if (!r.error) return r;",
    "start a thread": "new (load('worker_threads').Worker)('1', { eval: true }); return 'started';",
    "signal everybody": "process.kill(-1, 'SIGKILL'); return 'sent';",
    "signal its parent": "process.kill(1, 'SIGKILL'); return process.kill(1, 0) ? undefined : 'gone';",
    "load machine code": "process.dlopen({ exports: {} }, '/usr/lib/x86_64-linux-gnu/libc.so.6'); return 'loaded';",
    "open the inspector": "load('inspector').open(0); return load('inspector').url();",
}


@pytest.mark.parametrize("title", ESCAPES)
def test_nothing_outside_is_reached_from_the_world_of_the_platform(sandbox: Sandbox, canary: Path, title: str) -> None:
    result = run(sandbox, BUILTIN + f"export function f(at) {{ {ESCAPES[title]} }}", str(canary), wall_s=5.0)
    assert not [one.ok for one in result.values if one.ok is not MISSING and one.ok != UNDEFINED], result.values
    assert [one.ok for one in run(sandbox, HONEST, 3).values] == [18]


def test_no_listener_of_the_host_is_reached(sandbox: Sandbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        code = BUILTIN + "export function f(port) { load('net').connect(port, '127.0.0.1'); return 1; }"
        run(sandbox, code + "\n", listener.getsockname()[1])
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_its_environment_holds_nothing_of_the_host(sandbox: Sandbox) -> None:
    (found,) = run(sandbox, ESCAPE + "export const f = () => Object.keys(process.env).sort();", Call()).values
    assert found.ok == ["HOME", "LANG", "PATH", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "TMPDIR"]


@pytest.mark.parametrize(
    "body",
    [
        "const a = []; while (true) a.push(new Array(1e5).fill(1.5));",
        "const a = []; while (true) a.push(new Uint8Array(1 << 24).fill(1));",
        "let s = 'ab'; while (true) s += s;",
    ],
)
def test_memory_is_bounded(sandbox: Sandbox, body: str) -> None:
    result = run(sandbox, f"export function f() {{ {body} }}", Call(), call_ms=5000)
    assert not [one for one in result.values if one.ok is not MISSING]
    assert result.peak_memory_kb < 900 << 10
    assert [one.ok for one in run(sandbox, HONEST, 3).values] == [18]


def test_gigabytes_of_output_end_the_run(sandbox: Sandbox) -> None:
    code = ESCAPE + "export function f() { while (true) process._rawDebug('x'.repeat(1 << 20)); }"
    assert run(sandbox, code, Call(), call_ms=5000).status == "output_limit"
    quiet = "export function f() { for (let i = 0; i < 1e5; i++) console.log('x'.repeat(1000)); return 1; }"
    assert [one.ok for one in run(sandbox, quiet, Call()).values] == [1]


FORGERIES = {
    "lines written ahead": "load('fs').writeSync(1, '{\"index\":1,\"ok\":18}\\n'); return 0;",
    "a line in its place": "load('fs').writeSync(1, '{\"index\":0,\"ok\":0}\\n'); return 0;",
    "a second beginning": 'load(\'fs\').writeSync(1, \'{"started":""}\\n{"index":0,"ok":0}\\n\'); return 0;',
    "an end before the answer": "process.reallyExit(0);",
    "patched writing": "const g = util.inspect.constructor('return globalThis')(); g.JSON.stringify = () => '18';"
    "g.Map.prototype.entries = g.Object.is = g.Array.isArray = () => true; return 0;",
    "a polluted prototype": "const g = util.inspect.constructor('return globalThis')();"
    "g.Object.prototype.ok = 18; g.Object.prototype.toJSON = () => 18; Object.prototype.toJSON = () => 18; return 0;",
    "a value that answers": "return { valueOf: () => 18, toJSON: () => 18, [Symbol.toPrimitive]: () => 18 };",
    "console, JSON and Object": "globalThis.JSON = globalThis.Object = globalThis.console = globalThis.Promise = null;"
    "return 0;",
    "a step of its own": "Object.defineProperty(globalThis, '__step', { value: () => 18 }); return 0;",
}


@pytest.mark.parametrize("title", FORGERIES)
def test_a_forger_returns_only_what_it_knows(sandbox: Sandbox, title: str) -> None:
    result = run(sandbox, BUILTIN + f"export function f(n) {{ {FORGERIES[title]} }}", 3, 10, wall_s=5.0)
    assert [one.ok for one in result.values] != [18, 53]
    assert [one.ok for one in run(sandbox, HONEST, 3, 10).values] == [18, 53]


# ---- the text between the two ---------------------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text()
    | st.builds(Foreign, st.just("bigint"), st.integers())
    | st.just(UNDEFINED),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    | st.builds(lambda items: Foreign("set", tuple(items)), st.lists(inner, max_size=3))
    | st.builds(lambda items: Foreign("map", tuple(items)), st.lists(st.tuples(inner, inner), max_size=3)),
    max_leaves=12,
)  # fmt: skip


@given(plain)
@settings(max_examples=200, deadline=None)
def test_a_value_survives_the_way_and_back(value: object) -> None:
    found, parts = foreign_unpack(codec.parse(foreign_dumps(value)))
    assert repr(found) == repr(value)
    assert parts >= 1


@pytest.mark.parametrize(
    "text",
    [
        '{"$t":"nothing","v":1}', '{"$t":"bigint","v":"x"}', '{"$t":"map","v":[[1]]}', '{"$t":"typed","v":["Foo",[]]}',
        '{"$t":"dict","v":[["a",1],["a",2]]}', '{"$t":"date","v":true}', '{"$t":"regexp","v":["a"]}', '1e999',
        '{"$t":"undefined","v":1}', '9007199254740993',
    ],
)  # fmt: skip
def test_what_the_harness_never_writes_is_not_read(text: str) -> None:
    with pytest.raises(codec.Malformed):
        foreign_unpack(codec.parse(text))


def test_what_javascript_has_no_form_for_is_not_sent() -> None:
    with pytest.raises(SpecInvalid, match="by name"):
        node_gateway.node_command(NodeRun({"m.mjs": NodeModule("")}, "m.mjs", "f", (Call((), {"a": 1}),)), "20.1.0")
    with pytest.raises(SpecInvalid, match="cannot be passed"):
        node_gateway.node_command(NodeRun({"m.mjs": NodeModule("")}, "m.mjs", "f", (Call((1j,)),)), "20.1.0")


def test_without_node_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sandbox.gateways.runtime.node_find", lambda *_: None)
    sandbox = Sandbox.open(workers=1)
    with pytest.raises(NodeUnavailable, match="no node on this machine") as refused:
        run(sandbox, HONEST, 1)
    assert "Node.js 20" in refused.value.remedy


def test_a_node_that_lies_outside_of_what_is_seen_is_shown_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accelerated_sandbox: Sandbox
) -> None:
    known = accelerated_sandbox.runtime.node
    assert known is not None
    outside = tmp_path / "node"
    shutil.copy(known.path, outside)
    monkeypatch.setattr(node_gateway, "_of_the_wheel", lambda: str(outside))
    sandbox = Sandbox.open(workers=1)
    try:
        assert sandbox.runtime.node is not None and sandbox.runtime.node.is_bound
        assert [one.ok for one in run(sandbox, HONEST, 3).values] == [18]
        listed = run(sandbox, BUILTIN + "export const f = (at) => load('fs').existsSync(at);", str(tmp_path)).values
        assert [one.ok is True for one in listed] == [False]  # no, or not even told
    finally:
        sandbox.close()


def test_an_old_node_is_not_used(tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.19.0\n")
    old.chmod(0o755)
    problem = node_gateway.node_problem(node_gateway.Node(str(old), "/x"))
    assert "version 18.19.0; JavaScript and TypeScript need 20" in problem


@pytest.mark.parametrize(
    ("thrown", "error", "bases"),
    [
        ("new RangeError('x')", "RangeError: x", ("Error",)),
        ("new (class Small extends RangeError {})('x')", "Small: x", ("RangeError", "Error")),
        ("Object.assign(new (class E1 extends Error {})(), { name: 'Known' })", "E1: ", ("Error", "Known")),
        ("Object.assign(new Error(), { name: 'TypeError' })", "TypeError: ", ("Error",)),
        ("Object.assign(new (class Odd extends Error {})(), { name: 'TypeError' })", "Odd: ", ("Error",)),
        ("new Proxy(new RangeError('x'), {})", "Proxy: <no message>", ()),
        ("Object.create(new Proxy(Error.prototype, {}))", "Object: <no message>", ()),
        ("'text'", "NonError: text", ()),
        ("null", "NonError: null", ()),
    ],
)
def test_what_is_thrown_comes_with_what_it_is_an_instance_of(
    sandbox: Sandbox, thrown: str, error: str, bases: tuple[str, ...]
) -> None:
    found = run(sandbox, f"export function f() {{ throw {thrown}; }}", Call()).values[0]
    assert (found.error, found.bases) == (error, bases)


def test_the_kinds_of_an_error_are_bounded(sandbox: Sandbox) -> None:
    code = (
        "let Deep = Error;\nfor (let n = 0; n < 100; n++) Deep = { [`Deep${n}`]: class extends Deep {} }[`Deep${n}`];\n"
        "export function f() { throw new Deep(); }"
    )
    found = run(sandbox, code, Call()).values[0]
    assert found.bases[:2] == ("Deep98", "Deep97") and len(found.bases) == 16
