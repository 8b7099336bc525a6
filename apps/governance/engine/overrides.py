"""
What it takes to go on although a check failed: two people, a reason, an end date, and exactly what they saw.

The second signature is another person's and another role's than the first. Whoever has a part in what was checked
signs neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.governance.engine.permissions import MATRIX, VOTELESS, Action, Condition, Role

LONGEST = timedelta(days=90)


class OverrideState(StrEnum):
    """Where an override stands. Only one that stands lets anything pass."""

    WAITING = "waiting"
    STANDS = "stands"
    OUTDATED = "outdated"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class SignedOverride:
    """One override as it was signed; ``digest`` is of what the two people saw."""

    asked_by: int
    digest: str
    ends_at: datetime
    confirmed_by: int | None = None
    is_withdrawn: bool = False


def override_state(override: SignedOverride, *, digest: str, now: datetime) -> OverrideState:
    """Return where *override* stands for content with *digest* at *now*."""
    if override.is_withdrawn:
        return OverrideState.WITHDRAWN
    if override.digest != digest:
        return OverrideState.OUTDATED
    if now >= override.ends_at:
        return OverrideState.ENDED
    if override.confirmed_by is None or override.confirmed_by == override.asked_by:
        return OverrideState.WAITING
    return OverrideState.STANDS


def may_ask(roles: Collection[Role], user_id: int, barred: Mapping[int, str]) -> bool:
    """Return whether somebody with *roles* may sign first."""
    return _may_sign(roles, user_id, barred, Condition.ALWAYS)


def may_confirm(roles: Collection[Role], user_id: int, barred: Mapping[int, str], *, asked_by: int) -> bool:
    """Return whether somebody with *roles* may sign second, after *asked_by*."""
    return user_id != asked_by and _may_sign(roles, user_id, barred, Condition.SECOND_PERSON)


def _may_sign(roles: Collection[Role], user_id: int, barred: Mapping[int, str], signs: Condition) -> bool:
    cells = MATRIX[Action.CHECK_OVERRIDE]
    return user_id not in barred and VOTELESS.isdisjoint(roles) and any(cells.get(role) is signs for role in roles)


def end_refused(ends_at: datetime, now: datetime) -> str:
    """Return why an override cannot end at *ends_at*, as a sentence; empty when it can."""
    if ends_at <= now:
        return "The end of an override lies in the future."
    return f"An override ends within {LONGEST.days} days." if ends_at > now + LONGEST else ""
