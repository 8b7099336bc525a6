"""How sure a choice is, with what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.generation.engine.calibration import PUBLIC, Calibration, Estimate
from apps.generation.engine.sureness import Sureness, sureness_restored
from apps.generation.models import Judgement

PUBLIC_PROBLEMS, JUDGED_HERE = "public", "here"


# A probability is learned from so many of the newest choices that people judged.
MAX_JUDGED = 1_000


@dataclass(frozen=True)
class CalibrationHere:
    """What choices are worth on this platform, and the day of the newest one that counts."""

    calibration: Calibration
    as_of: date


def calibration_here() -> CalibrationHere:
    """Return what choices are worth, learned from the newest that people judged; one query."""
    judged = list(
        Judgement.objects.filter(is_choice=True, figures__isnull=False)
        .order_by("-judged_at")
        .values_list("figures", "right", "judged_at")[:MAX_JUDGED]
    )
    calibration = Calibration([(sureness_restored(figures), right) for figures, right, _ in judged])
    return CalibrationHere(
        calibration, judged[0][2].date() if calibration.is_local else date.fromisoformat(PUBLIC.fitted)
    )


def sureness_stored(sureness: Sureness | None, here: CalibrationHere) -> dict[str, Any] | None:
    """
    Return how sure a choice is as JSON data; None where nobody could agree.

    It is kept with the vote, so that what was said can be explained when the calibration has moved on.
    """
    return None if sureness is None else _stored(sureness, here.calibration.estimate(sureness), here.as_of)


def _stored(sureness: Sureness, found: Estimate, as_of: date) -> dict[str, Any]:
    return {
        "probability": round(found.probability, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "rests_on": JUDGED_HERE if found.is_local else PUBLIC_PROBLEMS,
        "judged": found.judged,
        "problems": PUBLIC.problems,
        "as_of": as_of.isoformat(),
        "figures": sureness.stored(),
    }
