"""Who may do what, who may read what, and where a decision stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TypeAlias, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.clock import now
from apps.governance.engine.accounts import account_kept, words_kept
from apps.governance.engine.chain import CHAIN_ID, CHAIN_KIND, Outcome
from apps.governance.engine.decisions import (
    PASSING,
    Decision,
    HumanBallot,
    Member,
    Policy,
    Roster,
    Seat,
    Subject,
    Verdict,
    approvers,
    decide,
    shortfall,
)
from apps.governance.engine.overrides import OverrideState, SignedOverride, may_ask, may_confirm, override_state
from apps.governance.engine.permissions import MATRIX, VOTELESS, VOTES, Action, Condition, Role, allowed
from apps.governance.models import Absence, AuditEvent, Ballot, CodeOwner, Override, RoleAssignment, Scope, User

Anyone: TypeAlias = "User | AnonymousUser"
ANY_PATH = None
EVERYWHERE = frozenset({"*", "**"})


def _is_known(user: Anyone) -> bool:
    return user.is_authenticated and user.is_active


def roles_of(user: Anyone, scope: Scope | None) -> frozenset[Role]:
    """
    Return the roles *user* holds in *scope*, those of its organisation included; one query.

    Without a scope: the roles held in a whole organisation. A superuser is an administrator everywhere. The user of a
    token that is limited to some scopes holds none elsewhere.
    """
    if not _is_known(user):
        return frozenset()
    if user.within is not None and (scope is None or scope.pk not in user.within):
        return frozenset()
    inherited = Q(scope__repository="")
    if scope is not None:
        inherited = Q(scope=scope) | (inherited & Q(scope__organisation=scope.organisation_id))
    names = RoleAssignment.objects.filter(inherited, user_id=user.pk).values_list("role", flat=True)
    held = {Role(name) for name in names}
    return frozenset(held | {Role.ADMIN} if user.is_superuser else held)


def can(user: Anyone, action: Action, scope: Scope | None, *, met: Collection[Condition] = ()) -> bool:
    """
    Return whether *user* may do *action* in *scope*; no, unless a role says yes. One query.

    *met* names the conditions that hold for the object at hand: ``Condition.OWN`` when it is the user's own.
    """
    return allowed(roles_of(user, scope), action, met=met)


def readable_scopes(user: Anyone) -> QuerySet[Scope]:
    """Return the scopes whose objects *user* may see: where they hold any role. Lazy, usable inside a filter."""
    return scopes_where(user, Action.REQUEST_READ)


def scopes_where(user: Anyone, action: Action, *, met: Collection[Condition] = ()) -> QuerySet[Scope]:
    """Return the scopes in which *user* may do *action*. Lazy, usable inside a filter."""
    if not _is_known(user):
        return Scope.objects.none()
    if user.within is not None:
        return _scopes_where(user, action, met).filter(pk__in=user.within)
    return _scopes_where(user, action, met)


def _scopes_where(user: Anyone, action: Action, met: Collection[Condition]) -> QuerySet[Scope]:
    if user.is_superuser:
        return Scope.objects.all() if allowed({Role.ADMIN}, action, met=met) else Scope.objects.none()
    roles = [role.value for role, needs in MATRIX[action].items() if allowed({role}, action, met={needs} & set(met))]
    held = RoleAssignment.objects.filter(user_id=user.pk, role__in=roles)
    if action not in VOTES:
        return _covering(held)
    voteless = RoleAssignment.objects.filter(user_id=user.pk, role__in=[role.value for role in VOTELESS])
    return _covering(held).exclude(pk__in=_covering(voteless).values("pk"))


def scope_ids(user: User, action: Action = Action.REQUEST_READ) -> list[int]:
    """
    Return the keys of the scopes in which *user* may do *action*; one query.

    For lists over many rows: the database plans better with values than with a subquery.
    """
    return list(scopes_where(user, action).values_list("pk", flat=True))


def _covering(assignments: QuerySet[RoleAssignment]) -> QuerySet[Scope]:
    return Scope.objects.filter(
        Q(pk__in=assignments.values("scope"))
        | Q(organisation__in=assignments.filter(scope__repository="").values("scope__organisation"))
    )


def audit_readable(user: User, *, path: str = "") -> Q:
    """
    Return the filter for the audit entries that *user* may read; *path* leads to them from other rows ("event__").

    Entries without a scope are read by those who may read the audit of a whole organisation; what people did
    themselves they may always read.
    """
    if not scopes_where(user, Action.REQUEST_READ).exists():
        return Q(pk__in=[])
    own = Q(**{f"{path}actor_id": str(user.pk)})
    readable = own | Q(**{f"{path}scope__in": scope_ids(user, Action.AUDIT_READ)})
    return readable | Q(**{f"{path}scope__isnull": True}) if can(user, Action.AUDIT_READ, None) else readable


def role_holders(scope: Scope, role: Role) -> QuerySet[User]:
    """Return the active people who hold *role* in *scope* or in its organisation."""
    held = RoleAssignment.objects.filter(
        Q(scope=scope) | Q(scope__organisation=scope.organisation_id, scope__repository=""), role=role.value
    )
    return User.objects.filter(is_active=True, pk__in=held.values("user"))


def display_name(user: User) -> str:
    """Return the name people know *user* by."""
    return user.get_full_name() or user.get_username()


def accounts_of(user: User) -> list[int]:
    """Return the keys of all accounts of the person behind *user*; a query only where accounts are linked."""
    if not user.person_key:
        return [user.pk]
    return list(User.objects.filter(person_key=user.person_key).values_list("pk", flat=True))


def part_of(user: User, barred: Mapping[int, str]) -> str:
    """Return why the person behind *user* is among *barred*, in whichever account; empty when they are not."""
    return next((barred[account] for account in accounts_of(user) if account in barred), "")


def roster_of(scope: Scope, *, path: str = "") -> Roster:
    """
    Return everyone with a role in *scope*, who owns *path*, and their other accounts; at most three queries.

    An account of theirs that is a superuser's is among them, whatever roles it has.

    An owner is named for a pattern that matches the path, or for the whole repository.
    """
    return roster_reader(scope)(path)


def roster_reader(scope: Scope) -> Callable[[str | None], Roster]:
    """
    Return a function from a path to everyone with a role in *scope*, with the owners of that path.

    Three queries at once, none later. ``ANY_PATH`` takes the owners of every path.
    """
    owners = list(CodeOwner.objects.filter(scope=scope).values_list("user_id", "pattern"))
    assignments = RoleAssignment.objects.filter(
        Q(scope=scope) | Q(scope__organisation=scope.organisation_id, scope__repository="")
    )
    # Whoever is away is away in all of their accounts.
    theirs = Q(user=OuterRef("user")) | (~Q(user__person_key="") & Q(user__person_key=OuterRef("user__person_key")))
    away = Absence.objects.filter(theirs, starts_on__lte=now().date(), ends_on__gte=now().date())
    assignments = assignments.select_related("user").annotate(is_away=Exists(away))
    users: dict[int, User] = {}
    absent: set[int] = set()
    roles: dict[int, set[Role]] = defaultdict(set)
    for assignment in assignments:
        users[assignment.user_id] = assignment.user
        roles[assignment.user_id].add(Role(assignment.role))
        if assignment.is_away:
            absent.add(assignment.user_id)
    keys = {user.person_key for user in users.values()} - {""}
    accounts = list(User.objects.filter(person_key__in=keys)) if keys else []
    linked = {account.pk: account.person_key for account in accounts}
    # Whoever administers everything has no vote, in no other account either.
    users |= {account.pk: account for account in accounts if account.is_superuser and account.pk not in users}

    def roster(path: str | None) -> Roster:
        owning = {user for user, pattern in owners if _covers(pattern, path)}
        return Roster(tuple(_member(users[pk], roles[pk], pk in owning, pk in absent) for pk in sorted(users)), linked)

    return roster


def _covers(pattern: str, path: str | None) -> bool:
    return path is ANY_PATH or pattern in EVERYWHERE or (bool(path) and fnmatchcase(path, pattern))


def _member(user: User, roles: set[Role], is_owner: bool, is_absent: bool) -> Member:
    return Member(
        user_id=user.pk,
        name=display_name(user),
        roles=frozenset(roles | ({Role.ADMIN} if user.is_superuser else set())),
        is_owner=is_owner,
        is_human=not user.is_service,
        is_active=user.is_active,
        person=user.person_key,
        is_absent=is_absent,
    )


def ballots_of(subject_kind: str, subject_id: UUID) -> QuerySet[Ballot]:
    """Return all ballots on a subject, voided ones included, oldest first."""
    ballots = Ballot.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    return ballots.select_related("voter").order_by("cast_at", "id")


def ballot_of(subject_kind: str, subject_id: UUID, voter: User) -> Ballot | None:
    """Return the valid ballot on a subject of the person behind *voter*, in whichever account, if any."""
    return Ballot.objects.filter(
        subject_kind=subject_kind, subject_id=subject_id, voter__in=accounts_of(voter), voided_at__isnull=True
    ).first()


def ballot_is_over(ballot: Ballot, *, life: timedelta | None) -> bool:
    """Return whether *ballot* is an approval or an abstention that has ended; one query where ballots end."""
    if life is None or Verdict(ballot.verdict) not in PASSING:
        return False
    return _database_time() - ballot.cast_at >= life


def human_ballots(ballots: Iterable[Ballot]) -> tuple[HumanBallot, ...]:
    """Return *ballots* as the engine reads them."""
    return tuple(
        HumanBallot(
            voter_id=ballot.voter_id,
            verdict=Verdict(ballot.verdict),
            digest=ballot.subject_digest,
            cast_at=ballot.cast_at,
            is_voided=ballot.voided_at is not None,
            rationale=ballot.rationale,
        )
        for ballot in ballots
    )


def decision_of(subject: Subject, *, policy: Policy, scope: Scope, path: str = "", is_kept: bool = False) -> Decision:
    """
    Return where the decision about *subject* stands now; four queries.

    What *is_kept* for ever names accounts by number: ``accounts_named`` puts the names in when somebody reads it.
    """
    ballots = human_ballots(Ballot.objects.filter(subject_kind=subject.kind, subject_id=subject.id))
    roster = roster_of(scope, path=path)
    if is_kept:
        members = tuple(replace(one, name=account_kept(one.user_id)) for one in roster.members)
        roster = replace(roster, members=members)
        ballots = tuple(replace(one, rationale=words_kept(one.rationale)) for one in ballots)
        subject = replace(subject, vetoers={user: account_kept(user) for user in subject.vetoers})
    return decide(policy, ballots, subject, roster, _database_time())


def _database_time() -> datetime:
    """Return the time of the clock that stamps ballots, so that a web process whose clock lags loses none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])


