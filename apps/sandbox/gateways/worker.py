"""One zygote and the conversation with it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from apps.sandbox.engine import rootfs
from apps.sandbox.engine.confine import KILL, STATUS
from apps.sandbox.engine.zygote import FAILED, MAP, READY
from apps.sandbox.gateways.exchange import (
    CHUNK,
    CLOSED,
    MESSAGE,
    Exchange,
    NativeExchange,
    Packed,
    PlainExchange,
    WorkerDied,
)
from apps.sandbox.gateways.meter import tree_resident_bytes
from apps.sandbox.gateways.runtime import BOUND_EARLY, ENVIRONMENT, FIXED_HASHES, Runtime

# What the zygote must know comes over its socket: its arguments stay in memory that untrusted code can read.
BOOT = (
    "import os, sys; control = int(sys.argv[1]); sys.path.insert(0, os.read(control, 4096).decode()); "
    "from apps.sandbox.engine.zygote import main; main(control)"
)
PROJECT = Path(__file__).resolve().parents[3]
START_S = 10.0
GRACE_S = 5.0
METER_S = 0.1
SHORT_RUN_MS = 3
FIRST_SPARE_ID = 200_000


class StartFailed(Exception):
    """The zygote could not isolate itself; ``step`` names where."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


@dataclass(slots=True)
class Stream:
    """Our end of what a run writes to."""

    fd: int
    limit: int
    data: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def take(self, chunk: bytes) -> None:
        """Keep what fits; what is above the limit is thrown away."""
        room = self.limit - len(self.data)
        self.is_cut |= len(chunk) > room
        self.data += chunk[:room]

    def read(self) -> bool:
        """Take what is there; False at the end."""
        chunk = os.read(self.fd, CHUNK)
        self.take(chunk)
        return bool(chunk)

    def close(self) -> None:
        if self.fd != CLOSED:
            os.close(self.fd)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is enforced from outside. ``memory_bytes`` bounds all processes of a command together; 0 for a snippet."""

    wall_s: float
    output_bytes: int
    values_bytes: int
    memory_bytes: int


@dataclass(slots=True)
class RawRun:
    """What was seen from outside, not yet interpreted. ``ended_by`` is empty when the run ended itself."""

    ended_by: str = ""
    wait_status: int = 0
    cpu_s: float = 0.0
    peak_memory_kb: int = 0
    wall_s: float = 0.0
    out: bytes = b""
    err: bytes = b""
    values: bytes = b""

    def read_status(self, message: bytes) -> None:
        """
        :raises WorkerDied: this is not what a zygote says of a run that ended.
        """
        if len(message) != STATUS.size:
            raise WorkerDied("the fork server is gone")
        _, self.wait_status, self.cpu_s, self.peak_memory_kb = STATUS.unpack(message)


class Worker:
    """A running zygote. Not thread-safe: one run at a time."""

    def __init__(self, runtime: Runtime) -> None:
        """
        Start a zygote and wait until it is isolated.

        :raises StartFailed: it cannot be.
        :raises WorkerDied: it ended, or did not answer, for no reason it could give.
        """
        try:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            raise WorkerDied(f"a fork server could not be started: {error.strerror}") from error
        command = [runtime.interpreter, "-P", "-s", "-S", "-B", "-c", BOOT, str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command,
                env=ENVIRONMENT | FIXED_HASHES | BOUND_EARLY,
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._control.close()
            raise StartFailed(f"start {runtime.interpreter}: {error.strerror}") from error
        finally:
            theirs.close()
        self.runs = 0
        self.landlock = 0
        self._exchange: Exchange = PlainExchange(self._control)
        if runtime.accelerator:
            self._exchange = NativeExchange(runtime.accelerator, self._control)
        try:
            first_to_go(self._process.pid)
            self._handshake(runtime)
        except BaseException:
            self.kill()
            raise
        _living.add(self)

    def _handshake(self, runtime: Runtime) -> None:
        self._control.settimeout(START_S)
        try:
            self._control.send(str(PROJECT).encode())
            self._control.send(json.dumps(asdict(runtime)).encode())
            message = self._control.recv(CHUNK)
            if message == MAP:
                self._map_identity()
                self._control.send(MAP)
                message = self._control.recv(CHUNK)
        except OSError as error:
            raise WorkerDied("the fork server ended while it started") from error
        if message[:1] == FAILED:
            raise StartFailed(json.loads(message[1:])["step"])
        if message[:1] != READY:
            raise WorkerDied("the fork server ended while it started")
        self.landlock = json.loads(message[1:])["landlock"]
        self._control.settimeout(None)

    def _map_identity(self) -> None:
        try:
            identity_map(self._process.pid)
        except OSError as error:
            raise StartFailed(f"map a user other than root: {error.strerror}") from error

    def run(self, kind: bytes, packed: Packed, bounds: Bounds) -> RawRun:
        """
        Carry out one run.

        :raises WorkerGone: it was not even started.
        :raises WorkerDied: the zygote did not survive it; replace this worker.
        """
        self.runs += 1
        started = time.monotonic()
        begun = self._exchange.begin(kind, packed, min(SHORT_RUN_MS, int(bounds.wall_s * 1000)))
        limits = (bounds.output_bytes, bounds.output_bytes, bounds.values_bytes)
        streams = [Stream(fd, limit) for fd, limit in zip(begun.streams, limits, strict=True)]
        raw = RawRun()
        try:
            for stream, chunk in zip(streams, begun.data, strict=True):
                stream.take(chunk)
            if begun.answer:
                raw.read_status(begun.answer)
            else:
                self._follow(raw, streams, started, bounds)
            _drain(streams)
        finally:
            for stream in streams:
                stream.close()
        raw.wall_s = time.monotonic() - started
        if not raw.ended_by and any(stream.is_cut for stream in streams):
            raw.ended_by = "output_limit"  # it ended before it could be
        raw.out, raw.err, raw.values = (bytes(stream.data) for stream in streams)
        return raw

    def _follow(self, raw: RawRun, streams: list[Stream], started: float, bounds: Bounds) -> None:
        """Read what a run writes, and end it when it passes a limit, until the zygote says that it is dead."""
        poll = select.poll()
        control = self._control.fileno()
        by_fd = {stream.fd: stream for stream in streams}
        for fd in (control, *by_fd):
            poll.register(fd, select.POLLIN)
        deadline = started + bounds.wall_s
        look_at = started + METER_S
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                if raw.ended_by:
                    raise WorkerDied("the fork server does not answer")
                deadline = self._end(raw, "timeout")
                continue
            events = poll.poll(self._patience(left, bounds))
            if bounds.memory_bytes and not raw.ended_by and time.monotonic() >= look_at:
                look_at = time.monotonic() + METER_S
                if tree_resident_bytes(self._process.pid) > bounds.memory_bytes:
                    deadline = self._end(raw, "memory")
            for fd, _ in events:
                if fd == control:
                    raw.read_status(self._answer())
                    return
                if not by_fd[fd].read():
                    poll.unregister(fd)
                elif by_fd[fd].is_cut and not raw.ended_by:
                    deadline = self._end(raw, "output_limit")

    def _patience(self, left: float, bounds: Bounds) -> float:
        """Return for how many milliseconds to wait: shortly, where memory must be looked at."""
        return (min(left, METER_S) if bounds.memory_bytes else left) * 1000 + 1

    def _end(self, raw: RawRun, why: str) -> float:
        """Have the zygote kill the run; return when that must have happened."""
        raw.ended_by = why
        try:
            self._control.send(KILL)
        except OSError as error:
            raise WorkerDied("the fork server is gone") from error
        return time.monotonic() + GRACE_S

    def _answer(self) -> bytes:
        try:
            return self._control.recv(MESSAGE)
        except OSError as error:
            raise WorkerDied("the fork server is gone") from error

    def close(self) -> None:
        """Let the zygote end, and wait for it."""
        _living.discard(self)
        self._control.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End the zygote and whatever it runs, at once."""
        _living.discard(self)
        self._control.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """In a forked child: let go of the parent's zygote, which ends when the last holder of its socket does."""
        self._control.close()
        self._process.returncode = 0  # not our child: nothing to wait for


