"""
A PostgreSQL server that belongs to one folder.

``ensure_running`` makes the cluster when there is none, starts it when it is down, recovers it when it was
killed, and otherwise only reads where it is. Any number of processes may call it at once: a file lock makes
one of them do the work. The server listens on 127.0.0.1 only, asks for a password (SCRAM), and keeps its data
safe (fsync and full page writes are on).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from nofx.embedded import roles
from nofx.embedded.binaries import Toolbox, toolbox
from nofx.embedded.errors import EmbeddedPostgresError, explain_failure

_START_ATTEMPTS = 20
_LOG_BYTES = 10_000_000
_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Cluster:
    """A running server: where it is, and how each role enters it."""

    root: Path
    port: int

    @property
    def superuser_password_file(self) -> Path:
        return _password_file(self.root, roles.SUPERUSER)

    def url(self, role: str = roles.APPLICATION, database: str = roles.DATABASE) -> str:
        """Return the address of *database* for *role*; it holds the password, so never log it."""
        password = _password_file(self.root, role).read_text()
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, role: str, database: str) -> psycopg.Connection:
        """Open an autocommit connection; for maintenance and tests."""
        return psycopg.connect(self.url(role, database), autocommit=True, connect_timeout=10)


def ensure_running(root: Path, *, durable: bool = True) -> Cluster:
    """
    Return the cluster in *root*, made and started when needed.

    Takes about two seconds the first time and hundredths of a second when the server already runs.
    ``durable=False`` is for data that may be lost at any time, such as a test database.

    :raises EmbeddedPostgresError: it cannot be made or started; the message says why and what to do.
    """
    root = _own_folder(root)
    with _locked(root):
        tools = toolbox(root)
        if not (root / "data" / "PG_VERSION").exists():
            _create(root, tools)
        cluster = _reach(root, tools, durable=durable)
        marker = root / "provisioned"
        if not marker.exists() or marker.read_text() != str(roles.REVISION):
            passwords = {role: _password(root, role) for role in (roles.OWNER, roles.APPLICATION)}
            roles.provision(lambda database: cluster.connect(roles.SUPERUSER, database), passwords)
            marker.write_text(str(roles.REVISION))
        return cluster


def stop(root: Path) -> bool:
    """
    Stop the server in *root*, ending its connections, and return whether one was running.

    :raises EmbeddedPostgresError: it does not stop.
    """
    root = root.resolve()
    if not (root / "data" / "PG_VERSION").exists():
        return False
    with _locked(root):
        if not _is_running(root):
            return False
        log = root / "control.log"
        for mode in ("fast", "immediate"):
            done = toolbox(root).run("pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", "data", cwd=root, output=log)
            if done.returncode == 0 or not _is_running(root):
                return True
        raise explain_failure("The embedded database does not stop", _tail(log), log=str(log))


def is_running(root: Path) -> bool:
    """Return whether the server of *root* runs, starting nothing."""
    return _is_running(root.resolve())


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _own_folder(root: Path) -> Path:
    root = root.absolute()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The folder {root} cannot be made: {error.strerror}.",
            remedy="Set NOFX_HOME to a folder that you may write to.",
        ) from error
    return root.resolve()


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    try:
        handle = (root / "lock").open("w")
    except OSError as error:
        raise explain_failure("The embedded database cannot be opened", str(error.strerror), log=str(root)) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _password_file(root: Path, role: str) -> Path:
    return root / f"{role}.password"


def _password(root: Path, role: str) -> str:
    """Return the password of *role*, made on first use in a file only the owner of the folder can read."""
    path = _password_file(root, role)
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
        part.rename(path)
    return path.read_text()


def _create(root: Path, tools: Toolbox) -> None:
    """Make the files of the cluster beside their final place, so that a half-made one is never taken for whole."""
    for leftover in (root / "data", root / "data.new"):
        shutil.rmtree(leftover, ignore_errors=True)
    tools.give(root)
    password = root / "initdb.password"
    password.touch(mode=0o600)
    password.write_text(_password(root, roles.SUPERUSER))
    tools.give(password)
    result = tools.run(
        "initdb",
        "--pgdata=data.new",
        f"--username={roles.SUPERUSER}",
        "--auth=scram-sha-256",
        f"--pwfile={password.name}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        cwd=root,
    )
    password.unlink()
    if result.returncode:
        shutil.rmtree(root / "data.new", ignore_errors=True)
        log = root / "control.log"
        log.write_text(result.stdout)
        raise explain_failure("The embedded database could not be made", result.stdout, log=str(log))
    with (root / "data.new" / "postgresql.conf").open("a") as settings:
        settings.write("include = 'nofx.conf'\n")
    (root / "provisioned").unlink(missing_ok=True)
    (root / "data.new").rename(root / "data")


def _start(root: Path, tools: Toolbox, *, durable: bool) -> None:
    _remove_stale_pid_file(root)
    log = root / "postgres.log"
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(root / "postgres.log.1")
    log.touch(mode=0o600)
    tools.give(log)
    before = log.stat().st_size
    for attempt in range(_START_ATTEMPTS):
        port = _choose_port(root)
        _write_settings(root, tools, port, durable=durable)
        control = root / "control.log"
        result = tools.run(
            "pg_ctl", "start", "-w", "-t", "120", "-D", "data", "-l", log.name, cwd=root, output=control, timeout=150
        )
        if result.returncode == 0:
            return
        said = log.read_text(errors="replace")[before:]
        if "still in use" not in said and "Address already in use" not in said:
            break
        # Orphans of a killed server leave within moments; a port lost to a race is chosen anew.
        if "Address already in use" in said:
            (root / "port").unlink(missing_ok=True)
        before = log.stat().st_size
        time.sleep(min(0.1 * 2**attempt, 1.0))
    raise explain_failure("The embedded database does not start", _cause(said), log=str(log))


def _write_settings(root: Path, tools: Toolbox, port: int, *, durable: bool) -> None:
    safe = "on" if durable else "off"
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "maintenance_work_mem": "128MB",
        "fsync": safe,
        "full_page_writes": safe,
        "synchronous_commit": safe,
        # A half-open connection would hold up DROP DATABASE for a minute.
        "authentication_timeout": "5s",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    path = root / "data" / "nofx.conf"
    path.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    tools.give(path)


def _choose_port(root: Path) -> int:
    """Keep the port of last time unless somebody else has it, so that an address noted somewhere stays true."""
    path = root / "port"
    if path.exists() and (port := int(path.read_text())):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    port = free_port()
    path.write_text(str(port))
    return port


def _port(root: Path) -> int:
    """Return the port that the running server itself wrote down."""
    return int((root / "data" / "postmaster.pid").read_text().splitlines()[3])


def _server_pid(root: Path) -> int | None:
    """Return the pid of the live server of exactly this folder; a zombie or a stranger with its pid does not count."""
    try:
        pid = int((root / "data" / "postmaster.pid").read_text().split()[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state in "ZX" or Path(f"/proc/{pid}/cwd").readlink() != root / "data":
            return None
    except (OSError, ValueError, IndexError):
        return None
    return pid


def _is_running(root: Path) -> bool:
    """Return whether there is a server, be it ready, still starting, or stopping."""
    return _server_pid(root) is not None


def _remove_stale_pid_file(root: Path) -> None:
    """A pid file whose process is gone, a zombie or a stranger would make the server refuse to start."""
    if _server_pid(root) is None:
        (root / "data" / "postmaster.pid").unlink(missing_ok=True)


def _reach(root: Path, tools: Toolbox, *, durable: bool) -> Cluster:
    """
    Start the server when it is down, and wait until it lets connections in.

    It may be replaying its log after a crash, or, killed a moment ago, may die after it was found alive.
    """
    deadline = time.monotonic() + _READY_SECONDS
    log = root / "postgres.log"
    said_before = log.stat().st_size if log.exists() else 0
    while True:
        if not _is_running(root):
            _start(root, tools, durable=durable)
        try:
            cluster = Cluster(root, _port(root))
            cluster.connect(roles.SUPERUSER, "postgres").close()
        except (OSError, IndexError, ValueError, psycopg.OperationalError) as error:
            if time.monotonic() > deadline:
                said = log.read_text(errors="replace")[said_before:] if log.exists() else ""
                raise explain_failure(
                    "The embedded database does not answer", f"{_cause(said)}\n{error}", log=str(log)
                ) from error
            time.sleep(0.1)
        else:
            return cluster


def _cause(log: str) -> str:
    """Return the lines of *log* that tell why a start failed."""
    return "\n".join(line for line in log.splitlines() if "FATAL" in line or "PANIC" in line) or log


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""
