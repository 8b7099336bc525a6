"""
When an account refuses everybody for a while.

Failures count from one address and, with more patience, from everywhere: nobody locks another person out from where
that person is not, and many addresses together do not guess on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
FROM_ONE_ADDRESS = 5
FROM_EVERYWHERE = 50


@dataclass(frozen=True)
class Attempt:
    """One attempt on an account: when, from where, and whether it was let in."""

    at: datetime
    address: str
    is_success: bool


def locked_until(attempts: Sequence[Attempt], *, address: str, now: datetime) -> datetime | None:
    """
    Return until when an account with *attempts*, newest first, refuses *address*; None when it does not.

    A success ends the count of its own address. An attempt of the future counts as one of now.
    """
    recent = [attempt for attempt in attempts if attempt.at > now - WINDOW]
    here = _failures_in_a_row([attempt for attempt in recent if attempt.address == address])
    everywhere = [attempt for attempt in recent if not attempt.is_success]
    ends = [
        min(failures[limit - 1].at, now) + WINDOW
        for failures, limit in ((here, FROM_ONE_ADDRESS), (everywhere, FROM_EVERYWHERE))
        if len(failures) >= limit
    ]
    return max(ends, default=None)


def _failures_in_a_row(attempts: Sequence[Attempt]) -> list[Attempt]:
    failures = []
    for attempt in attempts:
        if attempt.is_success:
            break
        failures.append(attempt)
    return failures
