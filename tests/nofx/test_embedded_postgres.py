"""The database that starts itself: one server for a folder, safe passwords, two roles, recovery after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nofx.embedded import binaries, postgres, roles, urls
from nofx.embedded.errors import EmbeddedPostgresError, explain_failure
from nofx.env import Environment
from nofx.supervisor.application_role import application_role_require
from nofx.supervisor.errors import StartRefused


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("a 'quoted' home") / "postgres"
    yield folder
    postgres.stop(folder)


@pytest.fixture
def cluster(root: Path) -> postgres.Cluster:
    return postgres.ensure_running(root)


def server_pid(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text().split()[0])


def test_a_second_start_finds_the_first_server(cluster, root):
    pid = server_pid(root)
    assert postgres.ensure_running(root) == cluster
    assert server_pid(root) == pid


def test_passwords_are_readable_by_their_owner_only(cluster, root):
    for role in (roles.SUPERUSER, roles.OWNER, roles.APPLICATION):
        assert (root / f"{role}.password").stat().st_mode & 0o777 == 0o600
    assert root.stat().st_mode & 0o777 == 0o700


def test_a_wrong_password_is_refused(cluster):
    address = f"postgresql://{roles.APPLICATION}:wrong@127.0.0.1:{cluster.port}/{roles.DATABASE}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)


def test_the_server_listens_on_this_machine_only_and_keeps_data_safe(cluster):
    with cluster.connect(roles.SUPERUSER, roles.DATABASE) as connection:
        expected = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "password_encryption": "scram-sha-256",
        }
        found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in expected}
    assert found == expected


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE intruder (id int)",
        "ALTER TABLE notes ADD COLUMN more text",
        "ALTER TABLE notes DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "TRUNCATE notes",
        "DROP TABLE notes",
        "CREATE ROLE intruder",
        "CREATE DATABASE intruder",
        f"SET ROLE {roles.OWNER}",
        f"ALTER ROLE {roles.APPLICATION} SUPERUSER",
    ],
)
def test_the_application_role_may_not(cluster, statement):
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS notes (id bigserial PRIMARY KEY, text text)")
    with (
        cluster.connect(roles.APPLICATION, roles.DATABASE) as application,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        application.execute(statement)


def test_the_application_role_reads_and_writes_rows_of_the_owners_tables(cluster):
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS notes (id bigserial PRIMARY KEY, text text)")
    with cluster.connect(roles.APPLICATION, roles.DATABASE) as application:
        row = application.execute("INSERT INTO notes (text) VALUES ('a') RETURNING id").fetchone()
        application.execute("UPDATE notes SET text = 'b' WHERE id = %s", row)
        assert application.execute("SELECT text FROM notes WHERE id = %s", row).fetchone() == ("b",)
        application.execute("DELETE FROM notes WHERE id = %s", row)


def test_a_database_the_owner_makes_has_vectors_and_the_same_grants(cluster):
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("DROP DATABASE IF EXISTS another")
        owner.execute("CREATE DATABASE another")
    with cluster.connect(roles.OWNER, "another") as owner:
        owner.execute("CREATE TABLE points (at vector(3))")
    with cluster.connect(roles.APPLICATION, "another") as application:
        application.execute("INSERT INTO points VALUES ('[1,2,3]')")


def test_a_killed_server_comes_back_with_every_acknowledged_row(cluster, root):
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS ledger (n int)")
        owner.execute("TRUNCATE ledger")
    with cluster.connect(roles.APPLICATION, roles.DATABASE) as application:
        for number in range(500):
            application.execute("INSERT INTO ledger VALUES (%s)", [number])
    os.kill(server_pid(root), signal.SIGKILL)
    again = postgres.ensure_running(root)
    with again.connect(roles.APPLICATION, roles.DATABASE) as application:
        assert application.execute("SELECT count(*), sum(n) FROM ledger").fetchone() == (500, 124_750)
    assert again.port == cluster.port


def test_a_pid_file_that_names_a_stranger_does_not_keep_the_server_down(cluster, root):
    postgres.stop(root)
    (root / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{root / 'data'}\n1\n5432\n\n\n\nready\n")
    assert not postgres.is_running(root)
    with postgres.ensure_running(root).connect(roles.APPLICATION, roles.DATABASE) as application:
        assert application.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_not_ready_is_waited_for_and_can_be_stopped(cluster, root):
    pid_file = root / "data" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace("ready", "stopping"))
    pid = server_pid(root)
    assert postgres.ensure_running(root) == cluster
    assert server_pid(root) == pid
    assert postgres.stop(root) is True
    assert not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()


def test_four_processes_that_start_it_at_once_share_one_server(cluster, root):
    postgres.stop(root)
    program = (
        "import sys; from pathlib import Path; from nofx.embedded import postgres;"
        "root = Path(sys.argv[1]); postgres.ensure_running(root);"
        "print((root / 'data' / 'postmaster.pid').read_text().split()[0])"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1


def test_stopping_twice_is_no_error(cluster, root):
    assert postgres.stop(root) is True
    assert postgres.stop(root) is False


def test_stopping_what_was_never_made_is_no_error(tmp_path):
    assert postgres.stop(tmp_path / "postgres") is False
    assert not (tmp_path / "postgres").exists()


def test_a_half_made_cluster_is_made_again(tmp_path):
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data.new").mkdir()
    found = urls(tmp_path)
    try:
        with psycopg.connect(found.app) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (roles.APPLICATION,)
        with psycopg.connect(found.owner) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (roles.OWNER,)
    finally:
        postgres.stop(tmp_path / "postgres")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError, match="cannot be made") as caught:
        postgres.ensure_running(tmp_path / "file" / "postgres")
    assert "NOFX_HOME" in caught.value.remedy


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("FATAL:  could not write: No space left on device", "the disk is full"),
        ("FATAL:  could not open file: Permission denied", "belong to another user"),
        ("FATAL:  database files are incompatible with server", "another major version"),
        ("", "no message"),
    ],
)
def test_failures_are_explained(output, sentence):
    assert sentence in explain_failure("It does not start", output, log="log").message


def test_root_without_namespaces_is_told_when_nobody_may_not_enter(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match="may not enter"):
        binaries.as_nobody(binaries.wheel_package(), closed / "postgres")


def environment(cluster, role, database):
    return Environment({"DATABASE_URL": cluster.url(role, database)})


def test_a_role_that_only_reads_and_writes_rows_may_start_the_platform(cluster):
    application_role_require(environment(cluster, roles.APPLICATION, roles.DATABASE))
    application_role_require(Environment({}))


@pytest.mark.parametrize(
    ("role", "database", "why"),
    [
        (roles.APPLICATION, "loose", f"role {roles.APPLICATION} may make temporary tables, so"),
        (roles.OWNER, roles.DATABASE, "owns the database"),
        (roles.SUPERUSER, roles.DATABASE, "is a superuser"),
    ],
)
def test_nothing_starts_as_a_role_that_could_get_round_a_trigger(cluster, role, database, why):
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("DROP DATABASE IF EXISTS loose")
        owner.execute("CREATE DATABASE loose")
    with pytest.raises(StartRefused, match=why) as refused:
        application_role_require(environment(cluster, role, database))
    assert f'REVOKE TEMPORARY, CREATE ON DATABASE "{database}" FROM PUBLIC' in refused.value.remedy


def test_a_database_that_does_not_answer_is_said_as_such(cluster):
    with pytest.raises(StartRefused, match="does not answer"):
        application_role_require(environment(cluster, roles.APPLICATION, "no_such"))
