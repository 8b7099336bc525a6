"""
Budgets: what a call may use at most, what is left of a limit, and the sentence that refuses a call.

Tokens are counted, money is in US dollars. A cost that nobody knows is None and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_UP, Decimal

__all__ = ["Limits", "Price", "Usage", "month_start", "next_month", "prompt_bound", "refusal"]

_MILLION = Decimal(1_000_000)
_SMALLEST = Decimal("0.000001")
# A chat template writes a few tokens around each message; the longest known ones stay below this.
_TOKENS_AROUND = 32


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, read and written; None where nobody said."""

    prompt: Decimal | None
    completion: Decimal | None

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal | None:
        """Return what these tokens cost, rounded up to a millionth; None when a price is not known."""
        if self.prompt is None or self.completion is None:
            return None
        exact = (self.prompt * prompt_tokens + self.completion * completion_tokens) / _MILLION
        return exact.quantize(_SMALLEST, rounding=ROUND_UP)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of some calls; ``unknown`` of them have a cost that nobody knows and that is not in ``cost``."""

    tokens: int = 0
    cost: Decimal = Decimal(0)
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed; None is no limit. Calls at an unknown cost are refused under a limit of money unless allowed."""

    tokens: int | None = None
    cost: Decimal | None = None
    allows_unknown_cost: bool = False


def month_start(now: datetime) -> datetime:
    """Return the first moment of the calendar month of *now*, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> date:
    """Return the day on which a monthly budget that counts at *now* begins anew, in UTC."""
    start = month_start(now)
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


def prompt_bound(texts: Iterable[str]) -> int:
    """
    Return more tokens than any tokenizer makes of a prompt with these messages.

    No token of a byte-level vocabulary is shorter than a byte. English has about four bytes a token, so the bound is
    wide; what was not used is given back when the call has ended.
    """
    return sum(len(text.encode(errors="surrogatepass")) + _TOKENS_AROUND for text in texts)


def refusal(limits: Limits, used: Usage, *, tokens: int, cost: Decimal | None) -> str | None:
    """
    Return why a call that may use up to *tokens* and *cost* must not be made, None when it may.

    The text is the middle of a sentence that begins with the budget's name. *cost* is None when it is not known.
    """
    if limits.tokens is not None and used.tokens + tokens > limits.tokens:
        left = max(0, limits.tokens - used.tokens)
        return f"has {left:,} of {limits.tokens:,} tokens left, and this call may use up to {tokens:,}"
    if limits.cost is None:
        return None
    if cost is None:
        if limits.allows_unknown_cost:
            return _spent(limits.cost, used)
        return (
            f"is in money ({dollars(limits.cost)}, {dollars(max(Decimal(0), limits.cost - used.cost))} left), and what "
            "this call would cost is not known"
        )
    if used.cost + cost > limits.cost:
        left_cost = max(Decimal(0), limits.cost - used.cost)
        return f"has {dollars(left_cost)} of {dollars(limits.cost)} left, and this call may cost up to {dollars(cost)}"
    return None


def _spent(limit: Decimal, used: Usage) -> str | None:
    """Even where unknown costs are allowed, nothing more is asked once the known ones have reached the limit."""
    return f"has nothing left of {dollars(limit)}" if used.cost >= limit else None


def dollars(amount: Decimal) -> str:
    """Return an amount for people: cents, and smaller parts only where there are no cents."""
    places = 2 if amount == 0 or amount >= 1 else 4
    return f"${amount:,.{places}f}"
