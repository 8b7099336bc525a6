"""The folder of backups, as far as retention is concerned: what lies there, how old, and that it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from apps.governance.engine.retention import Holds, Usage

PATTERN = "*.nofx-backup"


class BackupFiles:
    """Backups in ``NOFX_BACKUPS``, as old as their files. A hold on anything keeps them all: each holds everything."""

    def all(self) -> Usage:
        return _usage(_files())

    def old(self, before: datetime, holds: Holds) -> Usage:
        return _usage(_old(before, holds))

    def purge(self, before: datetime, holds: Holds, limit: int) -> int:
        files = _old(before, holds)[:limit]
        for path, _ in files:
            path.unlink(missing_ok=True)
        return len(files)


def _old(before: datetime, holds: Holds) -> list[tuple[Path, datetime]]:
    return [] if holds != Holds() else [(path, made) for path, made in _files() if made < before]


def _files() -> list[tuple[Path, datetime]]:
    files = [path for path in Path(settings.NOFX_BACKUPS).glob(PATTERN) if path.is_file()]
    return sorted(((path, datetime.fromtimestamp(path.stat().st_mtime, UTC)) for path in files), key=lambda one: one[1])


def _usage(files: list[tuple[Path, datetime]]) -> Usage:
    return Usage(len(files), files[0][1] if files else None)
