"""Commands: whole programs under a trusted first process, files in and out by name."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from apps.sandbox.services import CommandRun, Limits, Result, Sandbox

LIMITS = Limits(wall_s=20, cpu_s=20, memory_mb=1024, disk_mb=16)


def run(sandbox: Sandbox, *argv: str, **parts: Any) -> Result:
    return sandbox.run(CommandRun(argv, **({"limits": LIMITS} | parts)))


def shell(sandbox: Sandbox, line: str, **parts: Any) -> Result:
    return run(sandbox, "/bin/sh", "-c", line, **parts)


def test_pytest_runs_a_tree_of_files_and_its_report_comes_back(sandbox: Sandbox) -> None:
    files = {
        "pkg/__init__.py": b"",
        "pkg/maths.py": b"def double(x): return 2 * x\n",
        "tests/test_maths.py": b"import coverage, hypothesis\nfrom pkg.maths import double\n"
        b"def test_right(): assert double(2) == 4\ndef test_wrong(): assert double(2) == 5\n",
    }
    argv = ("python", "-m", "pytest", "-q", "--junitxml=out/report.xml")
    result = run(sandbox, *argv, files=files, collect=("out/report.xml", "absent"))
    assert (result.status, result.returncode) == ("exit", 1)
    assert "1 failed, 1 passed" in result.stdout
    assert result.files.keys() == {"out/report.xml"}
    assert b'failures="1"' in result.files["out/report.xml"]
    assert result.trust == "in_process"


def test_binary_files_go_in_and_out_unchanged(sandbox: Sandbox) -> None:
    content = bytes(range(256)) * 4000
    result = shell(sandbox, "cp deep/in out", files={"deep/in": content, "empty": b""}, collect=("out", "empty"))
    assert result.files == {"out": content, "empty": b""}


def test_arguments_and_environment_are_passed_as_they_are(sandbox: Sandbox) -> None:
    result = run(
        sandbox, "python", "-c", "import os, sys; print(sys.argv[1:], os.environ['A'])", "$HOME; x", env={"A": "b c"}
    )
    assert result.stdout == "['$HOME; x'] b c\n"


def test_a_command_that_does_not_exist_is_a_result(sandbox: Sandbox) -> None:
    result = run(sandbox, "no-such-command")
    assert (result.status, result.returncode) == ("exit", 127)
    assert "no-such-command" in result.stderr


def test_an_argument_that_is_no_text_for_the_system_is_a_result(sandbox: Sandbox) -> None:
    assert run(sandbox, "echo", "\ud800").returncode == 127


def test_files_that_contradict_each_other_are_refused_with_the_reason(sandbox: Sandbox) -> None:
    result = run(sandbox, "true", files={"a": b"", "a/b": b""})
    assert result.status == "infra"
    assert "FileExistsError" in result.refused


def test_processes_can_share_locks(sandbox: Sandbox) -> None:
    code = "from multiprocessing import Pool\nwith Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
    assert run(sandbox, "python", "-c", code).stdout == "[1, 2]\n"


def test_links_and_folders_are_not_collected(sandbox: Sandbox, tmp_path: Path) -> None:
    line = "ln -s /etc/passwd a; ln -s / b; mkdir c; echo x > d; ln d e; ln -s d f; mkdir g; echo y > g/h; ln -s g i"
    names = ("a", "b/etc/passwd", "c", "d", "e", "f", "g/h", "i/h")
    result = shell(sandbox, line, collect=names)
    assert result.files == {"d": b"x\n", "e": b"x\n", "g/h": b"y\n"}


def test_what_is_too_large_is_not_collected(sandbox: Sandbox) -> None:
    line = "head -c 9000000 /dev/zero > a; cp a b"
    result = shell(sandbox, line, collect=("a", "b"), limits=Limits(wall_s=20, file_mb=9, disk_mb=64))
    assert result.files.keys() == {"a", "b"}
    sparse = shell(sandbox, "truncate -s 8M a; truncate -s 8M b; truncate -s 8M c", collect=("a", "b", "c"))
    assert sparse.files.keys() == {"a", "b"}


def test_processes_left_behind_end_before_the_files_are_read(sandbox: Sandbox) -> None:
    line = "(trap '' TERM HUP; setsid sh -c 'while :; do echo x >> grows; done' &) ; sleep 0.1; exit 4"
    result = shell(sandbox, line, collect=("grows",))
    assert (result.status, result.returncode) == ("exit", 4)
    assert result.wall_ms < 5000


def test_a_daemon_that_ignores_signals_ends_with_the_time(sandbox: Sandbox) -> None:
    code = """
