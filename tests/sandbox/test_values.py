"""Functions: values come back, and what the code does to its own process cannot make a wrong one right."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from apps.sandbox.services import (
    MISSING,
    Call,
    CommandRun,
    FunctionRun,
    Limits,
    Result,
    Sandbox,
    ScriptRun,
    SpecInvalid,
    Value,
)

Run = Callable[..., Result]


def test_a_function_returns_one_value_for_each_call(function: Run) -> None:
    result = function("def f(x, y): return (x, {y: b'z'})", (1, 2), ("a", (3,)))
    assert result.status == "exit"
    assert result.returncode == 0
    assert result.values == (Value(ok=(1, {2: b"z"})), Value(ok=("a", {(3,): b"z"})))
    assert result.trust == "values"
    assert result.wall_ms > 0 and result.cpu_ms > 0 and result.peak_memory_kb > 0


def test_an_exception_is_a_value_and_the_next_call_goes_on(function: Run) -> None:
    result = function("def f(x): return 1 // x", (0,), (1,))
    assert [value.error for value in result.values] == ["ZeroDivisionError: integer division or modulo by zero", None]
    assert result.values[0].ok is MISSING
    assert result.values[1].ok == 1


KINDS = """
class Named(type):
    __mro__ = ()
    def __getattribute__(cls, name): raise RuntimeError("nobody looks")
class Mixin: pass
class Wrong(Mixin, KeyError, metaclass=Named): pass
class Worse(Wrong): pass
deep = ValueError
for n in range(40): deep = type(f"Deep{n}", (deep,), {})
def f(error): raise {"wrong": Worse, "deep": deep, "end": SystemExit, "plain": Exception}[error]()
"""


def test_an_exception_comes_with_what_it_is_a_kind_of(function: Run) -> None:
    result = function(KINDS, ("wrong",), ("plain",), ("end",))
    assert [value.bases for value in result.values] == [("Wrong", "KeyError", "LookupError", "Exception"), (), ()]


def test_the_kinds_of_an_exception_are_bounded(function: Run) -> None:
    bases = function(KINDS, ("deep",)).values[0].bases
    assert bases[:2] == ("Deep38", "Deep37") and len(bases) == 16


def test_a_value_that_cannot_be_passed_on_is_no_kind_of_exception(function: Run) -> None:
    assert function("def f(): return object()", ()).values == (Value(error="Unrepresentable: object"),)


def test_leaving_with_an_exit_status_is_an_error_of_the_call(function: Run) -> None:
    assert function("import sys\ndef f(): sys.exit(0)", ()).values == (Value(error="SystemExit: 0"),)


def test_changed_arguments_come_back(function: Run) -> None:
    result = function("def f(x): x.sort()", ([3, 1, 2],), ([1, 2],))
    assert result.values == (Value(ok=None, mutated=([1, 2, 3],)), Value(ok=None))


def test_keyword_arguments_are_passed_and_come_back_last(sandbox: Sandbox) -> None:
    call = Call((1,), {"into": []})
    result = sandbox.run(FunctionRun("def f(x, *, into): into.append(x); return x", "f", (call,)))
    assert result.values == (Value(ok=1, mutated=(1, {"into": [1]})),)


def test_calls_do_not_share_their_arguments(function: Run) -> None:
    shared: list[int] = []
    result = function("def f(x): x.append(1); return len(x)", (shared,), (shared,))
    assert [value.ok for value in result.values] == [1, 1]


def test_setup_is_loaded_before_the_code_in_the_same_module(function: Run) -> None:
    assert function("def f(): return base + 1", (), setup="base = 41").values == (Value(ok=42),)


def test_what_is_printed_is_output_and_no_value(function: Run) -> None:
    result = function('def f(): print(\'{"index":0,"ok":42}\')', ())
    assert result.values == (Value(ok=None),)
    assert result.stdout == '{"index":0,"ok":42}\n'


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ("type('E', (int,), {'__eq__': lambda s, o: True, '__hash__': int.__hash__})(1)", "Unrepresentable: E"),
        ("type('L', (list,), {'__eq__': lambda s, o: True})()", "Unrepresentable: L"),
        ("object()", "Unrepresentable: object"),
        ("[lambda: 0]", "Unrepresentable: function"),
        ("'x' * (2 << 20)", "Unrepresentable: value is larger than 1 MB"),
    ],
)
def test_a_value_of_another_type_is_an_error(function: Run, returned: str, error: str) -> None:
    assert function(f"def f(): return {returned}", ()).values == (Value(error=error),)


def test_patched_builtins_and_json_do_not_change_what_comes_back(function: Run) -> None:
    code = """
