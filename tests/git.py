"""Real git repositories; one that begins like another is copied from it, which starts no process."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@localhost")


def git(path: Path, *arguments: str) -> str:
    """Run git in *path* and return what it said."""
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=path, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(path: Path, files: Mapping[str, str | None], message: str = "Change") -> str:
    """Write *files* (None removes one) and commit them, in a new repository where there is none; return the commit."""
    if not path.exists():
        path.mkdir()
        git(path, "init", "--quiet", "--initial-branch=main", "--template=")
    for name, text in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            target.unlink()
        else:
            target.write_text(text)
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(path, "rev-parse", "HEAD")


def shop_begin(folder: Path, files: Mapping[str, str], *, run: Path, has_remote: bool = False) -> Path:
    """
    Return a new repository ``shop`` in *folder* with one commit of *files*.

    Its remote, where it has one, is the bare repository ``remote.git`` beside it. *run* is a folder that one process
    has while it runs: what begins alike is made there once.
    """
    begun = _begun(run, tuple(files.items()), has_remote)
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    path = folder / "shop"
    if has_remote:
        config = path / ".git" / "config"
        config.write_text(config.read_text().replace(str(begun), str(folder)))
    return path


@cache
def _begun(run: Path, files: tuple[tuple[str, str], ...], has_remote: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="begun-", dir=run))
    commit(folder / "shop", dict(files), "Begin")
    if has_remote:
        remote_add(folder / "shop")
    return folder


def remote_add(path: Path) -> Path:
    """Give the repository at *path* a bare remote beside it, with the same commits; return its path."""
    remote = path.parent / "remote.git"
    git(path.parent, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(remote))
    (remote / "hooks").mkdir()
    git(path, "remote", "add", "origin", str(remote))
    git(path, "push", "--quiet", "origin", "main")
    return remote
