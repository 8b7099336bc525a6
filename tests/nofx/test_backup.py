"""A backup comes back whole, into an empty place only, and never after it was changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg
import pytest

from nofx.backup.archive import Manifest, archive_read, archive_write, folder_pack, folder_unpack
from nofx.backup.errors import BackupFailed, BackupUnreadable
from nofx.embedded import postgres, roles

FACTS = {"made_at": "2026-11-30T10:00:00+00:00", "home": "/srv/nofx", "entries": 3, "head": "a" * 64, "migrations": 1}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_text("what is kept")
    archive_write(tmp_path / "a.nofx-backup", Manifest(**FACTS), {"database.dump": source})
    return tmp_path / "a.nofx-backup"


class TestArchive:
    def test_what_was_written_is_read(self, archive, tmp_path):
        manifest = archive_read(archive, tmp_path / "out")
        assert (manifest.entries, manifest.head) == (3, "a" * 64)
        assert (tmp_path / "out" / "database.dump").read_text() == "what is kept"
        assert archive.stat().st_mode & 0o777 == 0o600

    def test_any_changed_byte_of_a_member_is_found(self, archive, tmp_path):
        content = archive.read_bytes()
        archive.write_bytes(content.replace(b"what is kept", b"what is kepT"))
        with pytest.raises(BackupUnreadable, match=r"database\.dump in .* was changed"):
            archive_read(archive, tmp_path / "out")

    def test_a_member_too_many_is_refused(self, archive, tmp_path):
        (tmp_path / "more").write_text("x")
        with tarfile.open(archive, "a") as tar:
            tar.add(tmp_path / "more", arcname="more")
        with pytest.raises(BackupUnreadable, match="exactly what its manifest names"):
            archive_read(archive, tmp_path / "out")

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 10240])
    def test_what_is_no_backup_is_a_sentence(self, tmp_path, content):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(BackupUnreadable):
            archive_read(tmp_path / "file", tmp_path / "out")

    def test_a_file_is_never_replaced(self, archive):
        with pytest.raises(BackupFailed, match="exists"):
            archive_write(archive, Manifest(**FACTS), {})

    def test_nothing_leaves_the_folder_it_is_unpacked_to(self, tmp_path):
        (tmp_path / "x").write_text("x")
        with tarfile.open(tmp_path / "evil.tar", "w") as tar:
            tar.add(tmp_path / "x", arcname="../escaped")
        with pytest.raises(BackupUnreadable):
            folder_unpack(tmp_path / "evil.tar", tmp_path / "deep" / "out")
        assert not (tmp_path / "deep" / "escaped").exists()

    def test_a_folder_comes_back_as_it_was(self, tmp_path):
        folder = tmp_path / "folder"
        (folder / "below").mkdir(parents=True)
        (folder / "below" / "run").write_text("#!")
        (folder / "below" / "run").chmod(0o755)
        folder_pack(folder, tmp_path / "f.tar")
        folder_unpack(tmp_path / "f.tar", tmp_path / "again")
        assert (tmp_path / "again" / "below" / "run").stat().st_mode & 0o100


SEED = """
import os, sys, django
django.setup()
from pathlib import Path
from django.conf import settings
from apps.governance.models import User
from apps.governance.services import audit_anchor, audit_record, scope_create
from apps.repositories.models import Repository
scope = scope_create(organisation="Acme", repository="shop", created_by=None)
User.objects.create_user("olga", password="correct horse battery")
folder = Path(settings.NOFX_HOME) / "shop"
folder.mkdir()
(folder / "README").write_text("the shop")
Repository.objects.create(scope=scope, name="shop", path=str(folder))
for number in range(20):
    audit_record(action="a", object_kind="k", object_id=number, actor=None, detail={"n": number})
audit_anchor()
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """An installation with people, a chain, an anchor and a repository; and its backup."""
    base = tmp_path_factory.mktemp("backup")
    home = base / "old"
    try:
        assert run(home, "-m", "nofx.supervisor.migrate", NOFX_DATABASE_ROLE="owner").returncode == 0
        seeded = run(home, "-c", SEED)
        assert seeded.returncode == 0, seeded.stderr
        made = run(home, "-m", "nofx", "backup", str(base / "one.nofx-backup"), "--json")
        assert made.returncode == 0, made.stderr
        yield base, json.loads(made.stdout)
    finally:
        for folder in base.iterdir():
            if (folder / "postgres").is_dir():
                postgres.stop(folder / "postgres")


@pytest.mark.slow
class TestRoundTrip:
    def test_everything_comes_back_and_the_chain_goes_on(self, there):
        base, manifest = there
        home = base / "new"
        restored = run(home, "-m", "nofx", "restore", str(base / "one.nofx-backup"))
        assert restored.returncode == 0, restored.stderr
        assert "the audit chain holds" in restored.stdout
        assert "secret key" in restored.stdout
        assert (home / "shop" / "README").read_text() == "the shop"
        assert len(list((home / "anchors").iterdir())) == 1
        verified = run(home, "-m", "nofx", "audit", "verify", "--json")
        found = json.loads(verified.stdout)
        # The restore itself is the entry after those of the backup.
        assert (found["ok"], found["count"], found["anchors"]) == (True, manifest["entries"] + 1, 1)
        cluster = postgres.ensure_running(home / "postgres")
        with psycopg.connect(cluster.url(roles.APPLICATION)) as connection:
            assert connection.execute("SELECT username FROM governance_user").fetchall() == [("olga",)]
            assert connection.execute("SELECT path FROM repositories_repository").fetchone() == (str(home / "shop"),)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM governance_auditevent")

    def test_a_place_that_is_not_empty_is_refused(self, there):
        base, _ = there
        refused = run(base / "old", "-m", "nofx", "restore", str(base / "one.nofx-backup"))
        assert refused.returncode == 5
        assert "is not empty" in refused.stderr

    def test_a_changed_backup_touches_nothing(self, there):
        base, _ = there
        changed = base / "changed.nofx-backup"
        content = bytearray((base / "one.nofx-backup").read_bytes())
        content[len(content) // 2] ^= 1
        changed.write_bytes(content)
        refused = run(base / "fresh", "-m", "nofx", "restore", str(changed))
        assert refused.returncode == 1
        assert "was changed" in refused.stderr
        assert not (base / "fresh").exists()


def run(home: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("NOFX_", "DJANGO_"))}
    env.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, *words],
        env={**env, "NOFX_HOME": str(home), "DJANGO_SETTINGS_MODULE": "nofx.settings.base", **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
