"""The classes of attack, each tried for real."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.sandbox.gateways import selftest
from apps.sandbox.services import CommandRun, Result, Sandbox
from tests.sandbox.conftest import install_for_anybody

Run = Callable[..., Result]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


def denied(result: Result) -> bool:
    return result.status == "exit" and result.stdout.splitlines()[-1:] == ["denied"]


def attempt(action: str) -> str:
    return (
        "import ctypes, fcntl, os, resource, signal, socket, sys, tempfile\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"try:\n    result = {action}\nexcept (OSError, ValueError):\n    print('denied')\nelse:\n    print(result)\n"
    )


@pytest.mark.parametrize(
    "action",
    [
        "socket.socket(socket.AF_INET).connect(('127.0.0.1', {port}))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
        "socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', {port}))",
        "socket.socket(socket.AF_UNIX).connect('\\0anything')",
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socketpair(socket.AF_INET)",
    ],
)
def test_there_is_no_network(script: Run, listener: socket.socket, action: str) -> None:
    assert denied(script(attempt(action.format(port=listener.getsockname()[1]))))
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_files_of_the_host_do_not_exist(script: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o666)
    for path in (secret, "/etc/shadow", "/proc/1/cmdline", "/sys/kernel", "/home", "/var", Path.cwd(), "/run"):
        assert denied(script(attempt(f"os.stat({str(path)!r})"))), path


@pytest.mark.parametrize("folder", ["/", "/usr", "/etc", "/dev", "/runtime", "/sandbox", str(Path(os.__file__).parent)])
def test_nothing_is_written_outside_the_scratch_directory(script: Run, folder: str) -> None:
    assert denied(script(attempt(f"open({folder!r} + '/escaped', 'w')")))
    assert not Path(folder, "escaped").exists()


def test_the_runtime_cannot_be_changed(script: Run) -> None:
    assert denied(script(attempt("os.chmod(os.__file__, 0o777)")))
    assert denied(script(attempt("os.open(sys.executable, os.O_WRONLY)")))


@pytest.mark.parametrize("folder", ["/usr/src", "/usr/local/src", "/usr/local/etc"])
def test_settings_and_sources_below_usr_are_hidden(script: Run, folder: str) -> None:
    assert script(f"import os\nprint(os.listdir({folder!r}) if os.path.isdir({folder!r}) else [])").stdout == "[]\n"


@pytest.mark.parametrize("target", ["0", "'/dev/null'", "'/dev/zero'", "'/dev/urandom'", "os.__file__"])
def test_no_time_of_a_file_of_the_host_changes(script: Run, target: str) -> None:
    watched = [Path(path) for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", os.__file__)]
    before = [path.stat().st_mtime_ns for path in watched]
    script(f"import os\nos.utime({target})")
    assert [path.stat().st_mtime_ns for path in watched] == before


def test_devices_are_what_they_are_called(script: Run) -> None:
    code = "open('/dev/null', 'w').write('x')\nzero, random = open('/dev/zero', 'rb'), open('/dev/urandom', 'rb')\n"
    code += "print(zero.read(3), len(random.read(9)))"
    assert script(code).stdout == "b'\\x00\\x00\\x00' 9\n"


@pytest.mark.parametrize("stdin", ["", "abc"])
def test_the_input_can_only_be_read(script: Run, stdin: str) -> None:
    code = "import os\nprint(os.read(0, 9))\ntry: os.write(0, b'x')\nexcept OSError: print('denied')"
    assert script(code, stdin=stdin).stdout == f"{stdin.encode()!r}\ndenied\n"


def test_the_scratch_directory_is_empty_and_gone_after_the_run(script: Run) -> None:
    assert script("import os; open('kept', 'w').close(); print(os.listdir())").stdout == "['kept']\n"
    assert script("import os; print(os.listdir())").stdout == "[]\n"


LOOK = """
import os
facts, space = os.stat('.'), os.statvfs('.')
print(os.listdir(), oct(facts.st_mode), facts.st_nlink, facts.st_atime_ns > 9, facts.st_mtime_ns > 9,
      space.f_blocks - space.f_bfree, space.f_files - space.f_ffree, os.getcwd())