import os, signal, time
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
for _ in range(3):
    if os.fork() == 0: os.setsid()
while True: time.sleep(1)
"""
    run(sandbox, "true")  # its fork server stays
    before = _descendants()
    result = run(sandbox, "python", "-c", code, limits=Limits(wall_s=0.5))
    assert result.status == "timeout"
    assert result.wall_ms < 5000
    assert _descendants() <= before


def _descendants() -> set[int]:
    """Return the processes below this one, whatever namespace they are in."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found |= {int(entry.name)} if os.getpid() in _ancestors(int(entry.name)) else set()
    return found


def _ancestors(pid: int) -> list[int]:
    found: list[int] = []
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        found.append(pid)
    return found


def test_a_fork_bomb_is_bounded(sandbox: Sandbox) -> None:
    code = """
import os, time
n = 0
try:
    while n < 300:
        if os.fork() == 0: time.sleep(5); os._exit(0)
        n += 1
except OSError: pass
print(n)
"""
    result = run(sandbox, "python", "-c", code, limits=Limits(wall_s=20, processes=24))
    assert 10 < int(result.stdout) < 24


def test_the_memory_of_all_processes_together_is_bounded(sandbox: Sandbox) -> None:
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        block = bytearray(64 << 20); block[::4096] = b"x" * len(block[::4096]); time.sleep(20)
time.sleep(20)
"""
    assert run(sandbox, "python", "-c", code, limits=Limits(wall_s=20, memory_mb=200)).status == "oom"


@pytest.mark.parametrize(
    "memory",
    [
        "mmap.mmap(-1, 1 << 20)",
        "mmap.mmap(-1, 1 << 20, flags=0x23)",
        "mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20)",
        "mmap.mmap(os.open('/dev/zero', os.O_RDONLY), 1 << 20, prot=1)",
        "os.memfd_create('x')",
    ],
)
def test_no_memory_is_shared_that_cannot_be_measured(sandbox: Sandbox, memory: str) -> None:
    result = run(sandbox, "python", "-c", f"import mmap, os\n{memory}")
    assert (result.status, result.returncode) == ("exit", 1)
    assert "Error: [Errno" in result.stderr


def test_a_file_can_be_mapped_and_shared(sandbox: Sandbox) -> None:
    code = """
import mmap, os
with open("f", "w+b") as file:
    file.truncate(4096)
    shared = mmap.mmap(file.fileno(), 4096)
private = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
if os.fork() == 0:
    shared[0] = private[0] = 7
    os._exit(0)
os.wait()
print(shared[0], private[0])
"""
    assert run(sandbox, "python", "-c", code).stdout == "7 0\n"


def test_a_flood_of_output_ends_the_command(sandbox: Sandbox) -> None:
    result = shell(sandbox, "yes", limits=Limits(output_kb=64))
    assert result.status == "output_limit"
    assert len(result.stdout) <= 64 << 10


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import os; os.setuid(0)",
        "import os; os.unshare",
        "open('/usr/x', 'w')",
        "open('/proc/self/status')",
        "import os; os.kill(1, 9); 1/0",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    ],
)
def test_a_command_is_as_confined_as_a_snippet(sandbox: Sandbox, code: str) -> None:
    result = run(sandbox, "python", "-c", code)
    assert (result.status, result.returncode) == ("exit", 1)


def test_the_first_process_cannot_be_killed_or_read_or_forged(sandbox: Sandbox) -> None:
    code = """
import os, signal
for s in (9, 15, 19):
    try: os.kill(1, s)
    except OSError: pass
for fd in range(3, 64):
    try: os.write(fd, b'{"status": 0, "files": []}\\n'); print("wrote", fd, flush=True)
    except OSError: pass
print("done", flush=True); os._exit(7)
"""
    result = run(sandbox, "python", "-c", code)
    assert (result.status, result.returncode, result.stdout) == ("exit", 7, "done\n")


def test_the_limits_of_the_first_process_cannot_be_changed(sandbox: Sandbox) -> None:
    code = """
