"""Attacks on our own sandbox: it is used only where all of them fail."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.sandbox.types import Limits, Result, ScriptRun

Run = Callable[[ScriptRun], Result]

LIMITS = Limits(wall_s=5.0, memory_mb=128, disk_mb=4)
SHORT = Limits(wall_s=0.15)

ESCAPES = """
import ctypes, json, os, socket
canary, port, name, pid = json.loads(input())
libc, done = ctypes.CDLL(None, use_errno=True), []
def attack(title, action):
    try:
        if action() is not False:
            done.append(title)
    except (OSError, MemoryError):
        pass
def fill():
    with open("fill", "wb", 0) as f:
        for _ in range(8):
            f.write(bytes(1 << 20))
def connect(family, address):
    socket.socket(family).connect(address)
attack("read a file of the host", lambda: open(canary).read())
attack("write next to a file of the host", lambda: open(canary + ".written", "w"))
attack("write to the runtime", lambda: open("/usr/escaped", "w"))
attack("write to the root", lambda: open("/escaped", "w"))
attack("connect to the host's loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", port)))
attack("connect to a socket of the host", lambda: connect(socket.AF_UNIX, "\\0" + name))
attack("signal a process of the host", lambda: os.kill(pid, 0))
attack("list the host's processes", lambda: os.listdir("/proc"))
attack("start a process", lambda: os.fork())
attack("make a namespace", lambda: libc.unshare(0x10000000) == 0)
attack("mount a file system", lambda: libc.mount(b"none", b"/sandbox/work", b"tmpfs", 0, None) == 0)
attack("trace a process", lambda: libc.ptrace(0, 0, None, None) == 0)
attack("keep a capability", lambda: os.setgroups([0]))
attack("be root", lambda: os.getuid() == 0)
attack("use more memory than the limit", lambda: bytearray(256 << 20))
attack("write more to disk than the limit", fill)
if os.environ.keys() - {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE"}:
    done.append("read the environment")
os.remove("fill")
open("scratch", "w").write("x")
print(json.dumps(done))
"""

FOREIGN_CALL = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("{code}"))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
CALL_32_BIT = FOREIGN_CALL.format(code="b814000000cd80c3")  # mov eax, 20; int 0x80; ret
CALL_X32 = FOREIGN_CALL.format(code="b8270000400f05c3")  # mov eax, 0x40000027; syscall; ret

STUBBORN = """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
"""


@dataclass(slots=True)
class Host:
    """What an escape would touch."""

    canary: Path
    port: int
    name: str
    listeners: tuple[socket.socket, ...]

    def was_reached(self) -> bool:
        for listener in self.listeners:
            with contextlib.suppress(BlockingIOError):
                listener.accept()
                return True
        return self.canary.with_name(self.canary.name + ".written").exists()


@contextlib.contextmanager
def host_canaries() -> Iterator[Host]:
    with (
        tempfile.TemporaryDirectory(prefix="nofx-canary") as folder,
        socket.socket() as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        Path(folder).chmod(0o777)
        canary = Path(folder) / "canary"
        canary.write_text("canary")
        name = f"nofx-canary-{secrets.token_hex(8)}"
        tcp.bind(("127.0.0.1", 0))
        unix.bind(f"\0{name}")
        for listener in (tcp, unix):
            listener.listen()
            listener.setblocking(False)
        yield Host(canary, tcp.getsockname()[1], name, (tcp, unix))


class SelfTestFailed(Exception):
    """The attacks could not be carried out, so nothing is known."""


def escapes_find(run: Run) -> tuple[str, ...]:
    """
    Run the attacks and return what succeeded, in words; an empty tuple is a sandbox that holds.

    :raises SelfTestFailed: a run had no result; what cannot be tested is not used.
    """

    def attack(code: str, limits: Limits = LIMITS, stdin: str = "") -> Result:
        result = run(ScriptRun(code, stdin=stdin, limits=limits))
        if result.status == "infra":
            raise SelfTestFailed(result.stderr)
        return result

    with host_canaries() as host:
        facts = json.dumps([str(host.canary), host.port, host.name, os.getpid()])
        found = _reported(attack(ESCAPES, stdin=facts))
        if host.was_reached():
            found.append("something of the host was reached")
    for title, code in (("a 32-bit", CALL_32_BIT), ("an x32", CALL_X32)):
        if attack(code).status != "signal":
            found.append(f"code in it can make {title} system call")
    if attack(STUBBORN, SHORT).status != "timeout":
        found.append("code in it can outlive its time")
    return tuple(found)


def _reported(result: Result) -> list[str]:
    if result.status != "exit" or result.returncode != 0:
        lines = result.stderr.strip().splitlines()
        raise SelfTestFailed(lines[-1] if lines else result.status)
    titles: list[str] = json.loads(result.stdout)
    return [f"code in it can {title}" for title in titles]
