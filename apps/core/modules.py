"""Under which name a file of Python is imported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath


def dotted_name(path: str, *, roots: Collection[str] = ("src",)) -> str:
    """Return the name by which the file at *path* is imported; a leading folder of *roots* is no part of it."""
    parts = PurePosixPath(path).with_suffix("").parts
    parts = parts[1:] if len(parts) > 1 and parts[0] in roots else parts
    return ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)
