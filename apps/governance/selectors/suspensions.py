"""What is suspended now, who may suspend, and how far a vote on resuming is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.governance.engine.decisions import Policy, Seat, Subject, Verdict
from apps.governance.engine.ladder import DATED
from apps.governance.engine.permissions import Action, Condition, Role, allowed
from apps.governance.models import Scope, Suspension, User
from apps.governance.selectors import Anyone, display_name, roles_of, scopes_where
from apps.governance.selectors.committee import holds_security_seat, organisations_secured_by, security_seat
from apps.governance.selectors.ladder import suspensions_readable

SUSPENSION = "suspension"
# Two people resume, whoever suspended: the chair, and somebody else of the committee.
RESUMING_SEATS = (Seat("the chair", also=Role.CHAIR), Seat("another member of the committee"))


def resuming_policy(scope: Scope) -> Policy:
    """
    Return what it takes to resume in *scope*; one query.

    Whoever holds the committee's security seat may be the other member, and nothing resumes over their objection.
    """
    seat = security_seat(scope)
    return Policy(
        "resuming generation",
        RESUMING_SEATS,
        votes=Action.GATE_VOTE,
        blocks=None,
        vetoes=(seat,) if seat is not None else (),
    )


def resuming_verdict(voter: User, scope: Scope, verdict: Verdict) -> Verdict:
    """Return what *voter*'s verdict on resuming is: "not yet" of whoever holds the security seat is a veto."""
    is_veto = verdict is Verdict.REQUEST_CHANGES and holds_security_seat(voter, scope)
    return Verdict.BLOCK if is_veto else verdict


def may_suspend(user: Anyone, kind: str, scope: Scope) -> bool:
    """
    Return whether *user* may suspend something of *kind* in *scope*.

    A quality lead stops repositories only, and of the committee its chair and whoever holds its security seat stop
    anything. One query, more for other members of the committee.
    """
    roles = roles_of(user, scope)
    if kind != Suspension.Kind.REPOSITORY:
        roles -= {Role.QUALITY_LEAD}
    if allowed(roles, Action.GENERATION_SUSPEND):
        return True
    might = allowed(roles, Action.GENERATION_SUSPEND, met={Condition.SECURITY_SEAT})
    return might and isinstance(user, User) and holds_security_seat(user, scope)


def suspension_reach(kind: str) -> str:
    """Return who may suspend something of *kind*, as a sentence."""
    if kind == Suspension.Kind.REPOSITORY:
        return "A quality lead, the chair of the committee, whoever holds its security seat, or an administrator may."
    return "The chair of the committee, whoever holds its security seat, or an administrator may."


def scopes_suspendable(user: User) -> QuerySet[Scope]:
    """Return the places in which *user* may suspend something, with their organisation."""
    secured = scopes_where(user, Action.GENERATION_SUSPEND, met={Condition.SECURITY_SEAT})
    scopes = Scope.objects.filter(
        Q(pk__in=scopes_where(user, Action.GENERATION_SUSPEND).values("pk"))
        | Q(pk__in=secured.values("pk"), organisation__in=organisations_secured_by(user))
    )
    return scopes.select_related("organisation").order_by("organisation__name", "repository")


@dataclass(frozen=True)
class BannerLine:
    """One suspension for the banner of every page."""

    sentence: str
    is_over_everything: bool


def banner_lines(user: Anyone, *, limit: int = 3) -> list[BannerLine]:
    """Return what stands suspended where *user* reads, gravest first; one query, two where something stands."""
    if not user.is_authenticated or not user.is_active or not Suspension.objects.filter(resumed_at=None).exists():
        return []
    rows = suspensions_readable(user).filter(resumed_at=None)
    rows = rows.select_related("scope__organisation", "rung", "suspended_by").order_by("kind", "suspended_at")[:limit]
    return [BannerLine(suspension_sentence(row), row.kind == Suspension.Kind.EVERYTHING) for row in rows]


def suspension_title(suspension: Suspension) -> str:
    """Return what is suspended, in words."""
    if suspension.kind == Suspension.Kind.EVERYTHING:
        return f"All generation in {suspension.scope.organisation.name}"
    if suspension.kind == Suspension.Kind.MODEL:
        return f"The model {suspension.model} in {suspension.scope.organisation.name}"
    if suspension.kind == Suspension.Kind.REPOSITORY:
        return f"Generation for {suspension.scope.repository}"
    return f"What {suspension.rung.title if suspension.rung else 'a rung'} opened"


def suspension_sentence(suspension: Suspension) -> str:
    """Return a suspension as one sentence."""
    who = display_name(suspension.suspended_by) if suspension.suspended_by else "a tripwire"
    why = f": {suspension.reason.rstrip('.')}" if suspension.reason else ""
    since = suspension.suspended_at.strftime(DATED)
    return f"{suspension_title(suspension)} is suspended since {since} by {who}{why}."


def suspension_subject(suspension: Suspension) -> Subject:
    """Return what is voted on. Whoever suspended may vote, and can never resume alone: it takes two people."""
    return Subject(SUSPENSION, suspension.pk, suspension.content_digest, {})
