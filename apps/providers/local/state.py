"""
What is known about each local model, and what people want of it: files in ``$NOFX_HOME/models``.

``state.json`` has one writer, the process that fetches and serves. Wishes (stop fetching, remove) are empty files
beside it, made and deleted by anybody, so that they hold while that process does not run.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

STATE_FILE = "state.json"
_WRITE_EVERY = 0.5


class State(StrEnum):
    """The life of a local model."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    STARTING = "starting"
    SERVING = "serving"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    FAILED = "failed"


class Wish(StrEnum):
    """What a person asked for: to fetch no further and keep what is there, or to have nothing of it."""

    CANCEL = "cancel"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model: ``bytes`` of ``total`` are here, from ``source``; ``address`` is set while it is served."""

    state: str = State.WAITING
    bytes: int = 0
    total: int = 0
    source: str = ""
    error: str = ""
    address: str = ""
    label: str = ""


def read(folder: Path) -> dict[str, ModelState]:
    """Return what the serving process last wrote about each model; nothing when it never ran."""
    try:
        content = json.loads((folder / STATE_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: _from_json(value) for name, value in content.items() if isinstance(value, dict)}


def _from_json(value: dict[str, Any]) -> ModelState:
    known = {field.name: type(field.default) for field in fields(ModelState)}
    return ModelState(**{name: item for name, item in value.items() if name in known and _fits(item, name)})


def _fits(item: object, name: str) -> bool:
    return isinstance(item, int if name in {"bytes", "total"} else str)


class StateFile:
    """The writer. Safe to use from several threads; readers see the old state or the new one, never half of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._models: dict[str, ModelState] = {}
        self._written = 0.0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def reset(self, models: dict[str, ModelState]) -> None:
        """Begin with *models* and forget all others."""
        with self._lock:
            self._models = dict(models)
            self._write()

    def get(self, name: str) -> ModelState:
        """Return what is known about the model *name*."""
        with self._lock:
            return self._models.get(name, ModelState())

    def change(self, name: str, **changes: Any) -> None:
        """Change some of what is known about *name* and write it down."""
        with self._lock:
            before = self.get(name)
            after = replace(before, **changes)
            if after != before:
                self._models[name] = after
                self._write()

    def progress(self, name: str, received: int) -> None:
        """Note how much of *name* is here; written down a few times a second at most."""
        with self._lock:
            self._models[name] = replace(self.get(name), bytes=received)
            if time.monotonic() - self._written >= _WRITE_EVERY:
                self._write()

    def _write(self) -> None:
        part = self._folder / f".{STATE_FILE}.{os.getpid()}"
        part.write_text(json.dumps({name: asdict(model) for name, model in self._models.items()}, indent=1))
        part.replace(self._folder / STATE_FILE)
        self._written = time.monotonic()


def wish_set(folder: Path, name: str, wish: Wish) -> None:
    """Ask for *wish*; it holds until it is taken back."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _wish_file(folder, name, wish).touch()


def wishes_clear(folder: Path, name: str, wishes: Iterable[Wish] = tuple(Wish)) -> None:
    """Take back what was asked for."""
    for wish in wishes:
        _wish_file(folder, name, wish).unlink(missing_ok=True)


def wish_of(folder: Path, name: str) -> Wish | None:
    """Return what is asked for; to remove is stronger than to stop."""
    return next((wish for wish in (Wish.REMOVE, Wish.CANCEL) if _wish_file(folder, name, wish).exists()), None)


def _wish_file(folder: Path, name: str, wish: Wish) -> Path:
    return folder / f"{name}.{wish}"
