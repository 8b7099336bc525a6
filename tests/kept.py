"""
States that take seconds to make, such as a request in review: made once in a process, put back for each test.

What is put back are the same rows with the same ids, and the same files, since digests and the audit chain bind them. A
state is put back only where all that was there before it was equal but for times, the folder and the port of the
server: whatever a test has of its own before is part of what its state is known by, so it is made anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.fault_server import FaultServer, Reply, Request
from tests.tables import rows_read, rows_write

Keep = Callable[[str, Callable[[], UUID]], UUID]

TIME = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00")
# The only tables that say where the folder and the server of a test are.
PLACED = {'"repositories_repository"', '"providers_provider"'}
FOLDER, SERVER = b"<folder of the test>", b"<server of the test>"


@dataclass(frozen=True)
class State:
    """What there is once *pk* was made."""

    pk: UUID
    rows: Mapping[str, bytes]
    files: Path
    asked: tuple[Request, ...]
    answers: tuple[Reply, ...]


_states: dict[str, State] = {}


@pytest.fixture
def kept(
    request: pytest.FixtureRequest,
    code: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    server: FaultServer,
) -> Keep:
    """Make what a function makes and return its id, or put back what it made for an earlier test."""
    is_joined = request.node.get_closest_marker("joined") is not None

    def keep(name: str, make: Callable[[], UUID]) -> UUID:
        before = _rows(tmp_path, server)
        key = _key(f"{name} {is_joined} {_commit(code)}", before)
        if key in _states:
            _put_back(_states[key], tmp_path, server)
            return _states[key].pk
        pk = make()
        files = tmp_path_factory.mktemp("kept") / "files"
        shutil.copytree(tmp_path, files, symlinks=True)
        _place(files, tmp_path, files)
        _states[key] = State(pk, _rows(tmp_path, server), files, tuple(server.requests), server.coming())
        return pk

    return keep


def _rows(folder: Path, server: FaultServer) -> dict[str, bytes]:
    """Return all rows, with a word for what is another in every test."""
    rows = rows_read()
    for name in PLACED & rows.keys():
        rows[name] = rows[name].replace(bytes(folder), FOLDER).replace(server.url.encode(), SERVER)
    return rows


def _key(name: str, rows: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(name.encode())
    for table, text in rows.items():
        digest.update(table.encode() + b"\n" + TIME.sub(b"", text))
    return digest.hexdigest()


def _commit(code: Path) -> str:
    return (code / ".git/refs/heads/main").read_text()


def _put_back(state: State, folder: Path, server: FaultServer) -> None:
    shutil.rmtree(folder)
    shutil.copytree(state.files, folder, symlinks=True)
    _place(folder, state.files, folder)
    rows = {
        name: text.replace(FOLDER, bytes(folder)).replace(SERVER, server.url.encode()) if name in PLACED else text
        for name, text in state.rows.items()
    }
    rows_write(rows)
    server.answers(state.answers)
    server.requests[:] = state.asked


def _place(files: Path, old: Path, new: Path) -> None:
    """Let the repository below *files*, which had its remote below *old*, have it below *new*."""
    config = files / "shop/.git/config"
    config.write_text(config.read_text().replace(str(old), str(new)))