def approval_prospect(
    *, policy: Policy, scope: Scope, barred: Mapping[int, str], path: str = ""
) -> tuple[tuple[Seat, ...], int]:
    """Return the seats that the people of *scope* could never fill, and how many people may approve. Three queries."""
    roster = roster_of(scope, path=path)
    return shortfall(policy, roster, barred), approvers(policy, roster, barred)


def overrides_of(subject_kind: str, subject_id: UUID) -> QuerySet[Override]:
    """Return the overrides of a subject that were not withdrawn, oldest first."""
    overrides = Override.objects.filter(subject_kind=subject_kind, subject_id=subject_id, withdrawn_at__isnull=True)
    return overrides.select_related("asked_by", "confirmed_by").order_by("asked_at", "id")


def overrides_stand(overrides: Iterable[Override], *, digest: str) -> list[tuple[Override, OverrideState]]:
    """Return each of *overrides* with where it stands now for content with *digest*; one query for the time."""
    moment = _database_time()
    return [(override, _override_state(override, digest, moment)) for override in overrides]


@dataclass(frozen=True)
class Signer:
    """What one person may sign about one subject."""

    user_id: int
    roles: frozenset[Role]
    barred: Mapping[int, str]
    accounts: frozenset[int]

    @property
    def may_ask(self) -> bool:
        """Whether they may sign first."""
        return may_ask(self.roles, self.user_id, self.barred)

    def may_confirm(self, asked_by: int) -> bool:
        """Return whether they may sign second, after *asked_by*."""
        return asked_by not in self.accounts and may_confirm(self.roles, self.user_id, self.barred, asked_by=asked_by)


