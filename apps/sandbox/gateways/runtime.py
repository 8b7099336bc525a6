"""Finds the interpreter and the packages that sandboxed code may see."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from apps.sandbox.engine import rootfs
from apps.sandbox.gateways.node import Node, node_find

# Imported before the fork: what candidates use most. Each costs every fork a little, so the list is short.
PRELOAD = (
    "abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "enum",
    "functools", "heapq", "itertools", "json", "math", "operator", "random", "re", "string", "textwrap",
    "time", "typing",
)  # fmt: skip
# Below /usr, but somebody's own: settings (those of npm hold tokens) and sources, for instance of this application.
NOT_RUNTIME = ("/usr/local/etc", "/usr/local/src", "/usr/src")
NATIVE = Path(__file__).parents[1] / "native"
ENVIRONMENT = {
    "PATH": f"{rootfs.RUNTIME}/bin:/usr/bin:/bin",
    "HOME": rootfs.SCRATCH,
    "TMPDIR": rootfs.SCRATCH,
    "LANG": "C.UTF-8",
}


BOUND_EARLY = {"LD_BIND_NOW": "1"}  # the linker writes into no page of a run
FIXED_HASHES = {"PYTHONHASHSEED": "0"}  # the order of a set of texts is the same in every run


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a zygote is made of: an interpreter, what of the host it sees, what it imports, its C part, node."""

    interpreter: str
    binds: dict[str, str]
    hidden: tuple[str, ...]
    preload: tuple[str, ...]
    accelerator: str | None
    node: Node | None = None


def runtime_find(*, preload: Sequence[str] = (), accelerate: bool = True) -> Runtime:
    """Return the interpreter below the virtual environment, and what of the host it needs to see."""
    interpreter = os.path.realpath(sys.executable)
    base = Path(sys.base_prefix)
    binds: dict[str, str] = {}
    if not base.is_relative_to("/usr"):
        for name in ("bin", "lib", "lib64"):
            if (base / name).is_dir() and not (base / name).is_symlink():
                binds[str(base / name)] = str(base / name)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = sysconfig.get_path("purelib")
    packages_inside = f"{rootfs.RUNTIME}/lib/{version}/site-packages"
    if Path(packages).is_dir():
        binds[packages] = packages_inside
    node = node_find(os.path.realpath(packages), packages_inside)
    if node is not None and node.is_bound:
        binds[node.path] = node.inner
    library = sysconfig.get_path("stdlib")
    # The test suite holds keys and certificates that look like secrets, and nothing a run needs.
    hidden = [f"{library}/test", *NOT_RUNTIME]
    if sys.prefix != sys.base_prefix:
        hidden.append(f"{library}/site-packages")
    found = accelerator_find() if accelerate else None
    return Runtime(interpreter, binds, tuple(hidden), (*PRELOAD, *preload), found, node)


def accelerator_find() -> str | None:
    """
    Return the library that was built from ``native/*.c`` at installation; None without a compiler.

    In a checkout only one that was built from the sources as they are now, for an earlier one may have other walls.
    """
    sources = [source.read_bytes() for source in sorted(NATIVE.glob("*.c"))]
    digest = hashlib.sha256(b"".join(sources)).hexdigest()[:16] if sources else "*"
    found = sorted(NATIVE.glob(f"_sandbox_{digest}{EXTENSION_SUFFIXES[0]}"))
    return str(found[0]) if found else None
