"""What a reviewer has to look at before they approve a candidate, and what of it they say they looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from apps.core.digests import sha256_hex
from apps.core.errors import Conflict
from apps.generation.engine.patches import patched_files
from apps.generation.models import Candidate, GenerationRun, ViewedFile
from apps.generation.services.discussion import issues_open, issues_words
from apps.generation.services.planning import repository_files
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.errors import Recorded
from apps.governance.models import User
from apps.governance.services import Denial

Ticks = Mapping[tuple[UUID, str], str]  # the digest that was looked at, by candidate and path


class NotLookedAt(Recorded, Conflict):
    """Somebody wants to approve what they did not look at, or what is still discussed."""

    code = "review.not_looked_at"


def file_digests(files: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each of *files*, by path."""
    return {path: sha256_hex(text) for path, text in sorted(files.items())}


def files_of(before: Mapping[str, str], candidate: Candidate) -> dict[str, str]:
    """Return the files that *candidate* changes of those of the repository, by path, as it leaves them."""
    return patched_files(candidate.patch, before) if candidate.patch else {}


def digests_of(run: GenerationRun, candidate: Candidate) -> dict[str, str]:
    """Return the files that *candidate* changes, by path, with the SHA-256 of how it leaves them."""
    return file_digests(files_of(repository_files(run.repository, run.base_sha), candidate))


def ticks_of(run: GenerationRun, reviewer: User) -> Ticks:
    """Return what *reviewer* looked at in the review of *run*; one query."""
    rows = ViewedFile.objects.filter(request_id=run.pk, reviewer=reviewer)
    return {(row.candidate, row.path): row.content_digest for row in rows}


def unviewed(candidate: Candidate, digests: Mapping[str, str], ticks: Ticks) -> list[str]:
    """Return the paths of *candidate* that were not looked at as they are now."""
    return [path for path, digest in digests.items() if ticks.get((candidate.pk, path)) != digest]


def missing_words(paths: Iterable[str]) -> str:
    """Return what is still to be looked at as a part of a sentence; "" where nothing is."""
    names = list(paths)
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def viewed_require(run: GenerationRun, reviewer: User, candidate: Candidate) -> dict[str, str]:
    """
    Return the files of *candidate* with their digests when *reviewer* looked at each of them as it is now.

    :raises NotLookedAt: they did not, or an issue of it is open; the sentence names what is missing.
    """
    denial = Denial("ballot.cast", SUBJECT_KIND, str(run.pk), run.repository.scope_id)
    digests = digests_of(run, candidate)
    missing = unviewed(candidate, digests, ticks_of(run, reviewer))
    if missing:
        raise NotLookedAt(
            f"You have not ticked {missing_words(missing)} as viewed, so your approval was not counted.",
            remedy="Look at each file of the candidate, tick it, then cast your verdict again. Your words are kept.",
            denial=denial,
        )
    issues = issues_open(run, candidate.pk)
    if issues:
        raise NotLookedAt(
            f"{issues_words(len(issues))} Your approval was not counted.",
            remedy="Have each issue resolved, and confirmed where that is asked, then cast your verdict again.",
            denial=denial,
        )
    return digests
