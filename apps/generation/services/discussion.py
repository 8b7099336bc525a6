"""Who may speak in a review, what of it somebody may read, and which issues stand in the way of an approval."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from apps.generation.models import Candidate, GenerationRun, ReviewComment, ReviewThread
from apps.generation.services.review_subject import SUBJECT_KIND, barred_people
from apps.governance.models import User
from apps.governance.selectors import accounts_of, ballot_of, can, part_of
from apps.governance.services import Denial, NotEligible, NotInteractive
from apps.governance.types import Action, Verdict

SPEAK = (Action.VERDICT_VOTE, Action.CANDIDATE_BLOCK)
OPEN = Q(resolved_at=None) | Q(needs_confirmation=True, confirmed_at=None)


@dataclass(frozen=True)
class Said:
    """A thread as one person reads it, with the comments that they may read."""

    thread: ReviewThread
    comments: Sequence[ReviewComment]


@dataclass(frozen=True)
class Discussion:
    """What one person may read of a review, oldest first, and how many comments of others wait for their verdict."""

    threads: Sequence[Said]
    hidden: int


def may_speak(run: GenerationRun, user: User) -> bool:
    """Return whether *user* reviews the request or has a part in it, and did not step aside."""
    mine = ballot_of(SUBJECT_KIND, run.pk, user)
    if user.is_service or (mine is not None and mine.verdict == Verdict.RECUSE.value):
        return False
    has_part = bool(part_of(user, barred_people(run)))
    return has_part or any(can(user, action, run.repository.scope) for action in SPEAK)


def speaker_require(*, run: GenerationRun, user: User, is_interactive: bool) -> None:
    """
    Refuse whoever has no say in the review of *run*.

    :raises NotInteractive: it came with a token, or the account is a machine's.
    :raises NotEligible: they neither review it nor have a part in it, or stepped aside.
    """
    denial = Denial("review.comment", SUBJECT_KIND, str(run.pk), run.repository.scope_id)
    if not is_interactive or user.is_service:
        raise NotInteractive("Only a person who is signed in at the page comments on a review.", denial=denial)
    if not may_speak(run, user):
        raise NotEligible(
            "Only those who review this request, or have a part in it, comment on it.",
            remedy="Ask one of its reviewers.",
            denial=denial,
        )


def discussion_of(run: GenerationRun, user: User, *, candidates: Collection[UUID], reads_others: bool) -> Discussion:
    """
    Return what *user* may read of the review of *run*; two queries, whatever was said.

    *candidates* are those that they see. Until *reads_others*, so that nobody leads them, they read what they wrote
    themselves and what people with a part in the request wrote, who have no verdict.
    """
    heard = {*accounts_of(user), *barred_people(run)}
    comments = ReviewComment.objects.select_related("author").order_by("written_at", "id")
    threads = (
        ReviewThread.objects.filter(request_id=run.pk)
        .select_related("author", "resolved_by", "confirmed_by")
        .prefetch_related(Prefetch("comments", comments))
        .order_by("opened_at", "id")
    )
    shown: list[Said] = []
    hidden = 0
    for thread in threads:
        is_seen = thread.candidate is None or thread.candidate in candidates or thread.author_id == user.pk
        said = thread.comments.all()
        readable = [one for one in said if reads_others or one.author_id in heard]
        if is_seen and readable and (reads_others or thread.author_id in heard):
            shown.append(Said(thread, readable))
            hidden += len(said) - len(readable)
        elif is_seen:
            hidden += len(said)
    return Discussion(shown, hidden)


def issues_open(run: GenerationRun, candidate_id: UUID) -> list[ReviewThread]:
    """
    Return the issues that stand in the way of approving *candidate_id*, oldest first; two queries.

    They are its own, the request's, and those of each candidate that it was put together of.
    """
    return list(_open(run, candidate_id).filter(is_issue=True).order_by("opened_at", "id"))


def threads_open(run: GenerationRun, candidate_id: UUID) -> int:
    """Return how many threads about *candidate_id* or the request are not settled, issues or not."""
    return _open(run, candidate_id).count()


def _open(run: GenerationRun, candidate_id: UUID) -> QuerySet[ReviewThread]:
    about = Q(candidate__in=_made_of(candidate_id)) | Q(candidate=None)
    return ReviewThread.objects.filter(OPEN, about, request_id=run.pk)


def _made_of(candidate_id: UUID) -> set[UUID]:
    """Return *candidate_id* with those that its parts come from, and those that theirs come from."""
    known: set[UUID] = set()
    fresh = {candidate_id}
    while fresh:
        known |= fresh
        origins = Candidate.objects.filter(pk__in=fresh, grafted_by__isnull=False).values_list(
            "grafted_from", flat=True
        )
        fresh = {UUID(one) for origin in origins for one in (origin["base"], *origin["parts"].values())} - known
    return known


def issues_words(count: int) -> str:
    """Return a number of open issues as a sentence."""
    return "1 issue is open." if count == 1 else f"{count} issues are open."
