"""What a piece of work costs, said so that neither a busy machine nor the other tests' garbage is counted."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

ATTEMPTS = 5


def costs_less(work: Callable[[], object], seconds: float) -> bool:
    """Say whether *work* can be done within *seconds* of processor time: the first attempt of five that can counts."""
    return any(cpu_seconds(work) < seconds for _ in range(ATTEMPTS))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of *work*, in seconds, without collections of what other tests left in the process."""
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()
