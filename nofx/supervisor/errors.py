"""Why the platform does not start, in words for a person."""

from __future__ import annotations

import errno
from pathlib import Path

from apps.core.errors import NofxError


class StartRefused(NofxError):
    """The platform cannot start as things are."""

    code = "start_refused"
    status = 503


class PortTaken(StartRefused):
    """Somebody else listens on the port that was asked for."""

    code = "port_taken"


class DatabaseNewer(StartRefused):
    """The database was migrated by a newer version of this project."""

    code = "database_newer"


class DiskFull(StartRefused):
    """There is no room to work in."""

    code = "disk_full"

    def __init__(self, where: Path | str) -> None:
        super().__init__(
            f"The disk that holds {where} is full.",
            remedy="Free some space and run the same command again; nothing that was saved is lost.",
        )


def from_os_error(error: OSError, where: Path | str) -> NofxError:
    """Return the sentence for *error*, met while working in *where*."""
    place = error.filename or where
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(place)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StartRefused(
            f"{place} may not be written to.", remedy="Set NOFX_HOME to a folder that you may write to."
        )
    return StartRefused(f"{place}: {error.strerror or error}.", remedy="Put that right and run the command again.")