import builtins, json, json.encoder, os, sys
for name in ("type", "len", "sorted", "repr", "str", "isinstance", "list", "sum", "all", "any", "callable"):
    setattr(builtins, name, lambda *a, **k: 42)
json.dumps = json.loads = json.encoder.encode_basestring_ascii = lambda *a, **k: "42"
sys.stdout = sys.stderr = None
def f(x): return [x, (0,)]
"""
    assert function(code, (7,)).values == (Value(ok=[7, (0,)]),)


@pytest.mark.parametrize(
    "line",
    [
        '["ok", "true"]',
        '{"index":0,"ok":1,"error":"x"}',
        '{"index":5,"ok":1}',
        '{"index":0,"ok":NaN}',
        '{"index":0,"ok":{"$t":"code","v":""}}',
        '{"index":1,"ok":' + "[" * 66 + "]" * 66 + "}",
        '{"index":1,"error":"' + "x" * 9000 + '"}',
        '{"index":1,"ok":1,"mutated":[]}',
        '{"index":1,"ok":1,"bases":[]}',
        '{"index":1,"error":"E","bases":"Exception"}',
        '{"index":1,"error":"E","bases":[1]}',
        '{"index":1,"error":"E","bases":["' + "x" * 201 + '"]}',
        '{"index":1,"error":"E","bases":[' + '"x",' * 16 + '"x"]}',
        "\\xff\\xfe",
        "",
    ],
)
def test_a_forged_line_ends_what_is_believed(function: Run, line: str) -> None:
    code = f"""
import os
def f(x):
    if x == 1:
        os.write(3, {line!r}.encode() + b"\\n")
    return x
"""
    result = function(code, (0,), (1,), (2,))
    assert result.values == (Value(ok=0),)


def test_a_forged_value_beyond_the_bounds_is_not_believed(function: Run) -> None:
    code = "import os\ndef f(): os.write(3, b'{\"index\":0,\"ok\":[' + b'0,' * 200_000 + b'0]}\\n')"
    assert function(code, ()).values == ()


WRITE = """
import os
def write(data):
    while data: data = data[os.write(3, data):]
"""


@pytest.mark.parametrize(
    "line",
    [
        """b'{"index":0,"ok":[' + b'[],' * 4_000_000 + b'0]}'""",
        """b'{"index":0,"ok":' + b' ' * 4_000_000 + b'0}'""",
        """b'{"index":0,"ok":{"$t":"set","v":[' + b','.join(b'%d' % (n * (2**61 - 1)) for n in range(9999)) + b']}}'""",
        """b'\\n' * 10_000_000""",
    ],
)
def test_a_line_made_to_be_slow_to_read_is_not_read(function: Run, line: str) -> None:
    started = time.monotonic()
    result = function(WRITE + f"def f(): write({line} + b'\\n')", ())
    assert result.values == ()
    assert time.monotonic() - started < 5


def test_the_values_of_a_run_are_bounded_together(function: Run) -> None:
    code = WRITE + "def f():\n    for n in range(99): write(b'{\"index\":%d,\"ok\":[' % n + b'0,' * 50_000 + b'0]}\\n')"
    result = function(code, *[()] * 99)
    assert (result.status, len(result.values)) == ("output_limit", 19)


def test_a_forged_refusal_shows_no_text_of_the_code(function: Run) -> None:
    line = "b'{\"missing\":\"' + b'x' * 5_000_000 + b'\"}\\n'"
    result = function(WRITE + f"write({line})\ndef f(): return 1", ())
    assert (result.status, result.refused, result.values) == ("exit", "", ())
    result = function(WRITE + 'write(b\'{"missing":""}\\n\')\ndef f(): return 1', ())
    assert (result.status, result.refused) == ("infra", "The code defines no function f.")


def test_closing_the_values_pipe_or_breaking_the_runner_loses_values_and_nothing_else(function: Run) -> None:
    assert function("import os\ndef f(): os.close(3)", ()).values == ()
    result = function("import sys\ndef f(): sys.setrecursionlimit(20); return 1", ())
    assert result.status == "exit"
    assert function("def f(): return 1", ()).values == (Value(ok=1),)


def test_values_written_ahead_of_the_calls_do_not_add_up_to_more_than_the_calls(function: Run) -> None:
    code = """
import os
for i in range(9):
    os.write(3, b'{"index":%d,"ok":1}\\n' % i)
