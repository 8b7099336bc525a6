"""What is suspended now, who may suspend, and how far a vote on resuming is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.governance.engine.decisions import Policy, Seat, Subject
from apps.governance.engine.ladder import DATED
from apps.governance.engine.permissions import Action, Role, allowed
from apps.governance.models import Scope, Suspension, User
from apps.governance.selectors import Anyone, display_name, roles_of, scopes_where
from apps.governance.selectors.ladder import suspensions_readable

SUSPENSION = "suspension"
# Two people resume, whoever suspended: the chair, and somebody else of the committee.
RESUMING = Policy(
    "resuming generation",
    (Seat("the chair", also=Role.CHAIR), Seat("another member of the committee")),
    votes=Action.GATE_VOTE,
    blocks=None,
)


def may_suspend(user: Anyone, kind: str, scope: Scope) -> bool:
    """Return whether *user* may suspend something of *kind* in *scope*; a quality lead stops repositories only."""
    roles = roles_of(user, scope)
    if kind != Suspension.Kind.REPOSITORY:
        roles -= {Role.QUALITY_LEAD}
    return allowed(roles, Action.GENERATION_SUSPEND)


def suspension_reach(kind: str) -> str:
    """Return who may suspend something of *kind*, as a sentence."""
    if kind == Suspension.Kind.REPOSITORY:
        return "A quality lead, the chair of the committee or an administrator may."
    return "The chair of the committee or an administrator may."


def scopes_suspendable(user: User) -> QuerySet[Scope]:
    """Return the places in which *user* may suspend something, with their organisation."""
    scopes = scopes_where(user, Action.GENERATION_SUSPEND).select_related("organisation")
    return scopes.order_by("organisation__name", "repository")


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
