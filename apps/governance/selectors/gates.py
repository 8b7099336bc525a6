"""Which gates a person sees, which wait for their vote, and who must not read a ballot yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.engine.decisions import Verdict
from apps.governance.engine.gates import UNDECIDED, GateState
from apps.governance.models import Absence, Ballot, Gate, GateDefinitionVersion, GateReading, GateSeat, User
from apps.governance.selectors import accounts_of, readable_scopes, scope_ids
from apps.governance.subjects import OpenDecision, SubjectPages, subject_register

KIND = "gate"


def gates_readable(user: User) -> QuerySet[Gate]:
    """
    Return the gates that *user* may see: of organisations that they read as a whole, and those that name no repository
    besides what they read. One query for the scopes, and a lazy one.
    """
    keys = scope_ids(user)
    return Gate.objects.filter(Q(scope__in=keys) | Q(granted__contained_by=keys, sample__contained_by=keys))


def gates_newest(user: User, *, limit: int) -> list[Gate]:
    """Return the newest gates that *user* may see, with their organisations."""
    rows = gates_readable(user).select_related("scope__organisation").order_by("-requested_at", "id")
    return list(rows[:limit])


@dataclass(frozen=True)
class NextGate:
    """The gate that is asked for, in a few words; ``of`` is 0 before its evidence was read."""

    title: str
    url: str
    met: int
    of: int


def gate_next(user: User) -> NextGate | None:
    """Return the newest gate that *user* may see and that is not decided, with how it stands; three queries."""
    gate = (
        gates_readable(user).filter(state__in=[one.value for one in UNDECIDED]).order_by("-requested_at", "id").first()
    )
    if gate is None:
        return None
    newest = GateReading.objects.filter(gate=gate).order_by("-batch").values("batch")[:1]
    states = list(GateReading.objects.filter(gate=gate, batch=newest).values_list("state", flat=True))
    return NextGate(gate.title, _url(gate.pk), states.count("met") + states.count("waived"), len(states))


def gate_get(user: User, gate_id: UUID) -> Gate:
    """
    Return a gate that *user* may see, with its people and its decision; two queries.

    :raises NotFound: there is none.
    """
    gates = gates_readable(user).select_related("scope__organisation", "requested_by", "closed_by", "decision")
    gate = gates.filter(pk=gate_id).first()
    if gate is None:
        raise NotFound("There is no such gate that you can read.", remedy="Check the address.")
    return gate


def _no_places(_user: User) -> Sequence[int]:
    """A gate belongs to an organisation, which is looked up with it: lists of many kinds pay no query for it."""
    return ()


def _of_organisations(user: User, _places: Sequence[int]) -> QuerySet[Gate]:
    return Gate.objects.filter(scope__in=readable_scopes(user).values("pk"))


def definitions_readable(user: User) -> QuerySet[GateDefinitionVersion]:
    """Return the versions of gate definitions of the organisations that *user* reads as a whole."""
    return GateDefinitionVersion.objects.filter(scope__in=scope_ids(user))


def gates_under_vote(_user: User) -> QuerySet[Gate]:
    """Return the gates whose ballots nobody but their voters reads, whoever asks."""
    return Gate.objects.filter(state=GateState.VOTING.value)


def _titles(ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(Gate.objects.filter(pk__in=ids).values_list("pk", "title"))


def _url(identity: UUID) -> str:
    return reverse("governance:gate-detail", args=[identity])


def _open_for(user: User, limit: int) -> list[OpenDecision]:
    accounts = accounts_of(user)
    spoken = Ballot.objects.filter(
        Q(voided_at__isnull=True) | Q(verdict=Verdict.RECUSE.value),
        subject_kind=KIND,
        subject_id=OuterRef("pk"),
        voter__in=accounts,
    )
    seated = GateSeat.objects.filter(gate=OuterRef("pk"), user__in=accounts)
    mine = seated.filter(Q(is_alternate=False) | ~Exists(_holders_in()))
    gates = Gate.objects.filter(Exists(mine), ~Exists(spoken), state=GateState.VOTING.value, evidence_changed="")
    rows = gates.select_related("scope__organisation").order_by("opened_at", "id")[:limit]
    return [
        OpenDecision(
            gate.title, _url(gate.pk), str(gate.scope), gate.risk_max, gate.opened_at or gate.requested_at, "Vote"
        )
        for gate in rows
    ]


def _holders_in() -> QuerySet[GateSeat]:
    """Return the holders of the seat that the query around it is about who are there: neither away nor aside."""
    today = now().date()
    ballots = Ballot.objects.filter(subject_kind=KIND, subject_id=OuterRef("gate"), voter=OuterRef("user"))
    away = Absence.objects.filter(user=OuterRef("user"), starts_on__lte=today, ends_on__gte=today)
    holders = GateSeat.objects.filter(
        gate=OuterRef("gate"), seat=OuterRef("seat"), is_alternate=False, user__is_active=True
    )
    spoke = ballots.exclude(verdict=Verdict.RECUSE.value)
    aside = ballots.filter(verdict=Verdict.RECUSE.value)
    return holders.filter(~Exists(aside)).filter(Exists(spoke) | ~Exists(away))


subject_register(
    KIND,
    places=_no_places,
    readable=_of_organisations,
    blind=gates_under_vote,
    pages=SubjectPages(_titles, _url, _open_for),
    undecided=lambda: Gate.objects.filter(state=Gate.State.VOTING),
)
