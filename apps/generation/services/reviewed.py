"""What people voted on, and how it differs from what is there now."""

from __future__ import annotations

from dataclasses import dataclass

from apps.generation.engine.patches import patched_files
from apps.generation.models import Candidate, GenerationRun, ReviewedContent
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.models import Ballot, User
from apps.governance.selectors import accounts_of
from apps.governance.types import Verdict


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of the patch as it read then and as it reads now; "" where the patch does not touch it."""

    path: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Interdiff:
    """What changed between what a person voted on, which was about ``candidate``, and what is there now."""

    ballot: Ballot
    candidate: Candidate
    files: tuple[ChangedFile, ...]
    is_kept: bool


def reviewed_keep(*, run: GenerationRun, candidate: Candidate, digest: str) -> None:
    """Keep what *digest*, with *candidate* up for approval, stands for. Safe to repeat."""
    ReviewedContent.objects.get_or_create(
        run=run, digest=digest, defaults={"candidate": candidate, "patch": candidate.patch}
    )


def interdiff_of(*, workspace: Workspace, user: User, chosen: Candidate, digest: str) -> Interdiff | None:
    """
    Return what changed since the last verdict of *user*; None where they gave none, or it is about what is there now.

    *chosen* is up for approval now, under *digest*. At most three queries.
    """
    run = workspace.run
    ballots = Ballot.objects.filter(subject_kind=SUBJECT_KIND, subject_id=run.pk, voter__in=accounts_of(user))
    last = ballots.exclude(verdict=Verdict.RECUSE.value).order_by("-cast_at", "-pk").first()
    if last is None or last.subject_digest == digest:
        return None
    kept = ReviewedContent.objects.filter(run=run, digest=last.subject_digest).select_related("candidate").first()
    if kept is None:
        return None
    if not kept.patch:
        return Interdiff(last, kept.candidate, (), is_kept=False)
    then, now = patched_files(kept.patch, workspace.files), changed_files(workspace, chosen)
    target = run.target_path
    paths = sorted({*then, *now}, key=lambda path: (path != target, path))
    files = tuple(
        ChangedFile(path, then.get(path, ""), now.get(path, "")) for path in paths if then.get(path) != now.get(path)
    )
    return Interdiff(last, kept.candidate, files, is_kept=True)
