"""The fork server in C (``native/forkserver.c``), where it was built: the same walls, fewer touched pages."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable

from apps.sandbox.engine import confine, kernel, rootfs

NO_RULESET = -1
_Texts = ctypes.Array[ctypes.c_char_p]
_SNIPPET, _NETWORKED = ord(confine.SNIPPET), ord(confine.NETWORKED)


class Walls(ctypes.Structure):
    _fields_ = [
        ("control", ctypes.c_int),
        ("ruleset", ctypes.c_int),
        ("inner_id", ctypes.c_uint32),
        ("scratch", ctypes.c_char_p),
        ("filter", ctypes.POINTER(kernel.FilterProgram)),
    ]


class Command(ctypes.Structure):
    _fields_ = [
        ("paths", ctypes.POINTER(ctypes.c_char_p)),
        ("arguments", ctypes.POINTER(ctypes.c_char_p)),
        ("environment", ctypes.POINTER(ctypes.c_char_p)),
        ("caps", ctypes.c_char_p),
        ("filter", ctypes.POINTER(kernel.FilterProgram)),
        ("ruleset", ctypes.c_int),
        ("streams", ctypes.c_int * 3),
        ("unless_found", ctypes.c_int),
    ]


class Accelerator:
    """Loaded while its file can still be seen; everything it needs is allocated before the first run."""

    def __init__(self, path: str) -> None:
        # PyDLL keeps the interpreter lock across a call: the child that returns from one must own it.
        library = ctypes.PyDLL(path, use_errno=True)
        self._serve, self._carry_out = library.nofx_serve, library.nofx_carry_out
        self._serve.restype = self._carry_out.restype = ctypes.c_long
        self._descriptors = (ctypes.c_int * confine.DESCRIPTORS)()

    def serve(self, control: int, walls: confine.Walls) -> confine.Given | None:
        ruleset = NO_RULESET if walls.ruleset is None else walls.ruleset
        snippet = ctypes.pointer(walls.snippet)
        # Kept, for what a run lets go of it writes into.
        self._kept = (ruleset, snippet, Walls(control, ruleset, rootfs.INNER_ID, rootfs.SCRATCH.encode(), snippet))
        self._arguments = (ctypes.byref(self._kept[-1]), self._descriptors)
        kind: int = self._serve(*self._arguments)
        if kind == _SNIPPET:
            return None
        if kind < 0:
            raise OSError(ctypes.get_errno(), f"clone: {os.strerror(ctypes.get_errno())}")
        return confine.Given._make((*self._descriptors, kind == _NETWORKED))

    def carry_out(self, program: confine.Program, walls: confine.Walls) -> int:
        """Without a copy of this process: the command borrows its memory until it has become the program."""
        rules, calls = walls.of_command(program.given)
        paths, argv, env, unless_found = _encoded(program)
        command = Command(
            paths,
            argv,
            env,
            confine.HEAD.pack(*program.caps, 0),
            ctypes.pointer(calls),
            NO_RULESET if rules is None else rules,
            (program.given.stdin, program.given.stdout, program.given.stderr),
            unless_found,
        )
        status: int = self._carry_out(ctypes.byref(command))
        if status < 0:
            raise OSError(ctypes.get_errno(), f"clone: {os.strerror(ctypes.get_errno())}")
        return status


def _encoded(program: confine.Program) -> tuple[_Texts, _Texts, _Texts, int]:
    """Return paths, arguments and environment as the kernel reads them, and the error when no path is a program."""
    env = [f"{name}={value}" for name, value in program.env.items()]
    try:
        return _texts(program.paths), _texts(program.argv), _texts(env), errno.ENOENT
    except UnicodeEncodeError:
        return _texts([]), _texts([ascii(program.argv[0])]), _texts([]), errno.EILSEQ


def _texts(texts: Iterable[str]) -> _Texts:
    """Return an array for an exec: it ends with nothing."""
    encoded = [os.fsencode(text) for text in texts]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded)
