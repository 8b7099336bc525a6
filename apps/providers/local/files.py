"""The files of a model: the one that is served, and the one that grows while it is fetched."""

from __future__ import annotations

from pathlib import Path

from apps.providers.local import index_parts
from apps.providers.local.catalogue import Model


def part_file(model: Model, folder: Path) -> Path:
    """Return where *model* grows."""
    return folder / f"{model.filename}.part"


def remove(model: Model, folder: Path) -> None:
    """Delete *model*, finished or not. Safe while it is served: the memory stays until the server ends."""
    part = part_file(model, folder)
    index_parts.forget(part)
    part.unlink(missing_ok=True)
    (folder / model.filename).unlink(missing_ok=True)
