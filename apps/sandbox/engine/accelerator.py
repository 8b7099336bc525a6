"""The fork server's loop in C (``native/forkserver.c``), where it was built: the same walls, fewer touched pages."""

from __future__ import annotations

import ctypes
import os

from apps.sandbox.engine import confine, kernel, rootfs

NO_RULESET = -1
_SNIPPET, _NETWORKED = ord(confine.SNIPPET), ord(confine.NETWORKED)


class Walls(ctypes.Structure):
    _fields_ = [
        ("control", ctypes.c_int),
        ("ruleset", ctypes.c_int),
        ("inner_id", ctypes.c_uint32),
        ("scratch", ctypes.c_char_p),
        ("filter", ctypes.POINTER(kernel.FilterProgram)),
    ]


def load(path: str) -> ctypes.PyDLL:
    """
    Load the library, while its file can still be seen.

    PyDLL keeps the interpreter lock across a call: the child that returns from one must own it.
    """
    return ctypes.PyDLL(path, use_errno=True)


class Accelerator:
    """Everything it needs is allocated here, before the first run."""

    def __init__(self, library: ctypes.PyDLL, control_fd: int, walls: confine.Walls) -> None:
        self._serve = library.nofx_serve
        self._serve.restype = ctypes.c_long
        self._descriptors = (ctypes.c_int * confine.DESCRIPTORS)()
        ruleset = NO_RULESET if walls.ruleset is None else walls.ruleset
        snippet = ctypes.pointer(walls.snippet)
        self._walls = Walls(control_fd, ruleset, rootfs.INNER_ID, rootfs.SCRATCH.encode(), snippet)
        self._walls_address = ctypes.byref(self._walls)

    def serve(self) -> confine.Given | None:
        """
        Serve runs until the controller goes away; returns in each child only.

        :return: None in a snippet, which is behind all walls by then; what a command was given.
        :raises OSError: the kernel makes no process.
        """
        kind: int = self._serve(self._walls_address, self._descriptors)
        if kind == _SNIPPET:
            return None
        if kind < 0:
            raise OSError(ctypes.get_errno(), f"clone: {os.strerror(ctypes.get_errno())}")
        return confine.Given._make((*self._descriptors, kind == _NETWORKED))