def override_signer(user: User, scope: Scope, barred: Mapping[int, str]) -> Signer:
    """Return what *user* may sign in *scope*; one query. A machine signs nothing."""
    part = part_of(user, barred)
    roles = frozenset() if user.is_service else roles_of(user, scope)
    return Signer(user.pk, roles, {**barred, user.pk: part} if part else barred, frozenset(accounts_of(user)))


def override_state_of(override: Override, *, digest: str) -> OverrideState:
    """Return where *override* stands now for content with *digest*; one query for the time."""
    return _override_state(override, digest, _database_time())


def checks_overridden(subject_kind: str, subject_id: UUID, *, digest: str) -> dict[str, Override]:
    """Return the overrides that stand now, by the name of the check that they let pass; two queries."""
    return {
        override.check_name: override
        for override, state in overrides_stand(overrides_of(subject_kind, subject_id), digest=digest)
        if state is OverrideState.STANDS
    }


def _override_state(override: Override, digest: str, moment: datetime) -> OverrideState:
    signed = SignedOverride(
        asked_by=override.asked_by_id,
        digest=override.subject_digest,
        ends_at=override.ends_at,
        confirmed_by=override.confirmed_by_id,
        is_withdrawn=override.withdrawn_at is not None,
    )
    return override_state(signed, digest=digest, now=moment)


