"""
The scratch directory that runs share one after the other, while none of them leaves a trace in it.

To end a mount namespace, or to take away a mount, makes the kernel wait for all processors: most runs write no file.
"""

from __future__ import annotations

import os

from apps.sandbox.engine import confine, kernel, rootfs

FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME
State = tuple[int, ...]


def mount(caps: confine.Caps) -> None:
    """
    Mount an empty, bounded scratch file system.

    :raises OSError: the kernel refuses.
    """
    options = f"size={caps.disk_mb}m,nr_inodes={caps.inodes},mode=700,uid={rootfs.INNER_ID},gid={rootfs.INNER_ID}"
    kernel.mount("tmpfs", rootfs.SCRATCH, "tmpfs", FLAGS, options)


class Scratch:
    """Of one fork server."""

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._before: State = ()

    def prepare(self, spec_fd: int) -> OSError | None:
        """Have an empty scratch directory of the size that this run may use; return why there is none."""
        caps = confine.caps_read(spec_fd)
        if self._size == (caps.disk_mb, caps.inodes):
            return None
        self._remove()
        try:
            mount(caps)
        except OSError as error:
            return error
        self._size, self._before = (caps.disk_mb, caps.inodes), _state()
        return None

    def check(self) -> None:
        """Throw the directory away unless it is as it was before anybody had it."""
        if self._size is not None and _state() != self._before:
            self._remove()

    def _remove(self) -> None:
        if self._size is None:
            return
        try:
            kernel.unmount(rootfs.SCRATCH)
        except OSError:
            os._exit(1)  # what a run left there must not be found by another one
        self._size = None


def _state() -> State:
    """Return all that an empty directory can keep: entries, attributes, extended attributes."""
    root, space = os.stat(rootfs.SCRATCH), os.statvfs(rootfs.SCRATCH)
    times = (root.st_atime_ns, root.st_mtime_ns, root.st_ctime_ns)
    owned = (root.st_mode, root.st_uid, root.st_gid, root.st_nlink, root.st_size)
    return (*owned, *times, space.f_bfree, space.f_ffree, len(os.listxattr(rootfs.SCRATCH)))
