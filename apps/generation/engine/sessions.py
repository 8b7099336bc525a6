"""Sessions: sequences of statements that exercise a class, run as ordinary calls of one driver function."""

from __future__ import annotations

from collections.abc import Sequence

from apps.generation.engine.inputs import CallInput

DRIVER_ENTRY = "__nofx_session__"

_DRIVER = '''

__nofx_sessions__ = {table}


def {entry}(index):
    """Run the steps of one input in a fresh namespace and return the value of its expression."""
    steps, expression = __nofx_sessions__[index]
    namespace = dict(globals())
    for step in steps:
        exec(step, namespace)
    return eval(expression, namespace)
'''


def session_driver(inputs: Sequence[CallInput]) -> str:
    """
    Return source to append to a candidate; it defines ``__nofx_session__(index)``.

    Calling it with the position of a session in *inputs* runs the steps in a fresh namespace on top of the
    candidate's own and returns the value of the expression. Plain calls have no driver: run them on the entry.
    "" when there is no session. The source runs in the sandbox only.
    """
    table = {index: (call.steps, call.expression) for index, call in enumerate(inputs) if call.is_session}
    return _DRIVER.format(table=repr(table), entry=DRIVER_ENTRY) if table else ""
