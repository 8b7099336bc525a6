"""What else home tells of reviews: approvals that ran out, and what is known of the candidate up for approval."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.checks.types import subject_of
from apps.core.clock import now
from apps.generation.models import Candidate, GenerationRun
from apps.generation.selectors import runs_readable
from apps.generation.services.review_subject import SUBJECT_KIND, review_policy
from apps.generation.types import RequestStatus as Status
from apps.governance.models import Ballot, User
from apps.governance.selectors import accounts_of, scope_ids
from apps.governance.types import Action, Verdict

LOOKED_AT = 50
SHORT_NAMES = {"lint": "lint", "types": "type", "security": "sec"}


def approvals_ended(user: User) -> list[tuple[GenerationRun, datetime]]:
    """
    Return the reviews in which an approval of *user* ran out, and when; it no longer counts and can be given again.

    Of the 50 oldest ballots of theirs on what is still reviewed; two queries, three where accounts are linked.
    """
    ballots = Ballot.objects.filter(
        voter__in=accounts_of(user),
        subject_kind=SUBJECT_KIND,
        voided_at=None,
        verdict__in=[Verdict.APPROVE.value, Verdict.ABSTAIN.value],
        subject_id__in=GenerationRun.objects.filter(request__status=Status.IN_REVIEW).values("pk"),
    )
    cast = dict(ballots.order_by("cast_at").values_list("subject_id", "cast_at")[:LOOKED_AT])
    if not cast:
        return []
    runs = runs_readable(user).filter(pk__in=cast, repository__scope__in=scope_ids(user, Action.VERDICT_VOTE))
    ended = []
    for run in runs.select_related("request", "repository", "approval_policy"):
        life = review_policy(run).ballot_life
        if life is not None and cast[run.pk] + life <= now():
            ended.append((run, cast[run.pk] + life))
    return ended


def evidence_of_selected(requests: Collection[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """Return short evidence of the candidate up for approval of each request that has one; a query where any waits."""
    if not requests:
        return {}
    selected = Candidate.objects.filter(
        request__in=requests, implementation=F("request__consensus__selected_implementation")
    ).only("request_id", "checks", "examples_passed", "examples_total")
    return {candidate.request_id: _evidence(candidate) for candidate in selected}


def _evidence(candidate: Candidate) -> list[dict[str, str]]:
    states = {subject_of(check["tool"]): check["status"] for check in candidate.checks}
    found = [{"name": name, "state": states[tool]} for tool, name in SHORT_NAMES.items() if tool in states]
    if candidate.examples_total:
        is_right = candidate.examples_passed == candidate.examples_total
        counts = f"{candidate.examples_passed} of {candidate.examples_total} examples"
        found.append({"name": "test", "state": "passed" if is_right else "failed", "detail": counts})
    return found
