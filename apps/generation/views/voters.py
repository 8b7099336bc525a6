"""Who looks at a review, and what they may do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import SUBJECT_KIND, review_policy
from apps.generation.services.reviews import CONTENT_CHANGED
from apps.generation.types import RequestStatus as Status
from apps.governance.models import Ballot, User
from apps.governance.selectors import ballot_is_over, ballot_of, can, part_of
from apps.governance.types import Action, Subject, Verdict


@dataclass(frozen=True)
class Voter:
    """
    What one person may do about a review.

    ``has_voice``: their role votes and nothing bars them. Their ballot ``mine`` may be over, or on what changed since.
    """

    mine: Ballot | None
    barred: str
    has_voice: bool
    is_open: bool
    is_over: bool
    is_changed: bool

    @property
    def is_aside(self) -> bool:
        return self.mine is not None and self.mine.verdict == Verdict.RECUSE.value

    @property
    def can_act(self) -> bool:
        return self.has_voice and self.is_open

    def context(self) -> dict[str, Any]:
        """Return what the page asks of it."""
        is_spent = self.is_over or self.is_changed
        return {
            "mine": self.mine,
            "barred": self.barred,
            "may_vote": self.can_act and (self.mine is None or is_spent),
            "is_over": self.can_act and self.is_over,
            "is_changed": self.has_voice and self.is_changed,
            "may_step_aside": self.can_act and self.mine is not None and not (self.is_aside or is_spent),
            "is_aside": self.is_aside,
        }


def voter_of(run: GenerationRun, user: User, subject: Subject) -> Voter:
    """Return what *user* may do about *run*, whose content is *subject* now."""
    mine = ballot_of(SUBJECT_KIND, run.pk, user)
    barred = part_of(user, subject.barred)
    is_open = run.request.status == Status.IN_REVIEW
    return Voter(
        mine=mine,
        barred=barred,
        has_voice=can(user, Action.VERDICT_VOTE, run.repository.scope) and not barred,
        is_open=is_open,
        is_over=mine is not None and ballot_is_over(mine, life=review_policy(run).ballot_life),
        is_changed=bool(mine and is_open and void_reason(mine, subject.digest)),
    )


def void_reason(ballot: Ballot, digest: str) -> str:
    """Return why *ballot* counts for nothing on what has *digest* now, recorded or not yet; empty when it counts."""
    is_kept = ballot.verdict == Verdict.RECUSE.value or ballot.subject_digest == digest or not digest
    return ballot.void_reason or ("" if is_kept else CONTENT_CHANGED)
