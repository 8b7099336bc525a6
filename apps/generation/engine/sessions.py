"""Sessions: sequences of statements that exercise a class, run as ordinary calls of one driver function."""

from __future__ import annotations

from collections.abc import Sequence

from apps.generation.engine.inputs import CallInput

DRIVER_ENTRY = "__nofx_session__"


def session_driver(inputs: Sequence[CallInput]) -> str:
    """
    Return source to append to a candidate; it defines ``__nofx_session__(index)``.

    Calling it with the position of a session in *inputs* runs the steps in a fresh namespace on top of the
    candidate's own and returns the value of the expression. Plain calls have no driver: run them on the entry.
    The source runs in the sandbox only.
    """
    raise NotImplementedError
