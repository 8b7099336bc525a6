"""The supervisor: children come back, helpers do not outlive their leader, two folders never meet."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nofx.env import Environment
from nofx.supervisor import ports, processes
from nofx.supervisor.children import Child, children
from nofx.supervisor.errors import DiskFull, PortTaken, StartRefused, from_os_error
from nofx.supervisor.home import Home
from nofx.supervisor.loop import Supervisor
from nofx.supervisor.platform import Platform
from nofx.supervisor.prepare import prepare

SLEEP = "import time; time.sleep(600)"
FORK = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    home.make()
    yield home
    processes.end(home.path, grace=0.1)


def supervise(home: Home, *programs: str) -> Supervisor:
    commands = tuple(Child(f"child{number}", (sys.executable, "-c", text)) for number, text in enumerate(programs))
    supervisor = Supervisor(home, commands, {"port": 1}, is_embedded=False)
    supervisor.start()
    return supervisor


@pytest.fixture
def watched(home: Home) -> Iterator[Home]:
    supervisor = supervise(home, FORK + SLEEP)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    yield home
    supervisor.stop.set()
    thread.join()
    supervisor.end()


def pid(home: Home) -> int | None:
    return home.read_state()["processes"][0]["pid"]


def test_a_killed_child_comes_back_without_the_helpers_of_the_first(watched):
    first = pid(watched)
    eventually(lambda: len(processes.belonging_to(watched.path)) == 2)
    before = set(processes.belonging_to(watched.path))
    os.kill(first, signal.SIGKILL)
    eventually(lambda: pid(watched) not in {None, first})
    assert not before & set(processes.belonging_to(watched.path))
    state = watched.read_state()["processes"][0]
    assert (state["restarts"], state["last_exit"]) == (1, -signal.SIGKILL)


def test_ending_stops_children_and_their_helpers(home):
    supervisor = supervise(home, FORK + SLEEP, SLEEP)
    eventually(lambda: len(processes.belonging_to(home.path)) == 3)
    supervisor.end()
    assert processes.belonging_to(home.path) == []
    assert home.read_state() == {}


def test_a_child_that_ignores_the_request_is_killed(home, monkeypatch):
    monkeypatch.setattr("nofx.supervisor.loop._GRACE", 0.2)
    supervisor = supervise(
        home,
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); " + SLEEP,
    )
    eventually(lambda: "ready" in home.log_tail("child0"))
    supervisor.end()
    assert processes.belonging_to(home.path) == []


def test_what_a_killed_supervisor_left_behind_is_found_and_ended(home):
    supervise(home, FORK + SLEEP)
    eventually(lambda: len(processes.belonging_to(home.path)) == 2)
    assert processes.end(home.path, grace=0.5) == 2
    assert processes.belonging_to(home.path) == []


def test_processes_of_another_folder_are_left_alone(home, tmp_path):
    other = Home(tmp_path / "home2")
    other.make()
    supervise(other, SLEEP)
    assert processes.end(home.path, grace=0.1) == 0
    assert len(processes.belonging_to(other.path)) == 1
    processes.end(other.path, grace=0.5)


def test_there_is_one_supervisor_for_a_folder(home):
    assert not home.is_supervised()
    with home.supervising() as is_first:
        assert is_first
        assert home.is_supervised()
        with home.supervising() as is_second:
            assert not is_second
    assert not home.is_supervised()


def test_the_lock_of_a_killed_supervisor_is_free(home):
    program = (
        "import sys, time; from pathlib import Path; from nofx.supervisor.home import Home\n"
        "with Home(Path(sys.argv[1])).supervising(): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(home.path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert home.is_supervised()
    holder.kill()
    holder.wait()
    assert not home.is_supervised()


def test_a_log_that_grew_large_is_set_aside(home, monkeypatch):
    monkeypatch.setattr("nofx.supervisor.home._LOG_BYTES", 10)
    (home.logs / "web.log").write_text("a long story\n")
    os.close(home.open_log("web"))
    assert (home.logs / "web.log").read_text() == ""
    assert (home.logs / "web.log.1").read_text() == "a long story\n"


def names(**values: str) -> list[str]:
    return [child.name for child in children(Environment(values), 8000)]


def test_local_models_are_tended_unless_none_are_wanted():
    assert names() == ["web", "workers", "models"]
    assert names(NOFX_LOCAL_MODELS="none") == ["web", "workers"]
    assert names(NOFX_LOCAL_MODELS="none", NOFX_LOCAL_MODEL_PATHS="/a.gguf") == ["web", "workers", "models"]


# --- Ports ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_is_refused_with_a_remedy(home, taken):
    with pytest.raises(PortTaken, match=f"Port {taken} is taken") as caught:
        ports.choose(Environment({"NOFX_PORT": str(taken)}), home)
    assert "NOFX_PORT" in caught.value.remedy


def test_a_port_that_is_taken_is_refused_before_anything_is_made(home, taken):
    with pytest.raises(PortTaken):
        prepare(Platform(Environment({"NOFX_HOME": str(home.path), "NOFX_PORT": str(taken)})), say=print)
    assert not home.postgres.exists()


def test_a_database_of_ones_own_without_its_owner_and_keys_is_refused(tmp_path):
    settings = {"NOFX_HOME": str(tmp_path), "DATABASE_URL": "postgresql://app@localhost/nofx"}
    with pytest.raises(
        StartRefused, match="NOFX_MIGRATE_DATABASE_URL and NOFX_SECRET_KEY and NOFX_SIGNING_KEY are not"
    ):
        prepare(Platform(Environment(settings)), say=print)
    with pytest.raises(StartRefused, match="set and NOFX_SECRET_KEY and NOFX_SIGNING_KEY are not"):
        prepare(
            Platform(Environment({**settings, "NOFX_MIGRATE_DATABASE_URL": "postgresql://owner@localhost/nofx"})),
            say=print,
        )


@pytest.mark.parametrize("text", ["web", "0", "70000", "-1"])
def test_what_is_no_port_is_refused(home, text):
    with pytest.raises(StartRefused, match="not a port"):
        ports.choose(Environment({"NOFX_PORT": text}), home)


def test_the_next_free_port_is_taken_and_kept(home, taken, monkeypatch):
    monkeypatch.setattr("nofx.supervisor.ports._FIRST", taken)
    monkeypatch.setattr("nofx.supervisor.ports._LAST", taken + 20)
    port = ports.choose(Environment({}), home)
    assert taken < port <= taken + 20
    assert ports.choose(Environment({}), home) == port


def test_two_folders_that_start_together_choose_different_ports(home, tmp_path):
    other = Home(tmp_path / "other")
    other.make()
    program = (
        "import sys; from pathlib import Path; from nofx.env import Environment; from nofx.supervisor import ports;"
        "from nofx.supervisor.home import Home;"
        "print(ports.choose(Environment({}), Home(Path(sys.argv[1]))), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(other.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starting:
        assert starting.stdout is not None
        theirs = int(starting.stdout.readline())
        assert ports.is_free("127.0.0.1", theirs)
        assert ports.choose(Environment({}), home) != theirs
        starting.communicate()


def test_no_free_port_at_all_is_said(home, taken, monkeypatch):
    monkeypatch.setattr("nofx.supervisor.ports._FIRST", taken)
    monkeypatch.setattr("nofx.supervisor.ports._LAST", taken)
    with pytest.raises(PortTaken, match="Every port"):
        ports.choose(Environment({}), home)


# --- Errors ---------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_as_such():
    error = from_os_error(OSError(28, "No space left on device"), "/somewhere")
    assert isinstance(error, DiskFull)
    assert "/somewhere is full" in error.message


def test_a_folder_that_may_not_be_written_names_the_remedy():
    error = from_os_error(PermissionError(13, "Permission denied", "/there"), "/somewhere")
    assert "/there may not be written to" in error.message
    assert "NOFX_HOME" in error.remedy
