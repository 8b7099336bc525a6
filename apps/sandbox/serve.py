"""
``nofx sandbox serve``: runs as JSON Lines on standard input, results as JSON Lines on standard output.

    in   {"id": str, "code": str, "entry": str|null, "calls": [[arg, ...], ...]|null, "limits": {...}}
    out  {"id": str, "status": ..., "returncode": int|null, "values": [{"ok": any} | {"error": str}, ...],
          "stdout": str, "stderr": str, "wall_ms": float}

Results come in any order. What cannot be run is answered with status "infra" and the reason in "stderr". Needs no
Django and no database. At the end of the input, runs in flight are finished and every process ends.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from apps.sandbox.engine import codec
from apps.sandbox.errors import SandboxUnavailable, SpecInvalid
from apps.sandbox.services import Call, FunctionRun, Limits, Result, Sandbox, ScriptRun, Value
from apps.sandbox.types import BOUNDS

FIELDS = frozenset({"id", "code", "entry", "calls", "limits"})
LIMITS = frozenset({"wall_s", "memory_mb", "processes", "files", "file_mb", "disk_mb", "inodes", "output_kb"})
MAX_LINE = 64 << 20
MAX_CPU_S = int(BOUNDS["cpu_s"][1])
AHEAD = 4
CLOSED = 3


def spec_read(request: dict[str, Any]) -> FunctionRun | ScriptRun:
    """
    :raises SpecInvalid: the request is not of the protocol.
    """
    unknown = sorted(set(request) - FIELDS)
    if unknown:
        raise SpecInvalid(f"Unknown field: {_listed(unknown)}.")
    if "code" not in request:
        raise SpecInvalid("The field code is missing.")
    entry, calls = request.get("entry"), request.get("calls")
    limits = _limits_read(request.get("limits"))
    if entry is None:
        if calls:
            raise SpecInvalid("Calls need an entry.")
        return ScriptRun(request["code"], limits=limits)
    if not isinstance(calls, list) or not all(isinstance(call, list) for call in calls):
        raise SpecInvalid("The calls are not a list of argument lists.")
    try:
        arguments = tuple(Call(tuple(codec.unpack(call))) for call in calls)
    except codec.Malformed as error:
        raise SpecInvalid(f"An argument is not of the protocol: {error}.") from error
    return FunctionRun(request["code"], entry, arguments, limits)


def _limits_read(given: Any) -> Limits:
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise SpecInvalid("The limits are not an object.")
    unknown = sorted(set(given) - LIMITS)
    if unknown:
        raise SpecInvalid(f"Unknown limit: {_listed(unknown)}.")
    limits = Limits(**given)
    return Limits(**given, cpu_s=min(math.ceil(limits.wall_s) + 1, MAX_CPU_S))


def _listed(names: list[str]) -> str:
    return ", ".join(names)[:200]


def value_text(value: Value) -> str:
    if value.error is not None:
        return json.dumps({"error": value.error})
    return '{"ok":' + codec.dumps(value.ok) + "}"


def result_line(identity: Any, result: Result) -> str:
    head = json.dumps({"id": identity, "status": result.status, "returncode": result.returncode})
    values = ",".join(value_text(value) for value in result.values)
    tail = json.dumps({"stdout": result.stdout, "stderr": result.stderr, "wall_ms": result.wall_ms})
    return f'{head[:-1]},"values":[{values}],{tail[1:]}'


def answer(sandbox: Sandbox, line: bytes) -> str:
    """Carry out one line; whatever is wrong with it is the answer."""
    identity: str | int | None = None
    try:
        if len(line) > MAX_LINE:
            raise SpecInvalid(f"The line is longer than {MAX_LINE >> 20} MB.")
        request = codec.parse(line)
        if not isinstance(request, dict):
            raise SpecInvalid("A request is a JSON object.")
        given = request.get("id")
        identity = given if isinstance(given, str | int) else None  # what is told back must be short and JSON
        if not isinstance(identity, str):
            raise SpecInvalid("The field id is not text.")
        result = sandbox.run(spec_read(request))
    except codec.Malformed as error:
        result = Result("infra", None, stderr=f"The line is not JSON: {error}.")
    except (SpecInvalid, SandboxUnavailable) as error:
        result = Result("infra", None, stderr=str(error))
    return result_line(identity, result)


def lines_read(lines: BinaryIO) -> Iterator[bytes]:
    """Yield each line that is not blank; of one that is too long its beginning, the rest is skipped."""
    while line := lines.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE or line.strip():
            yield line
        while not line.endswith(b"\n") and (line := lines.readline(MAX_LINE)):
            pass


def serve(sandbox: Sandbox, lines: BinaryIO, out: BinaryIO) -> None:
    """Answer every line; returns at the end of the input, when the last answer is written."""
    writing = threading.Lock()
    room = threading.BoundedSemaphore(AHEAD * sandbox.workers)

    def work(line: bytes) -> None:
        try:
            text = answer(sandbox, line)
            with writing:
                out.write(text.encode() + b"\n")
                out.flush()
            room.release()
        except BrokenPipeError:
            os._exit(CLOSED)  # nobody is left to be answered, or to be told so
        except BaseException:  # noqa: BLE001 - it ends the server
            traceback.print_exc()
            os._exit(CLOSED)  # a client that waits for an answer is better off with a server that is gone

    with ThreadPoolExecutor(sandbox.workers, thread_name_prefix="serve") as threads:
        for line in lines_read(lines):
            room.acquire()
            threads.submit(work, line)


def main() -> int:
    """Serve standard input; 2 when this machine cannot isolate."""
    sandbox = Sandbox.open()
    try:
        sandbox.ensure_tested()
        serve(sandbox, sys.stdin.buffer, sys.stdout.buffer)
    except SandboxUnavailable as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        sandbox.close()
    return 0
