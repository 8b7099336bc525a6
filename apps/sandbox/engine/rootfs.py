"""The namespaces and the read-only root that all runs of one zygote share."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence

from apps.sandbox.engine import kernel

INNER_ID = 1000
SCRATCH_PARENT = "/sandbox"
SCRATCH = "/sandbox/work"
RUNTIME = "/runtime"
# What is mapped from the host's "zero" is memory shared without a file; from "full" the same zeros are read.
DEVICES = {"null": "null", "zero": "full", "full": "full", "random": "random", "urandom": "urandom"}
STAGING = ("/tmp", "/mnt", "/usr")  # noqa: S108 - a directory to mount over, in a private namespace
RUNTIME_ATTRIBUTES = kernel.ATTR_RDONLY | kernel.ATTR_NOSUID | kernel.ATTR_NODEV
DEVICE_ATTRIBUTES = kernel.ATTR_RDONLY | kernel.ATTR_NOSUID | kernel.ATTR_NOEXEC
PASSWD = f"sandbox:x:{INNER_ID}:{INNER_ID}::{SCRATCH}:/bin/false\n"


def namespaces_enter(map_identity: Callable[[], None]) -> None:
    """
    Move this process to new namespaces of every kind.

    ``map_identity`` must have the outside write the identity maps before it returns.

    :raises OSError: the kernel refuses; the message names the step.
    """
    kernel.unshare(kernel.NEWUSER, "user namespace")
    map_identity()
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWCGROUP
    kernel.unshare(flags, "mount, pid, net, ipc, uts and cgroup namespaces")
    kernel.hostname_set(b"sandbox")
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)


def _identity_take() -> None:
    with contextlib.suppress(PermissionError):
        os.setgroups([])  # an ordinary user may not leave groups; nothing that they could open is visible inside
    os.setresgid(INNER_ID, INNER_ID, INNER_ID)
    os.setresuid(INNER_ID, INNER_ID, INNER_ID)


def root_build(*, binds: Mapping[str, str], hidden: Sequence[str], programs: Mapping[str, str]) -> list[str]:
    """
    Replace the root by an empty, read-only one that holds ``binds`` (host path to inner path), read-only.

    ``hidden`` are inner directories that are covered with nothing. ``programs`` are names in /runtime/bin and
    where they lead; the interpreter is "python".

    :return: the inner paths that hold the runtime, for Landlock.
    :raises OSError: the kernel refuses; the message names the step.
    """
    wanted = dict(_system_binds()) | dict(binds)
    # Taken before the staging directory is covered, for a bind may come from below it, and before the identity
    # changes, for it may come from below a directory that only this user may enter.
    trees = {inner: kernel.tree_clone(outer) for outer, inner in wanted.items()}
    devices = {f"/dev/{inner}": kernel.tree_clone(f"/dev/{outer}") for inner, outer in DEVICES.items()}
    is_directory = {inner: stat.S_ISDIR(os.fstat(fd).st_mode) for inner, fd in trees.items()}
    links = _system_links()
    _identity_take()

    staging = next(path for path in STAGING if os.path.isdir(path))
    kernel.mount("tmpfs", staging, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m,nr_inodes=512")
    _skeleton(staging, links, programs)
    for inner in sorted(trees):
        _target(staging + inner, directory=is_directory[inner])
        kernel.tree_restrict(trees[inner], RUNTIME_ATTRIBUTES)
        kernel.tree_attach(trees[inner], staging + inner)
        os.close(trees[inner])
    for inner, fd in devices.items():
        _target(staging + inner, directory=False)
        kernel.tree_restrict(fd, DEVICE_ATTRIBUTES)
        kernel.tree_attach(fd, staging + inner)
        os.close(fd)
    for inner in hidden:
        if os.path.isdir(staging + inner):
            kernel.mount("tmpfs", staging + inner, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4k,nr_inodes=1")
            kernel.mount_restrict(staging + inner, RUNTIME_ATTRIBUTES)
    kernel.root_replace(staging)
    kernel.mount_restrict("/", RUNTIME_ATTRIBUTES)
    return ["/etc", RUNTIME, *sorted(trees)]


def _system_binds() -> Mapping[str, str]:
    """The distribution's programs and libraries, and what the dynamic linker and the clock read."""
    paths = ["/usr", *(path for path in _library_directories() if not os.path.islink(path))]
    paths += [path for path in ("/etc/ld.so.cache", "/etc/alternatives") if os.path.exists(path)]
    return {path: path for path in paths}


def _library_directories() -> list[str]:
    return [path for path in ("/bin", "/sbin", "/lib", "/lib64", "/lib32") if os.path.isdir(path)]


def _system_links() -> dict[str, str]:
    return {path: os.readlink(path) for path in _library_directories() if os.path.islink(path)}


def _target(path: str, *, directory: bool) -> None:
    if directory:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _write(path, "")


def _skeleton(root: str, links: Mapping[str, str], programs: Mapping[str, str]) -> None:
    for name in ("etc", "dev", "runtime/bin", SCRATCH.lstrip("/")):
        os.makedirs(f"{root}/{name}")
    for path, target in links.items():
        os.symlink(target, root + path)
    _write(f"{root}/etc/passwd", PASSWD)
    _write(f"{root}/etc/group", f"sandbox:x:{INNER_ID}:\n")
    os.symlink(SCRATCH, f"{root}/tmp")  # noqa: S108 - the path inside, private to the run
    os.symlink(SCRATCH, f"{root}/dev/shm")  # noqa: S108 - where the C library keeps semaphores
    for name, target in programs.items():
        os.symlink(target, f"{root}/runtime/bin/{name}")
    home = os.path.dirname(programs["python"])
    _write(f"{root}/runtime/pyvenv.cfg", f"home = {home}\ninclude-system-site-packages = false\n")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
