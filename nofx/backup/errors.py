"""Why a backup cannot be made or read."""

from __future__ import annotations

from apps.core.errors import Conflict, NofxError


class BackupFailed(NofxError):
    """A backup cannot be made."""

    code = "backup.failed"


class BackupUnreadable(NofxError):
    """The file is no backup, or not the one that was made."""

    code = "backup.unreadable"


class RestoreRefused(Conflict):
    """There is something already where the backup would go."""

    code = "backup.not_empty"


class RestoreBroken(NofxError):
    """What was restored is not what was backed up."""

    code = "backup.restored_differently"
