"""`nofx up` and `nofx down` for real: one installation, started, killed in every way, and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nofx.cli.exits import Exit
from nofx.embedded import postgres, roles
from nofx.supervisor import processes

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]


class Installation:
    """One folder and the command that acts on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NOFX_")}
        inherited.pop("DJANGO_SETTINGS_MODULE", None)
        self.env = {**inherited, "NOFX_HOME": str(home), "NOFX_LOCAL_MODELS": "none"}

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "nofx", *words]
        return subprocess.run(
            command, cwd=PROJECT, env={**self.env, **env}, capture_output=True, text=True, timeout=240
        )

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("status", "--json").stdout)

    def pids(self) -> dict[str, int]:
        return {process["name"]: process["pid"] for process in self.status()["processes"]}

    def server_pid(self) -> int:
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def usernames(self) -> list[str]:
        with postgres.ensure_running(self.home / "postgres").connect(roles.APPLICATION, roles.DATABASE) as connection:
            return [row[0] for row in connection.execute("SELECT username FROM governance_user ORDER BY username")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str]]:
    installation = Installation(tmp_path_factory.mktemp("installation") / ".nofx")
    first = installation.run("up")
    assert first.returncode == Exit.OK, first.stderr
    yield installation, first.stdout
    assert installation.run("down").returncode == Exit.OK
    assert processes.belonging_to(installation.home) == []
    assert not postgres.is_running(installation.home / "postgres")


@pytest.fixture
def installation(made: tuple[Installation, str]) -> Installation:
    up = made[0].run("up")
    assert up.returncode == Exit.OK, up.stderr
    return made[0]


def eventually(condition: Callable[[], object], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)


def test_the_first_start_shows_the_passwords_and_the_address(made):
    installation, printed = made
    for name in ("admin", "engineer", "owner", "reviewer", "chair"):
        assert f"\n  {name}" in printed
    address = installation.status()["address"]
    assert f"NOFX answers at {address}" in printed
    with urllib.request.urlopen(f"{address}sign-in") as page:  # noqa: S310  our own address
        assert page.status == 200


def test_everything_is_in_its_folder_and_secrets_are_the_owners(made):
    home = made[0].home
    assert home.stat().st_mode & 0o777 == 0o700
    for secret in ("token", "secret_key"):
        assert (home / secret).stat().st_mode & 0o777 == 0o600
    assert (home / "demo" / "parcels" / ".git").exists()


def test_a_second_start_takes_a_moment_and_changes_nothing(installation):
    before = installation.pids()
    again = installation.run("up")
    assert again.stdout == f"NOFX answers at {installation.status()['address']}\n"
    assert installation.pids() == before


def test_no_password_is_left_in_a_log(made):
    installation, printed = made
    lines = [line.split() for line in printed.splitlines() if line.startswith("  ")]
    logs = "".join(path.read_text(errors="replace") for path in installation.home.rglob("*.log"))
    assert lines
    assert all(words[1] not in logs for words in lines)


@pytest.mark.parametrize("victim", ["web", "workers"])
def test_a_killed_process_comes_back_by_itself(installation, victim):
    before = installation.pids()
    os.kill(before[victim], signal.SIGKILL)
    eventually(lambda: installation.pids()[victim] not in {None, before[victim]})
    eventually(lambda: installation.status()["is_answering"])


def test_a_killed_database_comes_back_by_itself_with_its_rows(installation):
    before = installation.usernames()
    os.kill(installation.server_pid(), signal.SIGKILL)
    eventually(lambda: postgres.is_running(installation.home / "postgres"))
    assert installation.usernames() == before
    eventually(lambda: installation.status()["is_answering"])


def test_after_everything_was_killed_a_start_recovers(installation):
    before = installation.usernames()
    for pid in [*processes.belonging_to(installation.home), installation.server_pid()]:
        os.kill(pid, signal.SIGKILL)
    up = installation.run("up")
    assert up.returncode == Exit.OK, up.stderr
    assert installation.usernames() == before
    assert installation.status()["is_answering"]


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(installation):
    cluster = postgres.ensure_running(installation.home / "postgres")
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('governance', '9999_later', now())")
    assert installation.run("down").returncode == Exit.OK
    refused = installation.run("up")
    left_running = postgres.is_running(installation.home / "postgres")
    cluster = postgres.ensure_running(installation.home / "postgres")
    with cluster.connect(roles.OWNER, roles.DATABASE) as owner:
        owner.execute("DELETE FROM django_migrations WHERE name = '9999_later'")
    assert refused.returncode == Exit.FAILED
    assert "newer version" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    assert not left_running


def test_in_the_foreground_ctrl_c_stops_everything(made):
    installation = made[0]
    installation.run("down")
    running = subprocess.Popen(
        [sys.executable, "-m", "nofx", "up", "--foreground"],
        cwd=PROJECT,
        env=installation.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        assert any("NOFX answers at" in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == Exit.OK
    finally:
        running.kill()
    assert processes.belonging_to(installation.home) == []
    assert not postgres.is_running(installation.home / "postgres")
