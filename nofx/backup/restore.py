"""Bring an installation back from a backup, into a folder and a database that are empty."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from nofx.backup.archive import Manifest, archive_read, folder_unpack
from nofx.backup.create import ANCHORS, DUMP, KEYS, anchors_folder
from nofx.backup.database import database_of, repositories_move, restore
from nofx.backup.errors import RestoreBroken, RestoreRefused
from nofx.embedded import postgres
from nofx.env import Environment
from nofx.loading import platform_load
from nofx.supervisor.home import Home
from nofx.supervisor.prepare import migrations_apply


def backup_restore(environment: Environment, file: Path) -> Manifest:
    """
    Restore *file*, verify the audit chain, and compare it with the manifest.

    What was restored is brought to the version of the code. That it was restored is in the audit chain. A restore that
    fails leaves the folder as it is, for a look at what went wrong.

    :raises RestoreRefused: the folder or the database is not empty.
    :raises BackupUnreadable: the file is no backup, or was changed; nothing was touched.
    :raises RestoreBroken: the chain is not the one that was backed up.
    """
    home = environment.home
    if home.exists() and any(home.iterdir()):
        raise RestoreRefused(
            f"{home} is not empty.", remedy="Set NOFX_HOME to a folder that does not exist yet, and restore into that."
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".nofx-restore-") as name:
        work = Path(name)
        manifest = archive_read(file, work)
        Home(home).make()
        database = database_of(environment)
        try:
            restore(database, work / DUMP, home)
            _files(manifest, work, environment)
            repositories_move(database, manifest.home, home)
            migrations_apply(Home(home))
            _check(manifest, file)
        finally:
            if database.is_embedded:
                postgres.stop(home / "postgres")
    return manifest


def _files(manifest: Manifest, work: Path, environment: Environment) -> None:
    for member, path in manifest.repositories.items():
        target = (environment.home / path).resolve()
        if not target.is_relative_to(environment.home.resolve()):
            raise RestoreBroken(f"The backup names a repository outside its folder: {path}.")
        folder_unpack(work / member, target)
    anchors = anchors_folder(environment)
    # Anchors that are there already are the ones to compare with; a backup does not replace them.
    if ANCHORS in manifest.members and not (anchors.exists() and any(anchors.iterdir())):
        folder_unpack(work / ANCHORS, anchors)
    for name in KEYS.keys() & manifest.members.keys():
        shutil.copyfile(work / name, environment.home / name)
        (environment.home / name).chmod(0o600)


def _check(manifest: Manifest, file: Path) -> None:
    platform_load()
    from django.db import connections

    from apps.governance.services import audit_record, audit_verify

    found = audit_verify()
    if not found.ok:
        raise RestoreBroken(f"The audit chain is broken. {found.problem}", remedy="Take another backup.")
    if (found.count, found.head) != (manifest.entries, manifest.head):
        raise RestoreBroken(
            f"The chain has {found.count} entries; the one that was backed up had {manifest.entries}.",
            remedy="Take another backup.",
        )
    audit_record(
        action="backup.restore",
        object_kind="backup",
        object_id=file.name,
        actor=None,
        detail={"made_at": manifest.made_at, "entries": manifest.entries, "head": manifest.head},
    )
    connections.close_all()
