"""
Time-based one-time passwords after RFC 6238: six digits, HMAC-SHA-1, steps of 30 seconds.

A code is good for its own step and one beside it, since clocks differ; and for a step only once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

STEP_S = 30
DIGITS = 6
TOLERANCE = 1


def step_at(moment: datetime) -> int:
    """Return the number of the step that *moment* lies in."""
    return int(moment.timestamp()) // STEP_S


def code_of(secret: str, step: int) -> str:
    """Return the code of *step* for the base32 *secret*."""
    digest = hmac.new(base64.b32decode(secret, casefold=True), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, moment: datetime, *, after: int = -1) -> int | None:
    """
    Return the step that *code* belongs to around *moment*; None where it is of none, or of none later than *after*.

    *after* is the last step whose code was used, so that no code is good twice.
    """
    current = step_at(moment)
    # Each is compared, whatever the outcome of the others, so that the time taken says nothing.
    matches = [
        step
        for step in range(max(0, current - TOLERANCE), current + TOLERANCE + 1)
        if hmac.compare_digest(code_of(secret, step), code) and step > after
    ]
    return matches[0] if matches else None


def tidy(code: str) -> str:
    """Return *code* as it is compared: what people put between its digits is left out."""
    kept = code.replace(" ", "").replace("-", "")
    return kept if kept.isascii() and kept.isdecimal() else ""
