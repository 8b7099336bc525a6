"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum

from apps.core.errors import NofxError


class Exit(IntEnum):
    """What an exit code means."""

    OK = 0
    FAILED = 1
    USAGE = 2
    AUTHENTICATION = 3
    NOT_FOUND = 4
    CONFLICT = 5
    WAITING = 6
    RETRY = 75
    INTERRUPTED = 130


_BY_STATUS = {
    401: Exit.AUTHENTICATION,
    403: Exit.AUTHENTICATION,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    429: Exit.RETRY,
}


def exit_code(error: NofxError) -> Exit:
    """Return the exit code that tells a script what kind of failure *error* is."""
    return _BY_STATUS.get(error.status, Exit.FAILED)
