"""
Inside: runs one snippet, a script or the calls of a function, and hands back values.

The untrusted code shares this process. Whatever it does to it, it can only change what *it* returns: the first line
on the values pipe is written before it starts, and no line is a verdict.
"""

from __future__ import annotations

import _thread
import atexit
import builtins
import contextlib
import gc
import io
import linecache
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any, NoReturn

from apps.sandbox.engine import codec, confine

FILE_NAME = "main.py"
ONLY_FOR_THE_START = ("PYTHONHASHSEED", "LD_BIND_NOW")
MAX_ERROR = 2000
MAX_BASES = 16
MAX_MRO = 64
OUT_OF_MEMORY = 137
REHEARSAL = {
    "setup": "",
    "code": "def f(x, *rest):\n    if rest: return [x, rest]\n    raise ValueError(x)",
    "entry": "f",
    "calls": [((1, "a", 0.5), {}), (([1, 2], {"a": (True, None)}), {}), ((), {"x": 1})],
}
REHEARSALS = 16  # the interpreter adapts its bytecode after eight calls
IMMUTABLE = frozenset({int, float, complex, bool, str, bytes, type(None)})

# Functions below look names up in this copy: code that patches the builtins does not reach them.
globals()["__builtins__"] = dict(vars(builtins))

Call = tuple[tuple[Any, ...], dict[str, Any]]
_write = os.write
_exit = os._exit
_quote = encode_basestring_ascii
_dumps = codec.dumps
_type_name = codec.type_name
_raw_mro = type.__dict__["__mro__"].__get__
_threads_alive = _thread._count
_exit_functions = atexit._ncallbacks


def prepare() -> None:
    """Do in the zygote, once, what every run would otherwise repeat: streams, traceback machinery, names."""
    stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - it outlives the function
    sys.stdin = sys.__stdin__ = stdin  # type: ignore[misc]  # final for all but an interpreter, which this stands for
    sys.stdout = sys.__stdout__ = _stream(1)  # type: ignore[misc]  # as above
    sys.stderr = sys.__stderr__ = _stream(2)  # type: ignore[misc]  # as above
    traceback.format_exception(KeyError("warm"))
    sys.argv = sys.orig_argv = [FILE_NAME]
    for name in ONLY_FOR_THE_START:
        os.environ.pop(name, None)
    sys.path_importer_cache.pop(sys.path.pop(0), None)  # where our own modules came from
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in sys.modules if name.split(".")[0] == "apps"]:
        del sys.modules[name]