import resource
for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_AS):
    try: resource.prlimit(1, limit, (0, 0)); print("changed")
    except OSError: pass
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    result = run(sandbox, "python", "-c", code, collect=("absent",))
    assert (result.status, result.stdout) == ("exit", "(64, 64)\n")


def test_an_interrupt_does_not_end_the_first_process(sandbox: Sandbox) -> None:
    """Sent from outside, for where Landlock scopes signals none gets through from inside."""
    results: list[Result] = []
    run(sandbox, "true")
    known = _descendants()
    thread = threading.Thread(target=lambda: results.append(shell(sandbox, "sleep 1; exit 5")))
    thread.start()
    end = time.monotonic() + 10
    while not (first := {pid for pid in _descendants() - known if _ids(pid)[-1] == 1}) and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.2)  # it ignores the signal before the command starts
    for pid in first:
        os.kill(pid, signal.SIGINT)
    thread.join(20)
    assert len(first) == 1
    assert [(result.status, result.returncode) for result in results] == [("exit", 5)]


def _ids(pid: int) -> list[int]:
    """Return the number of a process in each of its namespaces, the outermost first."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return [int(number) for line in lines if line.startswith("NSpid:") for number in line.split()[1:]]
    return [0]


def test_a_set_uid_program_gains_nothing(sandbox: Sandbox) -> None:
    assert run(sandbox, "python", "-c", "import os; print(os.getresuid())").stdout == "(1000, 1000, 1000)\n"
    result = shell(sandbox, "cp /bin/sh sh && chmod 6755 sh && ./sh -p -c id", limits=LIMITS)
    assert "euid=0" not in result.stdout


SERVER = b"""
import http.server, socket, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/greeting").read().decode())
"""


def test_a_command_may_serve_itself_over_a_loopback_of_its_own(sandbox: Sandbox) -> None:
    files = {"serve.py": SERVER, "greeting": b"hello"}
    result = run(sandbox, "python", "serve.py", files=files, loopback=True)
    assert (result.stdout, result.returncode) == ("hello\n", 0), result.stderr


def test_without_being_asked_for_there_is_no_loopback(sandbox: Sandbox) -> None:
    result = run(sandbox, "python", "serve.py", files={"serve.py": SERVER})
    assert "PermissionError" in result.stderr


def test_a_loopback_does_not_reach_the_host(sandbox: Sandbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        code = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 2)"
        result = run(sandbox, "python", "-c", code, loopback=True)
        assert "ConnectionRefusedError" in result.stderr
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("family", ["AF_PACKET", "AF_NETLINK", "AF_VSOCK", "AF_ALG"])
def test_a_loopback_opens_no_other_family_of_sockets(sandbox: Sandbox, family: str) -> None:
    code = f"import socket; socket.socket(socket.{family}, socket.SOCK_RAW)"
    assert "PermissionError" in run(sandbox, "python", "-c", code, loopback=True).stderr


@pytest.mark.parametrize(
    "parts", ["AF_INET, socket.SOCK_STREAM, 262", "AF_INET6, socket.SOCK_DGRAM, 136", "AF_INET, 6", "AF_UNIX, 3"]
)
def test_a_loopback_speaks_tcp_and_udp_only(sandbox: Sandbox, parts: str) -> None:
    code = f"import socket; socket.socket(socket.{parts})"
    assert "PermissionError" in run(sandbox, "python", "-c", code, loopback=True).stderr


def test_raw_sockets_stay_closed_to_a_command_with_a_loopback(sandbox: Sandbox) -> None:
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"
    assert "PermissionError" in run(sandbox, "python", "-c", code, loopback=True).stderr


def test_node_runs_its_own_tests(sandbox: Sandbox) -> None:
    tests = b"const test = require('node:test'); test('adds', () => require('assert').strictEqual(1 + 1, 2));"
    limits = Limits(wall_s=20, memory_mb=2048)
    result = run(sandbox, "node", "--test", "--test-reporter=tap", files={"sum.test.js": tests}, limits=limits)
    assert (result.returncode, "# pass 1" in result.stdout) == (0, True)
