"""
Worktrees of our own, below one folder of this machine.

Each belongs to the process that holds the lock on its directory. The system lets go of the lock when that process ends,
however it ends, so a worktree that nobody holds was left behind, and whoever makes the next one removes it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.repositories.gateways import git
from apps.repositories.types import RepositoryUnavailable

log = logging.getLogger(__name__)


@contextmanager
def worktree(repository: Path, sha: str, *, folder: Path) -> Iterator[Path]:
    """
    Check *sha* of *repository* out in a new directory below *folder*, and remove it again.

    :raises GitError: there is no such commit, or git failed.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Held until a new directory is locked, so that nobody takes it for one that was left behind.
    with _held(folder):
        _sweep(folder)
        directory = Path(tempfile.mkdtemp(dir=folder))
        lock = _lock(directory, fcntl.LOCK_EX)
    try:
        git.run(repository, "worktree", "add", "--quiet", "--detach", str(directory), sha)
        yield directory
    finally:
        shutil.rmtree(directory)
        os.close(lock)
        git.run(repository, "worktree", "prune")


def _sweep(folder: Path) -> None:
    """Remove each worktree that no process holds, and let its repository forget it."""
    for directory in folder.iterdir():
        try:
            lock = _lock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # Somebody works in it, or has just removed it.
        repository = _repository_of(directory)
        shutil.rmtree(directory, ignore_errors=True)  # What a dying git still writes is removed the next time.
        os.close(lock)
        log.warning("Removed the worktree %s, which a process that died left behind.", directory)
        if repository is not None:
            _prune(repository)


def _repository_of(directory: Path) -> Path | None:
    """Return the git directory that *directory* is a worktree of; None when it never became one."""
    try:
        place = Path((directory / ".git").read_text().removeprefix("gitdir: ").strip())
    except OSError:
        return None
    return place.parents[1] if place.parent.name == "worktrees" else None


def _prune(repository: Path) -> None:
    try:
        git.run(repository, "worktree", "prune")
    except (git.GitError, RepositoryUnavailable) as error:
        log.warning("The repository %s could not be told: %s", repository, error)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = _lock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _lock(directory: Path, operation: int) -> int:
    """Return the open *directory*, locked until it is closed."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, operation)
    except OSError:
        os.close(handle)
        raise
    return handle
