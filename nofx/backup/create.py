"""Make a backup of a running or stopped installation."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from apps.governance.engine.chain import Outcome
from nofx.backup.archive import Manifest, archive_verify, archive_write, digest_of, folder_pack
from nofx.backup.database import Facts, database_of, dump
from nofx.backup.errors import BackupFailed, BackupUnreadable
from nofx.env import Environment
from nofx.loading import platform_load

DUMP, ANCHORS = "database.dump", "anchors.tar"
# What signs sessions, and what signs statements: each with what people are told where it is left out.
KEYS = {
    "secret_key": "the secret key, which signs sessions",
    "signing_key.pem": "the key that signs statements; keep its file, or make one with nofx keys rotate",
}


def backup_create(environment: Environment, file: Path, *, with_secret_key: bool) -> tuple[Manifest, str]:
    """
    Write everything that cannot be made again to *file*, and return its manifest and the file's SHA-256.

    That is the database, the anchors and the repositories that lie in the folder of the installation. That it is made
    is the newest entry of the audit chain in it; that it could be read back is the next one, which it does not hold.

    :raises BackupFailed: the file exists already, or the database cannot be dumped.
    :raises BackupUnreadable: what was written does not read back as it was.
    """
    if file.exists():
        raise BackupFailed(f"{file} exists.", remedy="Name a file that does not exist yet.")
    if not file.absolute().parent.is_dir():
        raise BackupFailed(f"There is no folder {file.absolute().parent}.", remedy="Make it, or name another one.")
    database = database_of(environment)
    _record("backup.create", file, {})
    home = environment.home
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".nofx-backup-") as name:
        work = Path(name)
        members: dict[str, Path] = {}
        # Before the database: an anchor that is newer than the dump would say that entries were cut off.
        anchors = anchors_folder(environment)
        if anchors.is_dir():
            members[ANCHORS] = work / ANCHORS
            folder_pack(anchors, members[ANCHORS])
        members[DUMP] = work / DUMP
        facts = dump(database, members[DUMP])
        inside, left_out = _repositories(facts, home)
        for member, path in inside.items():
            members[member] = work / member
            folder_pack(home / path, members[member])
        for key, what in KEYS.items():
            if with_secret_key and (home / key).exists():
                members[key] = home / key
            else:
                left_out = (*left_out, what)
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            home=str(home),
            entries=facts.entries,
            head=facts.head,
            migrations=facts.migrations,
            repositories=inside,
            left_out=left_out,
        )
        whole = archive_write(file, manifest, members)
    return whole, _read_back(file, whole)


def anchors_folder(environment: Environment) -> Path:
    """Return where the anchors of an installation lie."""
    return Path(environment["NOFX_AUDIT_ANCHORS"] or environment.home / "anchors").absolute()


def _repositories(facts: Facts, home: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the repositories within *home* by the member that holds them, and sentences about the others."""
    inside, outside = {}, []
    for number, place in enumerate(sorted(facts.repositories)):
        path = Path(place)
        if path.is_relative_to(home) and path.is_dir():
            inside[f"repository-{number}.tar"] = str(path.relative_to(home))
        else:
            outside.append(f"the repository {place}, which lies elsewhere")
    return inside, tuple(outside)


def _read_back(file: Path, manifest: Manifest) -> str:
    """Return the SHA-256 of *file* once it reads back as what was written; either way the status page knows."""
    written = digest_of(file)
    facts: dict[str, object] = {
        "size": written.size,
        "sha256": written.sha256,
        "entries": manifest.entries,
        "head": manifest.head,
    }
    try:
        archive_verify(file)
    except BackupUnreadable as error:
        _record("backup.done", file, facts, problem=error.message)
        raise
    _record("backup.done", file, facts)
    return written.sha256


def _record(action: str, file: Path, facts: dict[str, object], *, problem: str = "") -> None:
    platform_load()
    from apps.governance.services import audit_record

    audit_record(
        action=action,
        object_kind="backup",
        object_id=file.name,
        actor=None,
        outcome=Outcome.FAILED if problem else Outcome.DONE,
        reason=problem,
        detail={"file": file.name, **facts},
    )
