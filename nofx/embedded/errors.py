"""What can go wrong with the embedded database, in words for a person."""

from __future__ import annotations

from apps.core.errors import NofxError


class EmbeddedPostgresError(NofxError):
    """The embedded database could not be made, started or stopped."""

    code = "embedded_postgres"
    status = 503


def explain_failure(what: str, output: str, *, log: str) -> EmbeddedPostgresError:
    """Return the error that names the likely cause found in *output*, the end of a tool's messages."""
    if "No space left on device" in output:
        return EmbeddedPostgresError(
            f"{what}: the disk is full.",
            remedy="Free some space and run the same command again; nothing that was saved is lost.",
        )
    if "Permission denied" in output or "wrong ownership" in output:
        return EmbeddedPostgresError(
            f"{what}: its files belong to another user.",
            remedy="Run the command as the user who made the folder, or set NOFX_HOME to a folder of your own.",
        )
    if "incompatible with server" in output:
        return EmbeddedPostgresError(
            f"{what}: the files were made by another major version of PostgreSQL.",
            remedy="Install the version of this project that made them, dump the data, and load it into a new folder.",
        )
    last = output.strip().splitlines()[-1:] or ["no message"]
    return EmbeddedPostgresError(f"{what}: {last[0].strip()}", remedy=f"The whole story is in {log}.")
