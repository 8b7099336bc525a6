"""How sure a choice is, with what that rests on."""

from __future__ import annotations

from typing import Any

from apps.generation.engine.calibration import PUBLIC, Calibration, Estimate
from apps.generation.engine.sureness import Sureness

PUBLIC_PROBLEMS, JUDGED_HERE = "public", "here"


def calibration_here() -> Calibration:
    """Return what choices are worth on this platform."""
    return Calibration()


def sureness_stored(sureness: Sureness | None, calibration: Calibration) -> dict[str, Any] | None:
    """
    Return how sure a choice is as JSON data; None where nobody could agree.

    It is kept with the vote, so that what was said can be explained when the calibration has moved on.
    """
    return None if sureness is None else _stored(sureness, calibration.estimate(sureness))


def _stored(sureness: Sureness, found: Estimate) -> dict[str, Any]:
    return {
        "probability": round(found.probability, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "rests_on": JUDGED_HERE if found.is_local else PUBLIC_PROBLEMS,
        "judged": found.judged,
        "problems": PUBLIC.problems,
        "as_of": PUBLIC.fitted,
        "figures": sureness.stored(),
    }