def overrides_waiting_for(user: User, subject_kind: str) -> QuerySet[Override]:
    """Return the overrides that wait for a second signature which *user* could give, longest waiting first."""
    seconds = [role.value for role, needs in MATRIX[Action.CHECK_OVERRIDE].items() if needs is Condition.SECOND_PERSON]
    scopes = _covering(RoleAssignment.objects.filter(user_id=user.pk, role__in=seconds))
    waiting = Override.objects.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True, subject_kind=subject_kind)
    return waiting.filter(scope__in=scopes).exclude(asked_by=user).order_by("asked_at", "id")


@dataclass(frozen=True)
class ChainState:
    """How long the audit chain is, and what its last verification found; ``verified_at`` is empty before the first."""

    entries: int
    verified_at: datetime | None = None
    verified_entries: int = 0
    is_sound: bool = False
    problem: str = ""
    anchored_at: datetime | None = None
    anchored_entries: int = 0


def chain_state() -> ChainState:
    """Return the state of the audit chain without reading it; three queries."""
    chain = AuditEvent.objects.filter(object_kind=CHAIN_KIND).order_by("-sequence")
    anchor = chain.filter(action="audit.anchor").values_list("at", "detail").first()
    anchored = {"anchored_at": anchor[0], "anchored_entries": anchor[1]["sequence"]} if anchor else {}
    newest = AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    last = chain.filter(object_id=CHAIN_ID).first()
    if last is None:
        return ChainState(newest, **anchored)
    return ChainState(
        entries=newest,
        verified_at=last.at,
        verified_entries=last.detail["count"],
        is_sound=last.outcome == Outcome.DONE.value,
        problem=last.reason,
        **anchored,
    )


def chain_alarm(user: Anyone) -> str:
    """Return what the last verification found to be wrong with the chain, to those who may read it; one query."""
    last = AuditEvent.objects.filter(object_kind=CHAIN_KIND, object_id=CHAIN_ID).order_by("-sequence").first()
    if last is None or last.outcome == Outcome.DONE.value or not scopes_where(user, Action.AUDIT_READ).exists():
        return ""
    return last.reason
