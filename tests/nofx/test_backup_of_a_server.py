"""An installation with a Postgres of its own, set up as README.md says, comes back on another server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from nofx.embedded import postgres, roles
from tests.nofx.test_backup import SEED, run

pytestmark = pytest.mark.slow
OWNER, APP, PASSWORD = "team_owner", "team_app", "it's a % secret"


@dataclass
class Server:
    """A server somewhere: only its addresses are known to the platform."""

    cluster: postgres.Cluster

    def roles_make(self) -> None:
        with self.cluster.connect(roles.SUPERUSER, "postgres") as server:
            for role in (OWNER, APP):
                statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                server.execute(statement.format(sql.Identifier(role), sql.Literal(PASSWORD)))

    def database_make(self, name: str, *, owner: str = OWNER) -> str:
        """Make an empty database, as an administrator of the server would."""
        with self.cluster.connect(roles.SUPERUSER, "postgres") as server:
            server.execute(f'CREATE DATABASE "{name}" OWNER "{owner}" TEMPLATE template0')
        with self.cluster.connect(roles.SUPERUSER, name) as database:
            database.execute("CREATE EXTENSION vector")
        return name

    def url(self, role: str, database: str) -> str:
        place = {"host": "127.0.0.1", "port": self.cluster.port, "user": role, "password": PASSWORD}
        return make_conninfo("", **place, dbname=database)

    def environment(self, database: str) -> dict[str, str]:
        return {
            "DATABASE_URL": self.url(APP, database),
            "NOFX_MIGRATE_DATABASE_URL": self.url(OWNER, database),
            "NOFX_SECRET_KEY": "the same on every machine " * 3,
            "NOFX_SIGNING_KEY": "not used here",
        }


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Two servers, the second without anything on it, and a backup of what is on the first."""
    base = tmp_path_factory.mktemp("servers")
    places = [base / "first", base / "second"]
    try:
        first, second = (Server(postgres.ensure_running(place, durable=False)) for place in places)
        first.roles_make()
        here = first.environment(first.database_make("team"))
        home = base / "home"
        migrated = run(home, "-m", "nofx.supervisor.migrate", **here, NOFX_DATABASE_ROLE="owner")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        seeded = run(home, "-c", SEED, **here)
        assert seeded.returncode == 0, seeded.stderr
        made = run(home, "-m", "nofx", "backup", str(base / "one.nofx-backup"), "--json", **here)
        assert made.returncode == 0, made.stderr
        yield base, first, second, json.loads(made.stdout)
    finally:
        for place in places:
            postgres.stop(place)


def test_the_backup_was_read_back_and_the_chain_says_so(servers):
    _, first, _, manifest = servers
    with psycopg.connect(first.url(APP, "team")) as database:
        row = database.execute(
            "SELECT outcome, detail FROM governance_auditevent WHERE action = 'backup.done'"
        ).fetchone()
    assert row[0] == "done"
    assert (row[1]["sha256"], row[1]["entries"]) == (manifest["sha256"], manifest["entries"])
    assert row[1]["size"] == Path(manifest["file"]).stat().st_size


def test_a_server_without_the_roles_is_refused_and_stays_empty(servers):
    base, _, second, _ = servers
    with second.cluster.connect(roles.SUPERUSER, "postgres") as server:
        server.execute("CREATE ROLE other LOGIN SUPERUSER PASSWORD 'x'")
    second.database_make("bare", owner="other")
    url = make_conninfo("", host="127.0.0.1", port=second.cluster.port, user="other", password="x", dbname="bare")
    there = {**second.environment("bare"), "DATABASE_URL": url, "NOFX_MIGRATE_DATABASE_URL": url}
    refused = run(base / "without-roles", "-m", "nofx", "restore", str(base / "one.nofx-backup"), **there)
    assert refused.returncode == 1
    assert f'role "{APP}" does not exist' in refused.stderr
    assert "The roles of the old server must exist" in refused.stderr
    with second.cluster.connect(roles.SUPERUSER, "bare") as database:
        assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_everything_comes_back_on_another_server_and_the_chain_goes_on(servers):
    base, _, second, manifest = servers
    second.roles_make()
    there = second.environment(second.database_make("restored"))
    home = base / "restored"
    restored = run(home, "-m", "nofx", "restore", str(base / "one.nofx-backup"), **there)
    assert restored.returncode == 0, restored.stderr
    assert "the audit chain holds" in restored.stdout
    assert (home / "shop" / "README").read_text() == "the shop"
    found = json.loads(run(home, "-m", "nofx", "audit", "verify", "--json", **there).stdout)
    assert (found["ok"], found["count"], found["anchors"]) == (True, manifest["entries"] + 1, 1)
    with psycopg.connect(second.url(APP, "restored")) as database:
        assert database.execute("SELECT username FROM governance_user").fetchall() == [("olga",)]
        for statement in ("DELETE FROM governance_auditevent", "DROP TABLE governance_auditevent"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction():
                database.execute(statement)
    with psycopg.connect(second.url(OWNER, "restored")) as database:
        strangers = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner <> %s"
        assert database.execute(strangers, [OWNER]).fetchall() == []
    again = run(base / "again", "-m", "nofx", "restore", str(base / "one.nofx-backup"), **there)
    assert again.returncode == 5
    assert "The database is not empty" in again.stderr


def test_without_the_owners_connection_nothing_is_begun(servers):
    base, first, *_ = servers
    here = {**first.environment("team"), "NOFX_MIGRATE_DATABASE_URL": ""}
    refused = run(base / "home", "-m", "nofx", "backup", str(base / "two.nofx-backup"), **here)
    assert refused.returncode == 1
    assert "backup and restore work as the owner" in refused.stderr
    assert not (base / "two.nofx-backup").exists()
