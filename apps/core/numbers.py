"""Whole numbers that somebody else wrote: in an address, a form, an id or a report."""

from __future__ import annotations

# As many as a key of the database has at most. Python refuses to read a number of thousands of digits.
MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Return *text* of 1 to 18 ASCII digits as a number, None for anything else."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