def f(): return 2
"""
    assert function(code, (), ()).values == ()


def test_a_forged_refusal_is_not_believed_once_the_code_runs(function: Run) -> None:
    code = 'import os\nos.write(3, b\'{"refused":"x"}\\n\'); os.write(3, b\'{"setup":"x"}\\n\')\ndef f(): return 1'
    result = function(code, ())
    assert result.status == "exit"
    assert result.values == ()


def test_leaving_early_keeps_the_values_so_far_and_invents_none(function: Run) -> None:
    result = function("import os\ndef f(x):\n    if x: os._exit(0)\n    return 5", (0,), (1,), (0,))
    assert (result.status, result.returncode) == ("exit", 0)
    assert result.values == (Value(ok=5),)


def test_a_burnt_second_shows_although_the_clock_inside_is_patched(function: Run) -> None:
    code = """
import time
end = time.monotonic() + 0.5
real = time.monotonic
time.monotonic = time.time = time.perf_counter = lambda: 0
def f():
    while real() < end: pass
"""
    assert function(code, ()).wall_ms > 400


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(:", "SyntaxError"),
        ("\0", "null bytes"),
        ("x = 1", "The code defines no function f."),
        ("f = 3", "The code defines no function f."),
        ("(" * 10_000, "SyntaxError"),
        ("x = " + "-" * 200_000 + "1", "Error"),
    ],
)
def test_code_that_cannot_be_called_is_refused_with_the_reason(function: Run, code: str, reason: str) -> None:
    result = function(code, ())
    assert result.status in ("infra", "signal")
    if result.status == "infra":
        assert reason in result.refused
        assert result.stderr == result.refused


def test_code_that_fails_while_loading_shows_its_own_lines(function: Run) -> None:
    result = function("x = 1\nx / 0\ndef f(): pass", ())
    assert (result.status, result.returncode, result.values) == ("exit", 1, ())
    assert 'File "main.py", line 2' in result.stderr
    assert "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize(
    "limits",
    [
        {"wall_s": 0},
        {"wall_s": float("nan")},
        {"wall_s": 1e9},
        {"memory_mb": -1},
        {"memory_mb": "512"},
        {"processes": True},
        {"files": 1.5},
    ],
)
def test_impossible_limits_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(SpecInvalid, match=next(iter(limits))):
        Limits(**limits)  # type: ignore[arg-type]


def test_what_cannot_be_meant_is_refused_before_anything_runs(sandbox: Sandbox) -> None:
    with pytest.raises(SpecInvalid, match="MB"):
        ScriptRun("#" * (10 << 20))
    with pytest.raises(SpecInvalid, match="not the name of a function"):
        FunctionRun("", "a.b", ())
    with pytest.raises(SpecInvalid, match="argument"):
        sandbox.run(FunctionRun("def f(x): pass", "f", (Call((object(),)),)))
    for name in ("/etc/passwd", "../x", "a/../b", "", "a//b", "a\0b", "\ud800"):
        with pytest.raises(SpecInvalid):
            CommandRun(("true",), files={name: b""})
        with pytest.raises(SpecInvalid):
            CommandRun(("true",), collect=(name,))
    with pytest.raises(SpecInvalid):
        CommandRun(())


def test_a_script_reads_its_input_and_says_how_it_ended(script: Run) -> None:
    result = script("import sys\nprint(sys.stdin.read().upper())\nsys.exit(3)", stdin="grüezi")
    assert (result.status, result.returncode, result.stdout) == ("exit", 3, "GRÜEZI\n")
    assert result.trust == "output"


def test_a_script_is_main_and_runs_its_exit_functions(script: Run) -> None:
    code = "import atexit, threading, time\natexit.register(print, 'bye')\nprint(__name__)\n"
    code += "threading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()"
    assert script(code).stdout == "__main__\nthread\nbye\n"


def test_threads_and_an_event_loop_work(script: Run) -> None:
    code = "import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n    print('ok')\nasyncio.run(main())"
    assert script(code).stdout == "ok\n"


def test_equal_arguments_are_not_one_object(function: Run) -> None:
    shared = [1]
    result = function("def f(x, y): x.append(2); return y, x is y", (shared, shared))
    assert result.values[0].ok == ([1], False)


def test_code_that_alone_is_more_than_the_memory_limit_is_refused(script: Run) -> None:
    result = script("x = '" + "\U0001f40d" * 4_000_000 + "'", memory_mb=64)
    assert (result.status, result.refused.partition(":")[0]) == ("infra", "MemoryError")
