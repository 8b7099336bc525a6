"""The pool: thread-safe, ordered, and alive whatever happens to its processes."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.core.errors import NofxError
from apps.sandbox import services
from apps.sandbox.gateways import diagnosis, selftest
from apps.sandbox.gateways import pool as pool_module
from apps.sandbox.gateways.worker import StartFailed, Worker, spare_id
from apps.sandbox.services import (
    Call,
    CommandRun,
    FunctionRun,
    Limits,
    Sandbox,
    SandboxUnavailable,
    ScriptRun,
    sandbox_map,
    sandbox_probe,
    sandbox_run,
)


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A pool that a test may harm."""
    opened = Sandbox.open(workers=2)
    yield opened
    opened.close()


def children(of: int | str = "self") -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{of}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def descriptors_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def wait_until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def identity(number: int) -> FunctionRun:
    return FunctionRun("def f(x): return x", "f", (Call((number,)),))


def test_results_of_a_map_come_in_order(own: Sandbox) -> None:
    slow_first = [ScriptRun(f"import time; time.sleep({0.2 if i == 0 else 0}); print({i})") for i in range(12)]
    assert [result.stdout for result in own.map(slow_first)] == [f"{i}\n" for i in range(12)]


def test_a_map_takes_specifications_as_it_goes_and_may_be_left_early(own: Sandbox) -> None:
    taken: list[int] = []

    def endless() -> Iterator[FunctionRun]:
        while True:
            taken.append(1)
            yield identity(len(taken))

    results = own.map(endless())
    assert next(results).values[0].ok == 1
    results.close()  # type: ignore[attr-defined]  # map returns a generator
    assert len(taken) < 20


def test_many_threads_share_one_pool(own: Sandbox) -> None:
    got: dict[int, object] = {}

    def work(number: int) -> None:
        got[number] = own.run(identity(number)).values[0].ok

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {number: number for number in range(24)}


def test_a_zygote_that_died_between_runs_is_replaced_unnoticed(own: Sandbox) -> None:
    before = children()
    list(own.map([ScriptRun("import time; time.sleep(0.1)")] * 2))
    started = children() - before
    assert len(started) == 2
    zygotes = {zygote for pid in started for zygote in children(pid)}
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(Path(f"/proc/{zygote}").exists() for zygote in zygotes))
    assert [own.run(identity(number)).values[0].ok for number in range(4)] == [0, 1, 2, 3]


def test_the_death_of_a_zygote_in_mid_run_is_infra_and_hangs_nothing(own: Sandbox) -> None:
    own.ensure_tested()
    own.close()
    before = children()
    statuses: list[str] = []
    long_run = ScriptRun("import time; time.sleep(60)", limits=Limits(wall_s=60))
    thread = threading.Thread(target=lambda: statuses.append(own.run(long_run).status))
    thread.start()
    # Our child waits, its child is the zygote, and below that is the run.
    assert wait_until(lambda: any(children(zygote) for pid in children() - before for zygote in children(pid)))
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    thread.join(20)
    assert statuses == ["infra"]
    assert own.run(identity(3)).values[0].ok == 3


def test_what_runs_here_is_the_first_to_go_when_memory_runs_out(own: Sandbox) -> None:
    before = children()
    own.run(ScriptRun("print(1)"))
    started = children() - before
    zygotes = {zygote for pid in started for zygote in children(pid)}
    assert zygotes
    assert {Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in started | zygotes} == {"1000\n"}


