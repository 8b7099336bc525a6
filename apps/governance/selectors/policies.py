"""Which approval policy rules where, what versions there are, and what the past can say about a new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from apps.governance.engine.decisions import DEFAULT_POLICIES, Policy, Roster
from apps.governance.engine.policies import PastRequest, policy_read
from apps.governance.models import ApprovalPolicyVersion, Ballot, Scope, User
from apps.governance.selectors import human_ballots, roster_reader
from apps.governance.selectors.policy_versions import versions_readable
from apps.governance.subjects import PastSubject, subjects_decided

MOST_PAST = 2_000


def policy_ruling(scope: Scope, risk_tier: str) -> ApprovalPolicyVersion | None:
    """Return the version that rules *scope*: its own, else its organisation's; None is the built-in policy."""
    own = ApprovalPolicyVersion.objects.filter(risk_tier=risk_tier, published_at__isnull=False, scope=scope)
    found = own.order_by("-number").first()
    if found is not None or not scope.repository:
        return found
    above = ApprovalPolicyVersion.objects.filter(
        risk_tier=risk_tier,
        published_at__isnull=False,
        scope__organisation=scope.organisation_id,
        scope__repository="",
    )
    return above.order_by("-number").first()


def policy_in(version: ApprovalPolicyVersion | None, risk_tier: str) -> Policy:
    """Return what *version* says, or the built-in policy where there is none."""
    return DEFAULT_POLICIES[risk_tier] if version is None else policy_read(version.content)


def policy_named(version: ApprovalPolicyVersion | None) -> dict[str, object]:
    """Return which version *version* is, as the audit chain keeps it."""
    if version is None:
        return {"version": "built in"}
    return {"id": str(version.pk), "version": version.number, "digest": version.content_digest}


def policy_reference(version: ApprovalPolicyVersion | None) -> str:
    """Return which version *version* is in at most 80 characters, as an audit entry names it."""
    return "built in" if version is None else f"{version.pk} number {version.number}"


def scopes_ruled(scope: Scope, risk_tier: str) -> list[Scope]:
    """Return the places that a policy of *scope* would rule: itself, or the repositories without one of their own."""
    if scope.repository:
        return [scope]
    own = ApprovalPolicyVersion.objects.filter(risk_tier=risk_tier, published_at__isnull=False).values("scope")
    repositories = Scope.objects.filter(organisation=scope.organisation_id).exclude(repository="").exclude(pk__in=own)
    return list(repositories.select_related("organisation").order_by("repository")) or [scope]


def past_requests(scope: Scope, risk_tier: str, *, since: datetime) -> tuple[list[PastRequest], bool]:
    """
    Return what was decided since in the places that *scope* rules, and whether more was than is returned.

    Three queries for each place, one for all ballots, and those of the kinds that are decided about.
    """
    places = {place.pk: place for place in scopes_ruled(scope, risk_tier)}
    found = subjects_decided(list(places), risk_tier, since=since, limit=MOST_PAST + 1)
    kept = found[:MOST_PAST]
    ballots: dict[tuple[str, object], list[Ballot]] = defaultdict(list)
    for ballot in Ballot.objects.filter(subject_id__in=[one.subject.id for one in kept]).order_by("cast_at", "id"):
        ballots[ballot.subject_kind, ballot.subject_id].append(ballot)
    rosters = {pk: roster_reader(place) for pk, place in places.items()}
    return [_past(one, ballots[one.subject.kind, one.subject.id], rosters) for one in kept], len(found) > MOST_PAST


def _past(
    one: PastSubject, ballots: Sequence[Ballot], rosters: dict[int, Callable[[str | None], Roster]]
) -> PastRequest:
    return PastRequest(one.subject, human_ballots(ballots), rosters[one.scope_id](one.path), one.was_approved)


def policies_readable(user: User) -> QuerySet[ApprovalPolicyVersion]:
    """Return the versions that rule or could rule a place that *user* reads."""
    return versions_readable(ApprovalPolicyVersion.objects.all(), user)


def policy_before(version: ApprovalPolicyVersion) -> ApprovalPolicyVersion | None:
    """Return what ruled, or rules, where *version* would: the one it is compared with. None is the built-in policy."""
    earlier = ApprovalPolicyVersion.objects.filter(
        scope=version.scope_id, risk_tier=version.risk_tier, number__lt=version.number, published_at__isnull=False
    )
    found = earlier.order_by("-number").first()
    if found is not None or not version.scope.repository:
        return found
    above = ApprovalPolicyVersion.objects.filter(
        scope__organisation=version.scope.organisation_id,
        scope__repository="",
        risk_tier=version.risk_tier,
        published_at__isnull=False,
    )
    if version.published_at is not None:
        above = above.filter(published_at__lt=version.published_at)
    return above.order_by("-number").first()
