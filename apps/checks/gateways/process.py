"""Runs an analysis tool as a process with bounded time, memory and output, away from everything it could pick up."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.core.errors import NofxError

MAX_OUTPUT_BYTES = 16 * 2**20
MAX_MEMORY_BYTES = 4 * 2**30
MAX_FILE_BYTES = 64 * 2**20


class ToolFailed(NofxError):
    """A tool crashed, ran too long or said too much."""

    code = "checks.tool_failed"
    status = 500


@dataclass(frozen=True)
class ToolOutput:
    returncode: int
    stdout: str
    stderr: str


def python_tool(module: str, *arguments: str) -> list[str]:
    """
    Return the command for a tool that is a module of this interpreter.

    ``-I`` keeps the working directory off the import path: the analysed text may be called ``json.py``.
    """
    return [sys.executable, "-I", "-B", "-X", "utf8", "-m", module, *arguments]


def tool_run(command: Sequence[str], *, folder: Path, home: Path, timeout_s: float, stdin: str = "") -> ToolOutput:
    """
    Run ``command`` in ``folder`` and return what it said, whatever its exit code.

    The process sees no variable of ours, and its whole group is killed when the time is over.

    :raises ToolFailed: it could not start, was killed, or its output is larger than 16 MiB.
    """
    environment = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.defpath, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(stdin.encode())
        source.seek(0)
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=source, stdout=out, stderr=err, start_new_session=True
        )
        started = time.monotonic()
        try:
            _limit(process.pid, timeout_s)
            process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            raise ToolFailed(f"{_name(command)} was stopped after {elapsed:.0f} seconds.") from None
        finally:
            _end(process)
        if process.returncode < 0:
            ended_by = signal.Signals(-process.returncode).name
            raise ToolFailed(f"{_name(command)} was ended by {ended_by}.")
        return ToolOutput(process.returncode, _text(out.fileno(), command), _text(err.fileno(), command))


def _limit(pid: int, timeout_s: float) -> None:
    seconds = int(timeout_s) + 1
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
    except ProcessLookupError:
        return  # it has ended already


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(descriptor: int, command: Sequence[str]) -> str:
    if os.fstat(descriptor).st_size > MAX_OUTPUT_BYTES:
        raise ToolFailed(f"{_name(command)} said more than {MAX_OUTPUT_BYTES // 2**20} MiB.")
    return os.pread(descriptor, MAX_OUTPUT_BYTES, 0).decode(errors="replace")


def _name(command: Sequence[str]) -> str:
    return command[command.index("-m") + 1] if "-m" in command else Path(command[0]).name
