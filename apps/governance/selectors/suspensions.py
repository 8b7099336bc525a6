"""What is suspended now, who may suspend, and how far a vote on resuming is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.governance.engine.decisions import Policy, Seat, Subject, Verdict
from apps.governance.engine.ladder import DATED, Stopped
from apps.governance.engine.permissions import Action, Condition, Role, allowed
from apps.governance.models import Ballot, Scope, Suspension, User
from apps.governance.selectors import Anyone, accounts_of, display_name, roles_of, scopes_where
from apps.governance.selectors.committee import holds_security_seat, organisations_secured_by, resuming_sitters
from apps.governance.selectors.ladder import suspensions_readable

SUSPENSION = "suspension"
# Two people resume, whoever suspended: the chair, and somebody else of the committee.
# Whoever holds the security seat may be the other member.
RESUMING = Policy(
    "resuming generation",
    (Seat("the chair", also=Role.CHAIR), Seat("another member of the committee")),
    votes=Action.GATE_VOTE,
    blocks=None,
)


def resuming_verdict(voter: User, suspension: Suspension, verdict: Verdict) -> Verdict:
    """
    Return what *voter*'s verdict on resuming is; eight queries at most.

    "Not yet" of whoever holds the security seat, or held it as the suspension began, is a veto, and so is that of
    whoever vetoed and says it once more.
    """
    if verdict not in {Verdict.BLOCK, Verdict.REQUEST_CHANGES}:
        return verdict
    vetoed = resuming_vetoes(suspension).filter(voter__in=accounts_of(voter), voided_at=None)
    if vetoed.exists() or any(member.user_id == voter.pk for member in resuming_sitters(suspension)):
        return Verdict.BLOCK
    return Verdict.REQUEST_CHANGES


def resuming_vetoes(suspension: Suspension) -> QuerySet[Ballot]:
    """Return the vetoes that people with an open account cast on resuming, later ones of theirs included."""
    return Ballot.objects.filter(
        subject_kind=SUSPENSION, subject_id=suspension.pk, verdict=Verdict.BLOCK.value, voter__is_active=True
    )


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


def wholes_suspendable(user: User) -> set[int]:
    """Return the organisations in which *user* may suspend everything or a model, and not one repository only."""
    places = scopes_suspendable(user).filter(repository="")
    return {place.organisation_id for place in places if may_suspend(user, Stopped.EVERYTHING, place)}


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
    """
    Return what is voted on, with whoever cast a veto; one query.

    Whoever suspended may vote, and can never resume alone: it takes two people.
    """
    vetoes = resuming_vetoes(suspension).select_related("voter")
    vetoers = {one.voter_id: display_name(one.voter) for one in vetoes}
    return Subject(SUSPENSION, suspension.pk, suspension.content_digest, {}, vetoers)
