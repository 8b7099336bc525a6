"""How the processes of a queue cluster end: together, and without holding on to jobs."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from pathlib import Path
from types import FrameType

from django_q.signals import post_spawn

from apps.jobs.types import WorkerStopping

_PR_SET_PDEATHSIG = 1
# The cluster's own process, its sentinel, the sentinel's workers. What a handler forks is none of our business.
_SENTINEL, _WORKER = 1, 2

_depth = 0


def bind_lives_together() -> None:
    """
    Let the processes forked from here end with their parents, even when these are killed.

    A sentinel whose cluster is gone would go on as an orphan that no command knows of. Workers are told rather than
    killed, so that each can put its job back.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def end_with_parent() -> None:
        global _depth  # noqa: PLW0603  the depth of this very process, set once as it begins
        _depth += 1
        if _depth > _WORKER:
            return
        parent = os.getppid()
        number = signal.SIGKILL if _depth == _SENTINEL else signal.SIGTERM
        libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # It died between the fork and now.

    os.register_at_fork(after_in_child=end_with_parent)
    post_spawn.connect(_stop_on_sigterm, weak=False)


def is_worker() -> bool:
    """Return whether this process is a worker of a cluster, which may end at any instant and is replaced."""
    return _depth == _WORKER


def worker_end_now() -> None:
    """End this worker on the spot; what it runs in the sandbox ends with it, and the cluster starts another one."""
    os.kill(os.getpid(), signal.SIGKILL)


def _stop_on_sigterm(**_: object) -> None:
    signal.signal(signal.SIGTERM, _stop_worker)


def _stop_worker(number: int, frame: FrameType | None) -> None:
    # Once: a second signal must not interrupt the putting back.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise WorkerStopping


def children_of(pid: int) -> list[int]:
    """Return handles (pidfds) of the processes whose parent is ``pid``; the caller closes them."""
    handles = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_child = int(entry.read_text().rpartition(")")[2].split()[1]) == pid
            if is_child:
                handles.append(os.pidfd_open(int(entry.parent.name)))
        except (OSError, ValueError):
            continue  # It ended while we looked.
    return handles


def await_ends(handles: list[int], *, seconds: float) -> None:
    """Wait until these processes have ended, kill those that have not in time, and close the handles."""
    deadline = time.monotonic() + seconds
    for handle in handles:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
