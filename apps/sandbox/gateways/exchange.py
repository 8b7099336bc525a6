"""
How a run is handed to a zygote: descriptors over its socket, and a moment's wait for the end.

Most runs are over before their output would have to be read, so only the end is waited for at first. The same is
written in C (``native/controller.c``), where two runs do not wait for one interpreter.
"""

from __future__ import annotations

import array
import ctypes
import os
import select
import socket
from dataclasses import dataclass
from typing import NamedTuple, Protocol

STREAMS = 3
CHUNK = 1 << 16
MESSAGE = 64
PREPARED, SENT = -1, -2  # how far the C part got before it failed
CLOSED = -1


class WorkerDied(Exception):
    """The zygote is gone or does not answer, or a run could not be given to it; the run has no result."""


class WorkerGone(WorkerDied):
    """The zygote was gone before the run was handed to it; another one may carry it out."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A run as the zygote's child reads it: the specification, and what is on its standard input."""

    spec: bytes
    stdin: bytes = b""


class Begun(NamedTuple):
    """A run that was handed over: our ends of its streams, what was read from them, the zygote's answer if it came."""

    streams: tuple[int, ...]
    data: tuple[bytes, ...]
    answer: bytes


class Exchange(Protocol):
    def begin(self, kind: bytes, packed: Packed, patience_ms: int) -> Begun:
        """
        Hand a run over and wait at most ``patience_ms`` for its end. A stream that was read to its end is CLOSED.

        :raises WorkerGone: it was not even started.
        :raises WorkerDied: it may have been, and nothing more will be heard of it.
        """
        ...


class NativeExchange:
    """In C. It lets go of the interpreter from the first descriptor to the last byte."""

    def __init__(self, path: str, control: socket.socket) -> None:
        self._exchange = ctypes.CDLL(path, use_errno=True).nofx_exchange
        self._run = _Run(control=control.fileno())
        self._address = ctypes.byref(self._run)
        first = ctypes.addressof(self._run) + _Run.data.offset
        self._data = [first + i * CHUNK for i in range(STREAMS)]

    def begin(self, kind: bytes, packed: Packed, patience_ms: int) -> Begun:
        run = self._run
        run.kind, run.patience_ms = kind, patience_ms
        run.spec, run.spec_size = packed.spec, len(packed.spec)
        run.input, run.input_size = packed.stdin, len(packed.stdin)
        failed = self._exchange(self._address)
        run.spec = run.input = None
        if failed == PREPARED:
            raise _not_prepared(os.strerror(ctypes.get_errno()))
        if failed == SENT:
            raise WorkerGone("the fork server is gone")
        if failed:
            raise WorkerDied("the fork server is gone")
        data = tuple(ctypes.string_at(at, size) for at, size in zip(self._data, run.read, strict=True))
        return Begun(tuple(run.streams), data, bytes(run.answer[: run.answer_size]))


class _Run(ctypes.Structure):
    _fields_ = [
        ("control", ctypes.c_int),
        ("kind", ctypes.c_char),
        ("patience_ms", ctypes.c_int),
        ("spec", ctypes.c_char_p),
        ("input", ctypes.c_char_p),
        ("spec_size", ctypes.c_size_t),
        ("input_size", ctypes.c_size_t),
        ("streams", ctypes.c_int * STREAMS),
        ("read", ctypes.c_ssize_t * STREAMS),
        ("data", ctypes.c_char * CHUNK * STREAMS),
        ("answer_size", ctypes.c_ssize_t),
        ("answer", ctypes.c_ubyte * MESSAGE),
    ]


class PlainExchange:
    """The same without a compiler."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._end = select.poll()
        self._end.register(control, select.POLLIN)

    def begin(self, kind: bytes, packed: Packed, patience_ms: int) -> Begun:
        ours: list[int] = []
        theirs: list[int] = []
        try:
            _prepare(packed, ours, theirs)
            self._send(kind, theirs)
            answer = self._control.recv(MESSAGE) if self._end.poll(patience_ms) else b""
        except OSError as error:
            close_all(ours)
            raise WorkerDied("the fork server is gone") from error
        except WorkerDied:
            close_all(ours)
            raise
        finally:
            close_all(theirs)
        return Begun(tuple(ours), (b"",) * STREAMS, answer)

    def _send(self, kind: bytes, descriptors: list[int]) -> None:
        try:
            self._control.sendmsg([kind], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
        except OSError as error:
            raise WorkerGone("the fork server is gone") from error


def close_all(descriptors: list[int]) -> None:
    for fd in descriptors:
        os.close(fd)


def _not_prepared(reason: str | None) -> WorkerDied:
    return WorkerDied(f"a run could not be prepared: {reason}")


def _prepare(packed: Packed, ours: list[int], theirs: list[int]) -> None:
    """
    Make what a run gets, in the order of :class:`confine.Given`, and our ends of its streams.

    :raises WorkerDied: this process has no descriptor or no memory left.
    """
    try:
        _memory_file("spec", packed.spec, theirs)
        if packed.stdin:
            # For reading only: a run could make its input grow.
            writable: list[int] = []
            try:
                _memory_file("stdin", packed.stdin, writable)
                theirs.append(os.open(f"/proc/self/fd/{writable[0]}", os.O_RDONLY))
            finally:
                close_all(writable)
        else:
            # At its end, and nobody else's: not one of the host's /dev/null.
            nothing, write = os.pipe()
            theirs.append(nothing)
            os.close(write)
        for _ in range(STREAMS):
            read, write = os.pipe()
            ours.append(read)
            theirs.append(write)
    except OSError as error:
        raise _not_prepared(error.strerror) from error


def _memory_file(name: str, data: bytes, into: list[int]) -> None:
    """Append a descriptor that reads ``data`` from its beginning."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    into.append(fd)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