_living: set[Worker] = set()


def _forget_all() -> None:
    for worker in _living:
        worker.forget()
    _living.clear()


os.register_at_fork(after_in_child=_forget_all)


def first_to_go(pid: int) -> None:
    """Where the machine runs out of memory, the kernel shall end what runs here, not the database."""
    with contextlib.suppress(OSError):  # a machine without this choice, or a process that has ended already
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def identity_map(pid: int) -> None:
    """
    Map the one inner user to a user outside that is not root.

    :raises OSError: this process may not.
    """
    uid, gid = os.geteuid(), os.getegid()
    folder = Path(f"/proc/{pid}")
    if uid == 0:
        uid, gid = spare_id(Path("/proc/self/uid_map")), spare_id(Path("/proc/self/gid_map"))
    else:
        (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text(f"{rootfs.INNER_ID} {uid} 1\n")
    (folder / "gid_map").write_text(f"{rootfs.INNER_ID} {gid} 1\n")


def spare_id(table: Path) -> int:
    """Choose an id that is not root outside this user namespace, and that nobody is likely to have."""
    ranges = [tuple(map(int, line.split())) for line in table.read_text().splitlines()]
    for first, _, count in ranges:
        if first <= FIRST_SPARE_ID < first + count:
            return FIRST_SPARE_ID
    highest, outside = max((first + count - 1, outside + count - 1) for first, outside, count in ranges)
    if outside == 0:
        raise PermissionError(1, "this container has only one")
    return highest


def _drain(streams: list[Stream]) -> None:
    """Everything inside is dead: read what it wrote last, and wait for nothing."""
    poll = select.poll()
    open_ones = {stream.fd: stream for stream in streams if stream.fd != CLOSED}
    for fd in open_ones:
        poll.register(fd, select.POLLIN)
    while open_ones:
        readable = [fd for fd, event in poll.poll(0) if event & select.POLLIN]
        if not readable:
            return
        for fd in readable:
            if not open_ones[fd].read():
                poll.unregister(fd)