"""
FRESH = "[] 0o40700 2 True True 0 1 /sandbox/work\n"


@pytest.mark.parametrize(
    "action",
    [
        "open('.hidden', 'w').close()",
        "os.mkdir('deep'); open('deep/file', 'wb').write(bytes(1 << 20))",
        "os.symlink('/', 'link')",
        "open('gone', 'w').close(); os.unlink('gone')",
        "held = open('gone', 'wb'); os.unlink('gone'); held.write(bytes(1 << 20)); held.flush()",
        "os.chmod('.', 0)",
        "os.chmod('.', 0o1777)",
        "os.utime('.', ns=(1, 1))",
        "os.utime('.', ns=(1, os.stat('.').st_mtime_ns))",
        "open('.hidden', 'w').close(); os.abort()",
        "open('.hidden', 'w').close()\nwhile True: pass",
    ],
)
def test_a_run_finds_no_trace_of_the_one_before_it(script: Run, action: str) -> None:
    assert script(LOOK).stdout == FRESH
    traced = script(f"import os, sys\nprint('tried', flush=True)\n{action}", cpu_s=1)
    assert traced.stdout == "tried\n" and "PermissionError" not in traced.stderr, traced.stderr
    assert script(LOOK).stdout == FRESH


def test_a_scratch_directory_is_as_large_as_its_run_may_use(script: Run) -> None:
    space = "import os; space = os.statvfs('.'); print(space.f_blocks * space.f_frsize >> 20, space.f_files)"
    sizes = [script(space, disk_mb=disk_mb, inodes=inodes).stdout for disk_mb, inodes in ((1, 64), (4, 64), (1, 128))]
    assert sizes == ["1 64\n", "4 64\n", "1 128\n"]


def test_the_environment_holds_no_secret(script: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOFX_SECRET_KEY", "NOFX_SIGNING_KEY"):
        monkeypatch.setenv(name, "s3cr3t")
    fresh = Sandbox.open(workers=1)
    try:
        result = script("import os, sys; print(sorted(os.environ), sys.orig_argv)")
    finally:
        fresh.close()
    assert set(eval(result.stdout.split("] [")[0] + "]")) <= {"HOME", "LANG", "LC_CTYPE", "PATH", "TMPDIR"}  # noqa: S307
    assert "s3cr3t" not in result.stdout


@pytest.mark.parametrize(
    "action",
    [
        "os.kill({pid}, 0)",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {{}})",
        "os.execv('/bin/true', ['true'])",
        "1 if libc.ptrace(16, {pid}, None, None) == 0 else os.stat('/denied')",
        "1 if libc.unshare(0x10000000) == 0 else os.stat('/denied')",
        "1 if libc.mount(b'x', b'/sandbox/work', b'tmpfs', 0, None) == 0 else os.stat('/denied')",
        "1 if libc.syscall(272, 0x20000) == 0 else os.stat('/denied')",
        "1 if libc.syscall(425, 8, 0) >= 0 else os.stat('/denied')",
        "1 if libc.syscall(321, 0, 0, 0) >= 0 else os.stat('/denied')",
        "1 if libc.syscall(29, 0, 4096, 0o1666) >= 0 else os.stat('/denied')",
        "os.memfd_create('x')",
        "os.mkfifo('x')",
        "os.mknod('x', 0o60666, 1)",
        "os.setuid(0)",
        "os.chroot('.')",
        "resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))",
        "os.link('/usr/bin/env', 'x')",
        "fcntl.flock(os.open('/usr/bin/env', os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.fcntl(os.open('/usr/bin/env', os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "fcntl.fcntl(os.open('/usr/bin', os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)",
        "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
        "1 if libc.syscall(27, 0, 4096, 0) == 0 else os.stat('/denied')",
    ],
)
def test_other_processes_the_kernel_and_privileges_are_out_of_reach(script: Run, action: str) -> None:
    assert denied(script(attempt(action.format(pid=os.getpid()))))


def test_it_runs_as_nobody_with_no_capability_and_sees_only_itself(script: Run) -> None:
    result = script("import os; print(os.getuid(), os.getgid(), os.getpid(), os.path.exists('/proc'))")
    assert result.stdout == "1000 1000 1 False\n"


@pytest.mark.parametrize("code", [selftest.CALL_32_BIT, selftest.CALL_X32])
def test_system_calls_of_another_table_kill_the_run(script: Run, code: str) -> None:
    result = script(code)
    assert (result.status, result.returncode) == ("signal", -31)


def test_only_the_standard_descriptors_are_open(script: Run) -> None:
    code = "import os\nfor fd in range(64):\n    try: os.fstat(fd); print(fd)\n    except OSError: pass"
    assert script(code).stdout.split() == ["0", "1", "2"]


def test_memory_is_bounded(script: Run) -> None:
    result = script("b = []\nwhile True: b.append(bytearray(1 << 24))", memory_mb=128)
    assert result.status == "oom"
    assert result.peak_memory_kb < 140 << 10


def test_disk_and_inodes_are_bounded(script: Run) -> None:
    code = """
