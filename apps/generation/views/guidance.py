"""What the author of a request added to it, and the form to add more."""

from __future__ import annotations

from typing import Any

from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.asking_again import ASKED_AGAIN
from apps.generation.services.guidance import MAX_GUIDANCE, OPEN, guidance_of, may_guide
from apps.governance.models import User
from apps.governance.selectors import display_name

ASKED_AGAIN_TOLD = "Models are asked again, with your guidance."
READ_LATER_TOLD = "Your guidance is kept. Models are asked with it before the review begins."


def guidance_context(run: GenerationRun, user: User) -> dict[str, Any]:
    """Return what was added to *run*, and whether *user* can add more; one query."""
    status = run.request.status
    return {
        "guidance": [
            {"version": one.version, "text": one.text, "by": display_name(one.given_by), "at": one.given_at}
            for one in guidance_of(run)
        ],
        "can_guide": status in OPEN and may_guide(run, user),
        "asks_again": status in ASKED_AGAIN,
        "most_guidance": MAX_GUIDANCE,
    }


def guidance_banner(chosen: Candidate, versions: int) -> str:
    """Return what has to be said where what is up for approval was written before the newest guidance."""
    if chosen.guided_by >= versions:
        return ""
    return "No usable answer came to the newest guidance: what is up for approval was asked for before it."
