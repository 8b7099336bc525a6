"""Comments on a review: threads are opened, answered, resolved, confirmed and opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.core.errors import Conflict, NofxError, NotFound
from apps.core.highlighting import split_lines
from apps.generation.models import GenerationRun, ReviewComment, ReviewThread
from apps.generation.selectors import candidates_of, models_are_visible, seeded
from apps.generation.services.discussion import discussion_of, issues_open, speaker_require
from apps.generation.services.file_marks import candidate_get
from apps.generation.services.planning import repository_files
from apps.generation.services.review_subject import REVIEWABLE, SUBJECT_KIND, barred_people, selected_candidate
from apps.generation.services.reviews import review_lock
from apps.generation.services.viewing import files_of
from apps.governance.models import User
from apps.governance.selectors import accounts_of, can, part_of
from apps.governance.services import Denial, NotEligible, audit_record
from apps.governance.types import Action

LONGEST = 4000
AN_HOUR = 120
MOST_THREADS = 500


class CommentRefused(NofxError):
    """A comment says nothing, is too long, or stands at a line that there is not."""

    code = "review.comment_refused"
    status = 422


class TooManyComments(NofxError):
    """Somebody wrote more within an hour than anybody reads."""

    code = "review.too_many_comments"
    status = 429


class ThreadState(Conflict):
    """The thread is not in the state in which this can be done."""

    code = "review.thread_state"


@dataclass(frozen=True)
class At:
    """What a thread is about: a file of a candidate, or one line of it; ``side`` is "new" or "old"."""

    candidate_id: UUID
    path: str
    line: int | None = None
    side: str = "new"


@transaction.atomic
def thread_open(
    *,
    request_id: UUID,
    author: User,
    text: str,
    at: At | None = None,
    is_issue: bool = False,
    needs_confirmation: bool = False,
    is_interactive: bool,
) -> ReviewThread:
    """
    Begin a thread, on the request as a whole where *at* is None. An issue stands in the way of an approval.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the author neither reviews the request nor has a part in it.
    :raises NotInteractive: it came with a token.
    :raises CommentRefused: it says nothing, is too long, or there is no such line.
    :raises TooManyComments: the author wrote too much within an hour, or the request has too many threads.
    :raises NotFound: there is no such candidate, or it does not change this file.
    """
    run = review_lock(request_id)
    speaker_require(run=run, user=author, is_interactive=is_interactive)
    text = _text(text)
    _require_bounds(author, run)
    place = {} if at is None else _place(run, at)
    thread = ReviewThread.objects.create(
        request_id=run.pk, author=author, is_issue=is_issue, needs_confirmation=needs_confirmation, **place
    )
    is_blocking = is_issue and thread in issues_open(run, selected_candidate(run=run).pk)
    _write(
        run,
        thread,
        author,
        text,
        action="review.issue" if is_issue else "review.comment",
        is_blocking=is_blocking,
    )
    return thread


@transaction.atomic
def thread_reply(*, request_id: UUID, thread_id: UUID, author: User, text: str, is_interactive: bool) -> ReviewComment:
    """
    Write one more comment into a thread; it changes nothing else.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the author neither reviews the request nor has a part in it.
    :raises NotInteractive: it came with a token.
    :raises CommentRefused: it says nothing or is too long.
    :raises TooManyComments: the author wrote too much within an hour.
    :raises NotFound: there is no such thread that they may read.
    """
    run, thread = _thread(request_id, thread_id, author, is_interactive=is_interactive)
    text = _text(text)
    _require_bounds(author)
    return _write(run, thread, author, text, action="review.comment", is_blocking=False)


@transaction.atomic
def thread_resolve(*, request_id: UUID, thread_id: UUID, actor: User, is_interactive: bool) -> None:
    """
    Say that a thread is dealt with. Whoever opened it confirms it by that, too.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the actor neither reviews the request nor has a part in it.
    :raises NotInteractive: it came with a token.
    :raises NotFound: there is no such thread that they may read.
    :raises ThreadState: it is resolved already.
    """
    run, thread = _thread(request_id, thread_id, actor, is_interactive=is_interactive)
    if thread.resolved_at is not None:
        raise ThreadState("This thread is resolved already.", remedy="Open it again if something is left.")
    thread.resolved_by, thread.resolved_at = actor, now()
    if thread.needs_confirmation and thread.author_id == actor.pk:
        thread.confirmed_by, thread.confirmed_at = actor, thread.resolved_at
    _keep(run, thread, actor, "review.resolve")


@transaction.atomic
def thread_confirm(*, request_id: UUID, thread_id: UUID, actor: User, is_interactive: bool) -> None:
    """
    Confirm that what was resolved is dealt with: whoever opened the thread, or a reviewer who did not resolve it.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the actor is neither, or has no say in the review.
    :raises NotInteractive: it came with a token.
    :raises NotFound: there is no such thread that they may read.
    :raises ThreadState: it does not wait for a confirmation.
    """
    run, thread = _thread(request_id, thread_id, actor, is_interactive=is_interactive)
    if thread.resolved_at is None or thread.confirmed_at is not None or not thread.needs_confirmation:
        raise ThreadState("This thread does not wait for a confirmation.", remedy="Reload the page.")
    if not may_confirm(run, thread, actor):
        raise NotEligible(
            "Only whoever opened this thread, or a reviewer who did not resolve it, confirms it.",
            denial=Denial("review.confirm", SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )
    thread.confirmed_by, thread.confirmed_at = actor, now()
    _keep(run, thread, actor, "review.confirm")


@transaction.atomic
def thread_reopen(*, request_id: UUID, thread_id: UUID, actor: User, is_interactive: bool) -> None:
    """
    Open a thread again that was resolved; an issue stands in the way of an approval again.

    :raises NotInReview: the request is not in review.
    :raises NotEligible: the actor neither reviews the request nor has a part in it.
    :raises NotInteractive: it came with a token.
    :raises NotFound: there is no such thread that they may read.
    :raises ThreadState: it is open.
    """
    run, thread = _thread(request_id, thread_id, actor, is_interactive=is_interactive)
    if thread.resolved_at is None:
        raise ThreadState("This thread is open.", remedy="Reload the page.")
    thread.resolved_by = thread.resolved_at = thread.confirmed_by = thread.confirmed_at = None
    _keep(run, thread, actor, "review.reopen")


def may_confirm(run: GenerationRun, thread: ReviewThread, user: User) -> bool:
    """Return whether *user* opened the thread, or reviews the request and is not the person who resolved it."""
    own = accounts_of(user)
    if thread.author_id in own:
        return thread.author_id == user.pk or thread.resolved_by_id not in own
    is_reviewer = can(user, Action.VERDICT_VOTE, run.repository.scope) and not part_of(user, barred_people(run))
    return is_reviewer and thread.resolved_by_id not in own


def _thread(
    request_id: UUID, thread_id: UUID, user: User, *, is_interactive: bool
) -> tuple[GenerationRun, ReviewThread]:
    """Return a thread that *user* may read and speak in."""
    run = review_lock(request_id)
    speaker_require(run=run, user=user, is_interactive=is_interactive)
    shown = seeded(run, user).among(candidates_of(run))
    keys = {one.pk for one in shown if one.state in REVIEWABLE}
    read = discussion_of(run, user, candidates=keys, reads_others=models_are_visible(run, user))
    thread = next((said.thread for said in read.threads if said.thread.pk == thread_id), None)
    if thread is None:
        raise NotFound("There is no such thread that you can read.", remedy="Reload the page and look again.")
    return run, thread


def _text(text: str) -> str:
    text = plain_text(text.replace("\r\n", "\n").strip())
    if not text:
        raise CommentRefused("Write what you want to say.")
    if len(text) > LONGEST:
        raise CommentRefused(f"A comment has at most {LONGEST} characters.", remedy="Shorten it, or write two.")
    return text


def _require_bounds(author: User, run: GenerationRun | None = None) -> None:
    lately = ReviewComment.objects.filter(author=author, written_at__gt=now() - timedelta(hours=1)).count()
    if lately >= AN_HOUR:
        raise TooManyComments(f"You wrote {lately} comments within an hour.", remedy="Wait a while, then go on.")
    if run is not None and ReviewThread.objects.filter(request_id=run.pk).count() >= MOST_THREADS:
        raise TooManyComments("This review has too many threads.", remedy="Answer in one of those that there are.")


def _place(run: GenerationRun, at: At) -> dict[str, object]:
    before = repository_files(run.repository, run.base_sha)
    files = files_of(before, candidate_get(run, at.candidate_id))
    if at.path not in files:
        raise NotFound("This candidate does not change such a file.", remedy="Reload the page and look again.")
    place: dict[str, object] = {
        "candidate": at.candidate_id,
        "path": at.path,
        "content_digest": sha256_hex(files[at.path]),
    }
    if at.line is None:
        return place
    lines = len(split_lines(files[at.path] if at.side == "new" else before.get(at.path, "")))
    if at.side not in ReviewThread.Side.values or not 1 <= at.line <= lines:
        raise CommentRefused(f"There is no line {at.line} in {at.path}.", remedy="Leave the line out, or choose one.")
    return {**place, "line": at.line, "side": at.side}


def _write(
    run: GenerationRun, thread: ReviewThread, author: User, text: str, *, action: str, is_blocking: bool
) -> ReviewComment:
    comment = ReviewComment.objects.create(thread=thread, author=author, text=text)
    _audit(run, thread, author, action, comment=comment, is_blocking=is_blocking)
    return comment


def _keep(run: GenerationRun, thread: ReviewThread, actor: User, action: str) -> None:
    thread.save(update_fields=["resolved_by", "resolved_at", "confirmed_by", "confirmed_at"])
    _audit(run, thread, actor, action)


def _audit(
    run: GenerationRun,
    thread: ReviewThread,
    actor: User,
    action: str,
    *,
    comment: ReviewComment | None = None,
    is_blocking: bool = False,
) -> None:
    """Record who did what to which thread: never its candidate, which the chain would tell before the verdicts."""
    audit_record(
        action=action,
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        after_digest=sha256_hex(comment.text) if comment else "",
        detail={
            "thread": str(thread.pk),
            **({"comment": str(comment.pk)} if comment else {}),
            **({"is_blocking": True} if is_blocking else {}),
        },
    )
