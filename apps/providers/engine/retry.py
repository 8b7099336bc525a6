"""
When to ask a model again, and how long to wait before.

The wait grows exponentially with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015), so that callers
that failed together do not come back together. Time and randomness are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["RetryPolicy", "is_retryable_status", "next_delay", "parse_retry_after"]

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Bounds of one call with its repetitions.

    ``attempts`` counts the first one too. A server's own wish (Retry-After) replaces the backoff, up to
    ``longest_wish_s``.
    """

    attempts: int = 4
    base_s: float = 0.5
    longest_s: float = 8.0
    longest_wish_s: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.base_s, self.longest_s, self.longest_wish_s) < 0:
            raise ValueError("A retry policy needs at least one attempt and no negative time.")


def is_retryable_status(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status in _RETRYABLE


def next_delay(
    policy: RetryPolicy, *, failures: int, elapsed_s: float, budget_s: float, wish_s: float | None, chance: float
) -> float | None:
    """
    Return how many seconds to wait before the next attempt, None to give up.

    *failures* attempts failed so far, *elapsed_s* of *budget_s* are gone, *wish_s* is what the server asked for,
    and *chance* is a random number in [0, 1]. A wait that would use up the budget is not begun.
    """
    if failures < 1:
        raise ValueError("There is nothing to repeat before the first failure.")
    if failures >= policy.attempts:
        return None
    if wish_s is not None:
        delay = min(max(wish_s, 0.0), policy.longest_wish_s)
    else:
        # The exponent is bounded because a float is.
        delay = chance * min(policy.longest_s, policy.base_s * 2.0 ** min(failures - 1, 60))
    return delay if elapsed_s + delay < budget_s else None


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or an HTTP date), None when it is unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return min(float(text), 1e9)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