import os
def fill():
    for i in range(99):
        with open(f"f{i}", "wb", 0) as file:
            if file.write(bytes(1 << 20)) < 1 << 20: return i
def crowd():
    for i in range(9999):
        os.mkdir(f"d{i}")
for action in (fill, crowd):
    try: print(action())
    except OSError as error: print(error.strerror)
"""
    assert script(code, disk_mb=8, inodes=200).stdout.splitlines() == ["No space left on device"] * 2


def test_one_file_is_bounded(script: Run) -> None:
    code = (
        "import signal\nwith open('f', 'wb', 0) as f:\n    n = 0\n    while n < 9 << 20: n += f.write(bytes(1 << 20))"
    )
    assert "File too large" in script(code, file_mb=2).stderr


def test_threads_are_bounded(script: Run) -> None:
    code = """
import threading, time
started = 0
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start(); started += 1
except RuntimeError: pass
print(started)
"""
    assert int(script(code, processes=16, memory_mb=4096).stdout) < 16


def test_open_files_are_bounded(script: Run) -> None:
    assert "Too many open files" in script("fs = [open('/dev/null') for _ in range(99)]", files=32).stderr


def test_a_flood_of_output_is_cut_and_ends_the_run(script: Run) -> None:
    result = script("import os\nwhile True: os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)", output_kb=256)
    assert result.status == "output_limit"
    assert len(result.stdout) <= 256 << 10
    assert len(result.stderr) <= 256 << 10


@pytest.mark.parametrize(("size", "status"), [(1023, "exit"), (1024, "exit"), (1025, "output_limit")])
def test_output_up_to_the_limit_is_whole_and_one_more_is_too_much(script: Run, size: int, status: str) -> None:
    for _ in range(10):
        result = script(f"import os; os.write(2, b'x' * {size})", output_kb=1)
        assert (result.status, len(result.stderr)) == (status, min(size, 1024))


def test_a_flood_of_values_ends_the_run(function: Run) -> None:
    result = function("import os\ndef f():\n    while True: os.write(3, b'x' * 65536)", ())
    assert (result.status, result.values) == ("output_limit", ())


def test_time_runs_out_although_every_signal_is_ignored(script: Run) -> None:
    result = script("print('before', flush=True)\n" + selftest.STUBBORN, wall_s=0.3)
    assert result.status == "timeout"
    assert result.stdout == "before\n"
    assert 300 <= result.wall_ms < 2000


def test_sleeping_runs_out_of_time_too(script: Run) -> None:
    assert script("import time; time.sleep(60)", wall_s=0.2).status == "timeout"


def test_processor_time_is_bounded(script: Run) -> None:
    result = script("while True: pass", cpu_s=1, wall_s=20)
    assert result.status == "timeout"
    assert result.wall_ms < 10_000


def test_a_crash_is_told_from_an_end(script: Run) -> None:
    result = script("import ctypes; ctypes.string_at(0)")
    assert (result.status, result.returncode) == ("signal", -11)


def test_a_run_is_alone_in_its_process_group(script: Run, sandbox: Sandbox) -> None:
    """A signal to the group reaches all of it, outside the pid namespace too; not every Landlock is a wall there."""
    assert script("import os; print(os.getpgrp(), os.getsid(0))").stdout == "1 1\n"
    code = "import os; print(os.getpgrp() == os.getsid(0) == os.getpid())"
    assert sandbox.run(CommandRun(("python", "-c", code))).stdout == "True\n"


def test_killing_everything_in_sight_harms_only_itself(script: Run) -> None:
    code = "import os, signal\nfor p in [-1, *range(2, 99), os.getppid()]:\n"
    code += "    try: os.kill(p, signal.SIGKILL)\n    except OSError: pass"
    script(code)
    assert script("print('alive')").stdout == "alive\n"


def test_an_ordinary_user_is_isolated_just_as_well(tmp_path: Path) -> None:
    installed = install_for_anybody(tmp_path / "copy", c_part=False)
    probe = subprocess.run(
        [installed.interpreter, "-B", "-m", "apps.sandbox", "probe", "--json"],
        cwd=installed.folder,
        **installed.somebody,
        env=installed.environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert '"available": true' in probe.stdout, probe.stdout + probe.stderr
    assert '"user": "ordinary"' in probe.stdout
