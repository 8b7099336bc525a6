"""
What happens at once when generation is suspended: work under way is stopped.

The apps that do such work live above this one and say here how it is stopped.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.governance.models import Suspension, User

# Called in the transaction of the suspension; returns how many pieces of work were told to stop.
Stopping = Callable[[Suspension, "User | None"], int]

_stopping: list[Stopping] = []


def stopping_register(stopping: Stopping) -> None:
    """Have *stopping* called for each new suspension; an app says so once, in ``ready``."""
    if stopping not in _stopping:
        _stopping.append(stopping)


def work_stop(suspension: Suspension, actor: User | None) -> int:
    """Stop what *suspension* forbids, in the caller's transaction; return how many pieces of work that were."""
    return sum(stopping(suspension, actor) for stopping in _stopping)