def rehearse() -> None:
    """
    Go once through what a run does, with our own code, so that a run finds the interpreter warm.

    What is made at first use, and the interpreter's notes on its own bytecode, then lie in pages that runs share.
    The descriptors 3 and 4 must be free.
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, confine.VALUES_FD)
    fd = os.memfd_create("spec")
    os.write(fd, confine.spec_pack(confine.Caps(*[0] * len(confine.Caps._fields)), REHEARSAL))
    os.dup2(fd, confine.SPEC_FD)
    for _ in range(REHEARSALS):
        _function(confine.spec_read(confine.SPEC_FD)[0])
        _execute(compile("print(1)", FILE_NAME, "exec", dont_inherit=True), _namespace(), "")
        _flush(0)
    for held in {nothing, fd, confine.VALUES_FD, confine.SPEC_FD}:
        os.close(held)
    del sys.modules["__main__"]


def _stream(fd: int) -> io.TextIOWrapper:
    raw = io.FileIO(fd, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=fd == 2)


def run() -> NoReturn:
    """Become the run, behind all walls already: never returns."""
    try:
        spec, _ = confine.spec_read(confine.SPEC_FD)
        os.close(confine.SPEC_FD)
    except MemoryError:
        _write(confine.VALUES_FD, say("refused", "MemoryError: the code alone is more than the memory limit."))
        _exit(1)
    except BaseException as error:  # noqa: BLE001 - reported outside as a failure of the sandbox, then the process ends
        setup_failed(confine.VALUES_FD, error)
    gc.enable()
    status = 1
    try:
        status = _function(spec) if spec["entry"] is not None else _script(spec)
    finally:
        _exit(status)  # whatever the code did to this process, it must not return into the fork server


def setup_failed(values_fd: int, error: BaseException) -> NoReturn:
    """Report a run that could not be begun."""
    _write(values_fd, say("setup", f"{type(error).__name__}: {error}"))
    _exit(1)


def say(key: str, text: str) -> bytes:
    return b'{"' + key.encode() + b'":' + _quote(text[:MAX_ERROR]).encode() + b"}\n"


def _compile(spec: dict[str, Any], name: str, key: str) -> types.CodeType | None:
    """Compile, or report why not and return None; nothing untrusted has run yet."""
    try:
        return compile(spec[key], name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        _write(3, say("refused", f"{type(error).__name__}: {error}"))
        return None


def _namespace() -> dict[str, Any]:
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins  # the shared ones: patching them is the code's own business
    sys.modules["__main__"] = module
    return module.__dict__


def _script(spec: dict[str, Any]) -> int:
    code = _compile(spec, FILE_NAME, "code")
    if code is None:
        return 1
    _write(3, say("started", ""))
    os.close(3)
    status = _execute(code, _namespace(), spec["code"])
    _wait_for_what_it_left()
    return _flush(status)


def _wait_for_what_it_left() -> None:
    """Do what the interpreter itself does at its end: join threads, call what was registered with atexit."""
    try:
        if _threads_alive():
            threading._shutdown()  # type: ignore[attr-defined]  # the interpreter's own, untyped
        if _exit_functions():
            atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001, S110 - the status of the code itself stands
        pass


def _execute(code: types.CodeType, namespace: dict[str, Any], source: str) -> int:
    """Run module code as the interpreter would, and return its exit status."""
    try:
        exec(code, namespace)  # noqa: S102 - running it is what this process is for
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        with contextlib.suppress(BaseException):
            sys.stderr.write(f"{error.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001 - the interpreter's own end of the line
        _report(error, source)
        return OUT_OF_MEMORY if isinstance(error, MemoryError) else 1
    return 0


def _report(error: BaseException, source: str) -> None:
    with contextlib.suppress(BaseException):
        linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(keepends=True), FILE_NAME)
        below = error.__traceback__.tb_next if error.__traceback__ else None
        sys.stderr.write("".join(traceback.format_exception(type(error), error, below)))


def _flush(status: int) -> int:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001 - the stream may be anything by now
            status = status or 120
    return status


def _function(spec: dict[str, Any]) -> int:
    setup, code = _compile(spec, "setup.py", "setup"), _compile(spec, FILE_NAME, "code")
    if setup is None or code is None:
        return 1
    calls: list[Call] = spec["calls"]
    _write(3, say("started", ""))
    namespace = _namespace()
    status = _execute(setup, namespace, spec["setup"]) or _execute(code, namespace, spec["code"])
    if status:
        return _flush(status)
    entry = namespace.get(spec["entry"])
    if not callable(entry):
        _write(3, say("missing", ""))
        return _flush(1)
    for index, (arguments, keywords) in enumerate(calls):
        _put(_call(index, entry, arguments, keywords))
    return _flush(0)


def _call(index: int, entry: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
    given: tuple[Any, ...] = (*arguments, keywords) if keywords else arguments
    before = None if all(type(value) in IMMUTABLE for value in given) else _dumps(given)
    try:
        line = '"ok":' + _dumps(entry(*arguments, **keywords))
    except BaseException as error:  # noqa: BLE001 - whatever it raises is the value of the call
        line = _failure(error)
    if before is not None:
        try:
            after = _dumps(given)
        except BaseException as error:  # noqa: BLE001 - as above
            line, after = _failure(error), before
        if after != before:
            line += ',"mutated":' + after
    return '{"index":' + str(index) + "," + line + "}\n"


def _failure(error: BaseException) -> str:
    names = ",".join(map(_quote, _bases(error)))
    return '"error":' + _quote(_describe(error)) + (',"bases":[' + names + "]" if names else "")


def _bases(error: BaseException) -> list[str]:
    """Return the names of the exceptions that this one is a kind of, nearest first, up to Exception."""
    names: list[str] = []
    if type(error) is codec.Unrepresentable:
        return names  # ours: the call itself raised nothing
    for kind in _raw_mro(type(error))[1:MAX_MRO]:
        if kind is BaseException or len(names) == MAX_BASES:
            break
        if BaseException in _raw_mro(kind):
            names.append(_type_name(kind))
    return names


def _describe(error: BaseException) -> str:
    name = _type_name(type(error))
    try:
        text = str(error)
        return f"{name}: {text[:MAX_ERROR]}" if type(text) is str else name
    except BaseException:  # noqa: BLE001 - a message that cannot be printed
        return f"{name}: <no message>"


def _put(line: str) -> None:
    data = line.encode()
    while data:
        data = data[_write(3, data) :]
