"""Keeps the local models as people want them: fetched one after the other, each served as soon as it is there."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.errors import NofxError
from apps.providers.local import download, files, state
from apps.providers.local.catalogue import Model, OwnModel
from apps.providers.local.errors import Stopped
from apps.providers.local.server import require_llama
from apps.providers.local.serving import COMMAND, Served
from apps.providers.local.state import ModelState, State, StateFile, Wish

_TICK = 0.5
_FIRST_RETRY = 60.0
_LONGEST_RETRY = 1800.0
_FAILURES_TO_TELL = 3


class OtherRuns(NofxError):
    """Another process serves the models of this folder."""

    code = "other_runs"
    status = 409


@dataclass
class _Fetching:
    """The download under way, in a thread of its own; ``result`` is set at its end."""

    model: Model
    thread: threading.Thread
    failure: NofxError | None = None


@dataclass
class LocalModels:
    """
    The models of one folder. One thread tends everything, a second one fetches.

    Ends within seconds once ``stop`` is set. A kill -9 loses nothing: files grow in place, servers die with this
    process, and the next one begins where this one was.
    """

    folder: Path
    fetched: Sequence[Model]
    own: Sequence[OwnModel] = ()
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1))
    command: tuple[str, ...] = COMMAND
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._state = StateFile(self.folder)
        self._served: dict[str, Served] = {}
        self._fetching: _Fetching | None = None
        self._retry_at: dict[str, float] = {}
        self._retry_delay: dict[str, float] = {}

    def run(self) -> None:
        """
        Work until ``stop`` is set.

        :raises OtherRuns: another process does this for the folder.
        """
        with _alone(self.folder):
            self._begin()
            try:
                while not self.stop.wait(_TICK):
                    self.tend(time.monotonic())
            finally:
                self.stop.set()
                self._end()

    def _begin(self) -> None:
        begun = {
            model.name: ModelState(label=model.label, total=model.size, bytes=self._present(model))
            for model in self.fetched
        }
        begun |= {model.name: ModelState(label=model.path.name) for model in self.own}
        self._state.reset(begun)
        for own in self.own:
            if own.path.is_file():
                size = own.path.stat().st_size
                self._state.change(own.name, bytes=size, total=size, source="own file")
            else:
                self._state.change(own.name, state=State.FAILED, error=f"There is no file {own.path}.")

    def tend(self, now: float) -> None:
        """Look at everything once."""
        try:
            require_llama()
        except NofxError as error:
            for name in [*(model.name for model in self.fetched), *(model.name for model in self.own)]:
                self._state.change(name, state=State.FAILED, error=str(error))
            return
        for model in self.fetched:
            self._tend_fetched(model, now)
        for own in self.own:
            if own.path.is_file():
                self._tend_served(own.name, own.path, now)

    def _tend_fetched(self, model: Model, now: float) -> None:
        wish = state.wish_of(self.folder, model.name)
        is_busy = self._fetching is not None and self._fetching.model is model
        if self._fetching and is_busy and not self._fetching.thread.is_alive():
            self._take_result(self._fetching, now)
            is_busy = False
        path = self.folder / model.filename
        if wish is Wish.REMOVE:
            if not is_busy:
                self._remove(model)
        elif path.exists():
            self._state.change(model.name, bytes=model.size)
            self._tend_served(model.name, path, now)
        elif wish is Wish.CANCEL:
            if not is_busy:
                self._state.change(model.name, state=State.CANCELLED, error="", bytes=self._present(model))
        elif self._fetching is None and now >= self._due(model, now):
            self._fetch(model)

    def _due(self, model: Model, now: float) -> float:
        """Return when to fetch: at once, unless it failed and nobody asked again since."""
        if self._state.get(model.name).state in (State.CANCELLED, State.REMOVED):
            self._state.change(model.name, state=State.WAITING)
            return now
        return self._retry_at.get(model.name, now)

    def _fetch(self, model: Model) -> None:
        name = model.name
        self._state.change(name, error="")
        watcher = download.Watcher(
            stop=lambda: self.stop.is_set() or state.wish_of(self.folder, name) is not None,
            on_bytes=lambda received: self._state.progress(name, received),
            on_source=lambda source: self._state.change(name, source=source),
            on_state=lambda now: self._state.change(name, state=now),
        )
        fetching = _Fetching(model, threading.Thread(daemon=True))
        fetching.thread = threading.Thread(target=self._fetch_in_thread, args=(fetching, watcher), daemon=True)
        self._fetching = fetching
        fetching.thread.start()

    def _fetch_in_thread(self, fetching: _Fetching, watcher: download.Watcher) -> None:
        try:
            download.fetch(fetching.model, self.folder, watcher)
        except Stopped:
            pass
        except NofxError as failure:
            fetching.failure = failure
        except OSError as error:
            fetching.failure = NofxError(f"The disk refused: {error.strerror}.", remedy=f"Look at {self.folder}.")

    def _take_result(self, fetching: _Fetching, now: float) -> None:
        self._fetching = None
        name = fetching.model.name
        if fetching.failure is None:
            self._retry_delay.pop(name, None)
            return
        delay = self._retry_delay.get(name, _FIRST_RETRY)
        self._retry_at[name], self._retry_delay[name] = now + delay, min(delay * 2, _LONGEST_RETRY)
        self._state.change(name, state=State.FAILED, error=str(fetching.failure), bytes=self._present(fetching.model))
        _say(f"{name}: {fetching.failure}")

    def _remove(self, model: Model) -> None:
        if model.name in self._served:
            self._served.pop(model.name).end()
        files.remove(model, self.folder)
        self._state.change(model.name, state=State.REMOVED, bytes=0, address="", error="", source="")

    def _tend_served(self, name: str, path: Path, now: float) -> None:
        if name not in self._served:
            self._served[name] = Served(name, path, self.folder / f"{name}.address", self.threads, self.command)
        served = self._served[name]
        code = served.tend(now)
        if code is not None:
            _say(f"The server of {name} ended with {code}; it starts again in {served.start_at - now:.0f} s.")
        if address := served.address:
            self._state.change(name, state=State.SERVING, address=address, error="")
        elif served.failures >= _FAILURES_TO_TELL:
            error = f"Its server ended {served.failures} times in a row; the log of the models says why."
            self._state.change(name, state=State.FAILED, address="", error=error)
        else:
            self._state.change(name, state=State.STARTING, address="")

    def _present(self, model: Model) -> int:
        for path in (self.folder / model.filename, files.part_file(model, self.folder)):
            if path.exists():
                return path.stat().st_size
        return 0

    def _end(self) -> None:
        for name, served in self._served.items():
            served.end()
            self._state.change(name, state=State.WAITING, address="")
        if self._fetching:
            # Its pieces are small; a connection that hangs must not keep the platform from ending.
            self._fetching.thread.join(3)
            self._state.change(self._fetching.model.name, state=State.WAITING)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "serving.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OtherRuns(f"Another process fetches and serves the models in {folder}.") from None
        yield


def _say(sentence: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, flush=True)