@contextlib.contextmanager
def only_more_descriptors(count: int) -> Iterator[None]:
    """Let this process open no more than ``count`` further descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    highest = next(n for n in itertools.count() if n + 1 - sum(1 for fd in taken if fd <= n) > count)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("count", range(7))
def test_a_run_that_finds_no_descriptor_left_is_infra_and_loses_none(sandbox: Sandbox, count: int) -> None:
    sandbox.run(ScriptRun("print(1)"))
    before = descriptors_open()
    with only_more_descriptors(count):
        result = sandbox.run(ScriptRun("print(1)", stdin="x"))
    assert (result.status, result.refused) == ("infra", "")
    assert "Too many open files" in result.stderr
    sandbox.run(ScriptRun("print(1)"))
    assert sandbox.run(ScriptRun("print(input())", stdin="x")).stdout == "x\n"
    assert descriptors_open() == before


@pytest.mark.parametrize("size", [(1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_000])
def test_all_of_an_output_around_the_size_of_a_pipe_arrives(sandbox: Sandbox, size: int) -> None:
    result = sandbox.run(ScriptRun(f"import os; os.write(2, b'e' * 10); print('x' * {size - 1})"))
    assert (len(result.stdout), result.stderr) == (size, "e" * 10)


def test_an_output_of_many_packets_arrives_whole(sandbox: Sandbox) -> None:
    code = "import fcntl, os\nfcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT)\nfor i in range(9): os.write(1, b'%d' % i)"
    assert sandbox.run(ScriptRun(code)).stdout == "012345678"


def test_closing_leaves_no_process_and_no_descriptor(own: Sandbox) -> None:
    before, descriptors = children(), descriptors_open()
    own.run(ScriptRun("print(1)"))
    own.run(ScriptRun("while True: pass", limits=Limits(wall_s=0.1)))
    own.close()
    assert children() == before
    assert descriptors_open() == descriptors


def test_a_forked_process_gets_a_pool_of_its_own() -> None:
    assert sandbox_run(ScriptRun("print(1)")).stdout == "1\n"
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        outcome = b"failed"
        try:
            outcome = sandbox_run(ScriptRun("print('child')")).stdout.encode()
        finally:
            os.write(write, outcome)
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"child\n"
    os.waitpid(pid, 0)
    assert [result.stdout for result in sandbox_map([ScriptRun("print(2)")] * 4)] == ["2\n"] * 4


def test_killing_the_owner_ends_everything_it_started(tmp_path: Path) -> None:
    code = (
        "from apps.sandbox.services import *\nimport os\n"
        "from pathlib import Path\nsandbox_run(ScriptRun('print(1)'))\n"
        "tasks = Path('/proc/self/task').iterdir()\n"
        "print(*[pid for task in tasks for pid in (task / 'children').read_text().split()], flush=True)\n"
        "sandbox_run(ScriptRun('while True: pass', limits=Limits(wall_s=60, cpu_s=60)))\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pids = owner.stdout.readline().split()
    assert pids
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_the_probe_says_that_the_sandbox_holds_and_what_was_found() -> None:
    started = time.monotonic()
    probe = sandbox_probe()
    assert probe.available, probe
    assert probe.missing == ()
    assert probe.details["kernel"] == os.uname().release
    assert time.monotonic() - started < 10


def test_a_zygote_that_ends_while_it_starts_is_infra(own: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    own.ensure_tested()
    own.close()
    monkeypatch.setattr("apps.sandbox.gateways.worker.BOOT", "import os; os._exit(1)")
    assert own.run(identity(1)).status == "infra"
    monkeypatch.undo()
    assert own.run(identity(1)).values[0].ok == 1


def refuse(self: Worker, runtime: object) -> None:
    raise StartFailed("unshare user namespace: Operation not permitted")


def test_where_nothing_can_be_isolated_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "__init__", refuse)
    with pytest.raises(SandboxUnavailable) as caught:
        Sandbox.open(workers=1).run(ScriptRun("print(1)"))
    assert isinstance(caught.value, NofxError)
    assert "unshare user namespace" in caught.value.message
    assert caught.value.remedy
    probe = sandbox_probe()
    assert not probe.available
    assert probe.missing and probe.remedy


def test_a_sandbox_that_leaks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "escapes_find", lambda run: ("code in it can read a file of the host",))
    with pytest.raises(SandboxUnavailable, match="read a file of the host"):
        Sandbox.open(workers=1).run(ScriptRun("print(1)"))
    assert sandbox_probe().missing == ("code in it can read a file of the host",)


def test_a_sandbox_that_cannot_be_tested_is_refused_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sandbox.gateways.worker.BOOT", "import os; os._exit(1)")
    with pytest.raises(SandboxUnavailable, match=r"could not be tested.*ended while it started"):
        Sandbox.open(workers=1).run(ScriptRun("print(1)"))


@pytest.mark.parametrize(
    ("broken", "reported"),
    [
        ("socket.socket(family).connect(address)", "connect to the host's loopback"),
        ("libc.unshare(0x10000000) == 0", "make a namespace"),
        ("os.getuid() == 0", "be root"),
    ],
)
def test_the_self_test_reports_an_attack_that_succeeds(
    own: Sandbox, monkeypatch: pytest.MonkeyPatch, broken: str, reported: str
) -> None:
    monkeypatch.setattr(selftest, "ESCAPES", selftest.ESCAPES.replace(broken, "True"))
    assert f"code in it can {reported}" in own.selftest()


def test_another_architecture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "machine_supported", lambda: False)
    with pytest.raises(SandboxUnavailable, match="architecture"):
        Sandbox.open(workers=1).run(ScriptRun("print(1)"))


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("kernel/unprivileged_userns_clone", "0", diagnosis.USER_NAMESPACES_OFF),
        ("user/max_user_namespaces", "0", diagnosis.NO_USER_NAMESPACES_LEFT),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", diagnosis.APPARMOR),
    ],
)
def test_the_remedy_names_the_setting(monkeypatch: pytest.MonkeyPatch, setting: str, value: str, remedy: str) -> None:
    monkeypatch.setattr(diagnosis, "_setting", lambda path: value if path == setting else "")
    assert diagnosis.remedy_for("unshare user namespace: Operation not permitted") == remedy


def test_an_old_kernel_and_a_container_with_one_user_have_their_own_remedies() -> None:
    assert diagnosis.remedy_for("mount_setattr: Function not implemented") == diagnosis.OLD_KERNEL
    assert diagnosis.remedy_for("map a user other than root: ...") == diagnosis.ONE_USER


def test_root_is_mapped_to_a_user_that_is_not_root(tmp_path: Path) -> None:
    table = tmp_path / "uid_map"
    table.write_text("0 0 4294967295\n")
    assert spare_id(table) == 200_000
    table.write_text("0 100000 65536\n")
    assert spare_id(table) == 65_535
    table.write_text("0 1000 1\n")  # root of its own namespace, an ordinary user outside
    assert spare_id(table) == 0
    table.write_text("0 0 1\n")
    with pytest.raises(PermissionError):
        spare_id(table)


def test_a_machine_without_user_namespaces_is_refused_at_once_with_the_remedy() -> None:
    """Made real: inside a namespace of which no further one may be made."""
    probe = f"{sys.executable} -m apps.sandbox probe --json"
    line = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {probe}"
    started = time.monotonic()
    refused = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", line], capture_output=True, text=True)
    assert time.monotonic() - started < 5
    assert refused.returncode == 1, refused.stderr
    facts = json.loads(refused.stdout)
    assert not facts["available"]
    assert "user namespace" in facts["missing"][0]
    assert facts["remedy"] == diagnosis.NO_USER_NAMESPACES_LEFT


def test_services_need_no_django() -> None:
    code = "import sys, apps.sandbox.services, apps.sandbox.serve; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert services.sandbox_run.__doc__


def test_a_clock_that_jumps_changes_no_limit_and_no_duration(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = itertools.cycle((86_400.0, -86_400.0))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    stopped = sandbox.run(ScriptRun("while True: pass", limits=Limits(wall_s=0.3, cpu_s=9)))
    assert stopped.status == "timeout"
    assert 300 <= stopped.wall_ms < 3000
    assert sandbox.run(ScriptRun("print(1)")).status == "exit"


PROCESSORS = "import os; print(*sorted(os.sched_getaffinity(0)))"


def test_a_run_may_move_to_any_processor(sandbox: Sandbox) -> None:
    everywhere = " ".join(str(processor) for processor in sorted(os.sched_getaffinity(0))) + "\n"
    assert sandbox.run(ScriptRun(PROCESSORS)).stdout == everywhere
    assert sandbox.run(CommandRun(("python", "-c", PROCESSORS))).stdout == everywhere
