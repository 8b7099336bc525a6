"""Writes texts nobody trusts into a folder of their own, where tools may read them and nothing runs them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apps.checks.types import UnsafePath

MAX_SOURCE_BYTES = 2**20

# Comments by which a text could switch a checker off; one letter is changed, so that places stay the same.
_MYPY_SETTINGS = re.compile(r"#(\s*)mypy:")
_TYPE_IGNORE = re.compile(r"#(\s*)type:(\s*)ignore")


@dataclass(frozen=True)
class Workspace:
    """``root`` holds the texts, ``home`` is an empty home folder for the tools."""

    root: Path
    home: Path


@contextmanager
def workspace(files: Mapping[str, str], *, honours_suppressions: bool) -> Iterator[Workspace]:
    """
    Write ``files`` (path to text) into a new folder that is removed afterwards.

    Only Python files are written: no configuration of the texts' author ever reaches a tool. Settings comments for
    mypy never count; ``# type: ignore`` only counts where suppressions are honoured.

    :raises UnsafePath: a path leaves the folder, or no file can have it.
    """
    with tempfile.TemporaryDirectory(prefix="nofx-check-") as name:
        place = Workspace(root=Path(name, "code"), home=Path(name, "home"))
        place.root.mkdir()
        place.home.mkdir()
        for path, text in files.items():
            target = place.root / safe_path(path)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(_unsilenced(text, honours_suppressions).encode(errors="replace"))
            except OSError as error:
                raise UnsafePath(f"No file can be called {path[:100]!r}: {error.strerror}.") from error
        yield place


def _unsilenced(text: str, honours_suppressions: bool) -> str:
    without_settings = _MYPY_SETTINGS.sub(r"#\1mypy;", text)
    return without_settings if honours_suppressions else _TYPE_IGNORE.sub(r"#\1type;\2ignore", without_settings)


def safe_path(path: str) -> PurePosixPath:
    """
    Return ``path`` when it names a Python file inside its folder.

    :raises UnsafePath: it does not.
    """
    pure = PurePosixPath(path)
    is_inside = bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts
    if not is_inside or not path.isprintable() or "\\" in path or pure.suffix not in (".py", ".pyi"):
        raise UnsafePath(
            f"{path[:100]!r} is not the path of a Python file inside the repository.",
            remedy="Give a relative path that ends in .py.",
        )
    return pure


def is_test_path(path: str) -> bool:
    """Return whether a Python file is part of the tests, or of the build, by pytest's and setuptools' conventions."""
    pure = PurePosixPath(path)
    is_test = pure.name.startswith("test_") or pure.stem.endswith("_test") or pure.name in ("conftest.py", "setup.py")
    return is_test or bool({"tests", "test", "testing"} & set(pure.parts[:-1]))
