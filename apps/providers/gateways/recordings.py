"""The files that answers are recorded in and replayed from."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from django.conf import settings

from apps.providers.engine.recordings import Recording, recording_line


def recordings_path(variable: str) -> Path | None:
    """Return the file that a setting names, None where it names none."""
    name = settings.ENVIRONMENT[variable]
    return Path(name) if name else None


def recording_append(path: Path, prompt_digest: str, recording: Recording) -> None:
    """
    Append one answer, as a whole line whoever else writes. The file is its owner's alone.

    :raises OSError: the disk refuses.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(recording_line(prompt_digest, recording))
