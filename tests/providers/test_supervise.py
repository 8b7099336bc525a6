"""The process that fetches and serves: it follows wishes, outlives failures, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.providers.local import download, files, state, supervise
from apps.providers.local.catalogue import OwnModel
from apps.providers.local.state import State, Wish
from apps.providers.local.supervise import LocalModels, OtherRuns
from tests.providers.conftest import CONTENT

ROOT = Path(__file__).parents[2]
# What a server does as far as its supervisor can tell: it writes its address and stays.
STAND_IN = (sys.executable, "-c", "import sys, time; open(sys.argv[3], 'w').write('http://here/v1'); time.sleep(600)")
BROKEN = (sys.executable, "-c", "import sys; sys.exit(3)")


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def small_room(monkeypatch):
    monkeypatch.setattr(download, "_ROOM", 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Callable[[], None]]]:
    """Begin with the given models; the result looks at everything once. All of it ends with the test."""
    begun: list[LocalModels] = []

    def begin(fetched=(), own=(), command=STAND_IN):
        models = LocalModels(folder, fetched, own, threads=1, command=command)
        models._begin()
        begun.append(models)
        return models

    yield begin
    for models in begun:
        models.stop.set()
        models._end()


def known(folder: Path, name: str = "tiny") -> state.ModelState:
    return state.read(folder)[name]


def reach(models: LocalModels, folder: Path, wanted: State, name: str = "tiny") -> None:
    def look() -> bool:
        models.tend(time.monotonic())
        return known(folder, name).state == wanted

    until(look)


def test_a_model_is_fetched_and_then_served(model, home, index, folder, start):
    models = start([model])
    reach(models, folder, State.SERVING)
    assert known(folder).address == "http://here/v1"
    assert known(folder).bytes == known(folder).total == len(CONTENT)
    assert known(folder).source == "official home"


def test_cancelling_keeps_what_is_there_and_fetching_again_continues(model, home, index, folder, start):
    home.hang_after = 2_000_000
    models = start([model])
    part = files.part_file(model, folder)
    until(lambda: models.tend(time.monotonic()) or (part.exists() and part.stat().st_size > 500_000))
    state.wish_set(folder, "tiny", Wish.CANCEL)
    home.closing.set()
    reach(models, folder, State.CANCELLED)
    kept = known(folder).bytes
    assert kept > 0
    home.hang_after = None
    state.wishes_clear(folder, "tiny")
    reach(models, folder, State.SERVING)
    assert home.ranges[-1] == f"bytes={kept}-"


def test_cancelling_does_not_stop_what_is_served_already(model, home, index, folder, start):
    models = start([model])
    reach(models, folder, State.SERVING)
    state.wish_set(folder, "tiny", Wish.CANCEL)
    models.tend(time.monotonic())
    assert known(folder).state == State.SERVING


def test_removing_ends_the_server_and_deletes_the_file(model, home, index, folder, start):
    models = start([model])
    reach(models, folder, State.SERVING)
    process = models._served["tiny"].process
    state.wish_set(folder, "tiny", Wish.REMOVE)
    reach(models, folder, State.REMOVED)
    assert process.poll() is not None
    assert not (folder / model.filename).exists()
    assert (known(folder).bytes, known(folder).address) == (0, "")


def test_what_was_removed_stays_removed_after_a_restart(model, home, index, folder, start):
    folder.mkdir()
    state.wish_set(folder, "tiny", Wish.REMOVE)
    models = start([model])
    for _ in range(3):
        models.tend(time.monotonic())
    assert known(folder).state == State.REMOVED
    assert home.ranges == []


def test_what_cannot_be_fetched_says_why_and_is_tried_again_later(model, home, index, folder, start):
    home.status = 404
    models = start([model])
    reach(models, folder, State.FAILED)
    assert "HTTP 404" in known(folder).error
    home.status = None
    asked = len(home.ranges)
    models.tend(time.monotonic())
    assert len(home.ranges) == asked
    later = time.monotonic() + supervise._LONGEST_RETRY
    until(lambda: models.tend(later) or known(folder).state == State.SERVING)


def test_a_server_that_dies_is_started_again(model, home, index, folder, start):
    models = start([model])
    reach(models, folder, State.SERVING)
    first = models._served["tiny"].process
    first.kill()
    first.wait()
    models.tend(time.monotonic())
    assert known(folder).address == ""
    models.tend(time.monotonic() + 5)
    reach(models, folder, State.SERVING)
    assert models._served["tiny"].process.pid != first.pid


def test_a_server_that_never_starts_is_tried_more_and_more_slowly_and_told(folder, start, tmp_path):
    file = tmp_path / "own.gguf"
    file.write_bytes(b"not a model")
    models = start(own=[OwnModel("own", file)], command=BROKEN)
    now, waits = time.monotonic(), []
    for _ in range(4):
        models.tend(now)
        served = models._served["own"]
        until(lambda served=served: served.process.poll() is not None)
        models.tend(now)
        waits.append(served.start_at - now)
        now = served.start_at
    assert waits == pytest.approx([1, 2, 4, 8])
    assert known(folder, "own").state == State.FAILED
    assert "4 times" in known(folder, "own").error


def test_an_own_file_that_is_not_there_is_named(folder, start):
    start(own=[OwnModel("own", Path("/nowhere/own.gguf"))])
    assert (known(folder, "own").state, known(folder, "own").error) == (
        State.FAILED,
        "There is no file /nowhere/own.gguf.",
    )


def test_without_the_extra_nothing_is_fetched_and_the_remedy_is_told(model, home, index, folder, start, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    models = start([model])
    models.tend(time.monotonic())
    assert known(folder).state == State.FAILED
    assert "nofx[local]" in known(folder).error
    assert home.ranges == []


def test_the_state_on_disk_is_never_half_written(folder):
    file = state.StateFile(folder)
    file.reset({f"m{number}": state.ModelState(label="x" * 1000) for number in range(50)})
    process = subprocess.Popen(
        [sys.executable, "-c", _READER, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    for number in range(500):
        file.change("m0", bytes=number)
    (folder / "enough").touch()
    assert process.wait(30) == 0


_READER = """
import sys
from pathlib import Path
from apps.providers.local import state
folder = Path(sys.argv[1])
print("reading", flush=True)
while not (folder / "enough").exists():
    assert len(state.read(folder)) == 50
