"""What a review shows one person, put together from the repository and the patches."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.errors import NotFound
from apps.generation.models import Candidate, CodeGenerationConsensus, GenerationRun
from apps.generation.selectors import Lettered, candidates_of, consensus_of, lettered, seeded
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.review_subject import REVIEWABLE
from apps.generation.services.viewing import files_of
from apps.generation.views.panes import Shelf
from apps.governance.models import User


def candidates_shown(run: GenerationRun, user: User, candidates: Sequence[Candidate]) -> list[Lettered]:
    """Return the candidates that can be reviewed, under the letters by which *user* sees them."""
    return [one for one in lettered(run, user, candidates) if one.candidate.state in REVIEWABLE]


def up_for_approval(shown: Sequence[Lettered], consensus: CodeGenerationConsensus) -> Lettered:
    """
    Return the candidate that verdicts are about.

    :raises NotFound: nothing is up for approval: models are being asked, or asked again.
    """
    selected = consensus.selected_implementation_id
    chosen = next((one for one in shown if selected and one.candidate.implementation_id == selected), None)
    if chosen is None:
        raise NotFound(
            "There is nothing to vote on yet.",
            remedy="Wait until the request is in review. What you wrote is still on the page that you came from.",
        )
    return chosen


def shelf_of(run: GenerationRun, user: User) -> Shelf:
    """
    Return what the review of *run* shows *user*.

    :raises NotFound: nothing is up for approval.
    """
    consensus = consensus_of(run)
    if consensus is None:
        raise NotFound("There is nothing to review yet.", remedy="Wait until the request is in review.")
    shown = candidates_shown(run, user, seeded(run, user).among(candidates_of(run)))
    return shelf_made(run, shown, up_for_approval(shown, consensus))


def shelf_made(run: GenerationRun, shown: Sequence[Lettered], chosen: Lettered) -> Shelf:
    """Return what the review of *run* shows when *shown* are its candidates."""
    workspace = workspace_open(run)
    return Shelf(workspace, shown, chosen, {one.letter: files_of(workspace.files, one.candidate) for one in shown})
