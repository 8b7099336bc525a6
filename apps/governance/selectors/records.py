"""Retention, legal holds and erasures, shaped for their page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.clock import now
from apps.governance.engine.permissions import MATRIX, Action, Condition
from apps.governance.engine.retention import Holds, Usage, cutoff
from apps.governance.models import AuditEvent, Erasure, LegalHold, RetentionSetting, Scope, User
from apps.governance.records import DataClass, data_classes, person_data
from apps.governance.selectors import accounts_of, roles_of

SHOWN = 50


@dataclass(frozen=True)
class Rule:
    """For how long a class is kept now: by which setting (None: the default), and whether it is deleted by itself."""

    data: DataClass
    days: int
    setting: RetentionSetting | None

    @property
    def is_on(self) -> bool:
        """Whether what is old is deleted."""
        return self.data.kept is not None and (self.data.is_routine or self.setting is not None)


@dataclass(frozen=True)
class DryRun:
    """What there is of a class, what would be deleted now, and how much of it a hold keeps."""

    rule: Rule
    all: Usage
    old: Usage
    held: int


def retention_rules() -> list[Rule]:
    """Return the rule of every class; one query."""
    confirmed = RetentionSetting.objects.filter(confirmed_at__isnull=False).select_related("asked_by", "confirmed_by")
    ruling = {setting.data_class: setting for setting in confirmed.order_by("confirmed_at")}
    return [_rule(data, ruling.get(data.key)) for data in data_classes()]


def _rule(data: DataClass, setting: RetentionSetting | None) -> Rule:
    # A limit that was tightened since holds for settings that were signed before it, too.
    if setting is None or data.days.refused(setting.days):
        return Rule(data, data.days.default, None)
    return Rule(data, setting.days, setting)


def retention_dry_run() -> list[DryRun]:
    """Count what a run would do now, and change nothing; it reads every class once or twice."""
    holds, at = holds_standing(), now()
    runs = []
    for rule in retention_rules():
        if rule.data.kept is None:
            continue
        before = cutoff(at, rule.days)
        old = rule.data.kept.old(before, holds)
        held = rule.data.kept.old(before, Holds()).count - old.count
        runs.append(DryRun(rule, rule.data.kept.all(), old, held))
    return runs


def retention_open() -> QuerySet[RetentionSetting]:
    """Return the settings that wait for a second person, newest first."""
    waiting = RetentionSetting.objects.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)
    return waiting.select_related("asked_by").order_by("-asked_at", "id")


def holds_standing() -> Holds:
    """Return what legal holds cover now; at most three queries. A hold on an organisation covers its repositories."""
    standing = list(LegalHold.objects.filter(released_at__isnull=True).values_list("scope", "request_id", "person"))
    scopes = {scope for scope, _, _ in standing if scope}
    whole = Scope.objects.filter(pk__in=scopes, repository="").values("organisation")
    covered = set(Scope.objects.filter(organisation__in=whole).values_list("pk", flat=True)) if scopes else set()
    people = {account for _, _, person in standing if person for account in _accounts(person)}
    return Holds(
        frozenset(scopes | covered), frozenset(request for _, request, _ in standing if request), frozenset(people)
    )


def _accounts(person_id: int) -> list[int]:
    return accounts_of(User.objects.get(pk=person_id))


def holds_listed() -> list[LegalHold]:
    """Return the newest holds, those that stand first."""
    related = ("scope__organisation", "person", "placed_by", "release_asked_by", "released_by")
    holds = LegalHold.objects.select_related(*related)
    return sorted(holds.order_by("-placed_at", "id")[:SHOWN], key=lambda hold: hold.released_at is not None)


def erasures_listed() -> list[Erasure]:
    """Return the newest erasures."""
    erasures = Erasure.objects.select_related("person", "asked_by", "confirmed_by", "withdrawn_by")
    return list(erasures.order_by("-asked_at", "id")[:SHOWN])


@dataclass(frozen=True)
class ErasurePlan:
    """What erasing a person does: their accounts, what is changed by its title, and why it must not be done (or "")."""

    accounts: list[User]
    changes: list[tuple[str, int]]
    refused: str


def erasure_plan(person: User) -> ErasurePlan:
    """Return what would happen to the data of *person* now."""
    accounts = list(User.objects.filter(pk__in=accounts_of(person)).order_by("pk"))
    keys = [account.pk for account in accounts]
    changes = [(data.title, data.count(keys)) for data in person_data()]
    return ErasurePlan(accounts, changes, erasure_refused(keys, holds_standing()))


def erasure_refused(accounts: Collection[int], holds: Holds) -> str:
    """Return why the person behind *accounts* must go on being named, as a sentence; empty when they need not."""
    if holds.people & set(accounts):
        return "A legal hold covers this person."
    acted = AuditEvent.objects.filter(actor_id__in=[str(pk) for pk in accounts])
    held = Q(scope__in=holds.scopes) | Q(object_id__in=[str(key) for key in holds.requests])
    if (holds.scopes or holds.requests) and acted.filter(held).exists():
        return "A legal hold covers work in which this person took part."
    return ""


@dataclass(frozen=True)
class RecordsSigner:
    """What one person signs: an administrator of a whole organisation first, the chair second."""

    may_first: bool
    is_second: bool
    accounts: frozenset[int]

    def may_second(self, first: int | None) -> bool:
        """Return whether they sign after the account *first*: the chair does, and nobody after themselves."""
        return self.is_second and first not in self.accounts

    @property
    def may_either(self) -> bool:
        """Whether they sign at all."""
        return self.may_first or self.is_second


def records_signer(user: User) -> RecordsSigner:
    """Return what *user* signs; at most two queries. A machine signs nothing."""
    cells = MATRIX[Action.PERSON_ERASE]
    conditions = set() if user.is_service else {cells.get(role) for role in roles_of(user, None)}
    return RecordsSigner(
        Condition.ALWAYS in conditions, Condition.SECOND_PERSON in conditions, frozenset(accounts_of(user))
    )


def erasure_find(erasure_id: UUID) -> Erasure | None:
    """Return one erasure with who signed it."""
    related = ("person", "asked_by", "confirmed_by", "withdrawn_by")
    return Erasure.objects.select_related(*related).filter(pk=erasure_id).first()