"""


def _process(home: Path, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "apps.providers.local"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NOFX_HOME": str(home), **environment},
        stderr=subprocess.PIPE,
    )


def test_the_process_ends_cleanly_and_only_one_serves_a_folder(tmp_path):
    settings = {"NOFX_LOCAL_MODELS": "none", "NOFX_LOCAL_MODEL_PATHS": "/nowhere/own.gguf"}
    first = _process(tmp_path, **settings)
    try:
        until(lambda: state.read(tmp_path / "models"))
        second = _process(tmp_path, **settings)
        _, said = second.communicate(timeout=30)
        assert second.returncode == 1
        assert b"Another process" in said
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    finally:
        first.kill()
        first.communicate()


def test_a_wrong_choice_of_models_is_refused_with_the_choices(tmp_path):
    process = _process(tmp_path, NOFX_LOCAL_MODELS="huge")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"none, small, all" in said


def test_two_supervisors_in_one_folder_are_refused(folder):
    folder.mkdir()
    with supervise._alone(folder), pytest.raises(OtherRuns):
        LocalModels(folder, ()).run()


_CHILD = """
import os, sys, time
from apps.providers.local.server import die_with
die_with(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(600)
"""
_PARENT = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
time.sleep(600)
"""


def test_a_server_dies_with_its_supervisor_however_that_ends():
    command = [sys.executable, "-c", _PARENT, _CHILD]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until(lambda: not _lives(child))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
