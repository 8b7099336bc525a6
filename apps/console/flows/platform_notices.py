"""Whom models, legal holds, retention, erasures and absences concern: those who sign, and those who asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.console.flows.upcoming import upcoming_request
from apps.governance.models import AuditEvent, LegalHold, RoleAssignment, Scope, User
from apps.governance.selectors.people import people_other_than, people_with
from apps.governance.types import Role
from apps.jobs.services import Notice, notifications_settle
from apps.jobs.types import NoticeKind as Kind
from apps.providers.models import Provider

Rule = Callable[[AuditEvent], list[Notice]]


def people_of_the_whole(*roles: Role) -> QuerySet[User]:
    """Return the active people who hold one of *roles* in a whole organisation, superusers among administrators."""
    held = RoleAssignment.objects.filter(role__in=[role.value for role in roles], scope__repository="")
    wanted = Q(pk__in=held.values("user"))
    if Role.ADMIN in roles:
        wanted |= Q(is_superuser=True)
    return User.objects.filter(wanted, is_active=True, is_service=False)


def _about(
    event: AuditEvent, kind: Kind, title: str, people: QuerySet[User] | Collection[int], url: str, text: str = ""
) -> Notice:
    keys: Iterable[int] = people.values_list("pk", flat=True) if isinstance(people, QuerySet) else people
    return Notice(kind, event.object_kind, event.object_id, title, set(keys), text=text, url=url)


# --- Models ---------------------------------------------------------------------------------------------------------


def _model_waits(event: AuditEvent) -> list[Notice]:
    provider = Provider.objects.filter(pk=event.object_id).first()
    if provider is None or provider.approved_at is not None or provider.comes_with_the_installation:
        return []
    others = people_of_the_whole(Role.ADMIN)
    if provider.registered_by_id is not None:
        others = people_other_than(others, [provider.registered_by_id])
    title = f"Approve the model {provider.name}"
    text = "It is not asked before another person than the one who registered it has read its card."
    return [_about(event, Kind.YOUR_TURN, title, others, reverse("providers:model-list"), text)]


def _model_decided(words: str) -> Rule:
    def rule(event: AuditEvent) -> list[Notice]:
        notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
        provider = Provider.objects.filter(pk=event.object_id).first()
        if provider is None or provider.registered_by_id is None:
            return []
        title, url = f"The model {provider.name} {words}", reverse("providers:model-list")
        return [_about(event, Kind.PLATFORM, title, [provider.registered_by_id], url)]

    return rule


# --- Records --------------------------------------------------------------------------------------------------------


def _second_signature(what: str, url: Callable[[AuditEvent], str]) -> Rule:
    """Return the rule for what a person asked for and the chair of an organisation signs second."""

    def rule(event: AuditEvent) -> list[Notice]:
        seconds = people_other_than(people_of_the_whole(Role.CHAIR), [int(event.actor_id)])
        return [_about(event, Kind.YOUR_TURN, f"Sign {what}", seconds, url(event))]

    return rule


def _settled(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
    return []


def _hold_placed(event: AuditEvent) -> list[Notice]:
    people = people_of_the_whole(Role.ADMIN, Role.CHAIR, Role.AUDITOR)
    text = "Nothing of what it covers is deleted, or has its names taken away, until two people release it."
    return [_about(event, Kind.PLATFORM, "A legal hold was placed", people, _records(event), text)]


def _hold_released(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
    hold = LegalHold.objects.filter(pk=event.object_id).first()
    if hold is None:
        return []
    people = {hold.placed_by_id, hold.release_asked_by_id or hold.placed_by_id}
    return [_about(event, Kind.PLATFORM, "A legal hold was released", people, _records(event))]


def _records(_event: AuditEvent) -> str:
    return reverse("governance:retention")


def _erasure(event: AuditEvent) -> str:
    return reverse("governance:erasure", args=[event.detail["erasure"]])


def _accounts(_event: AuditEvent) -> str:
    return reverse("governance:account-links")


# --- Accounts -------------------------------------------------------------------------------------------------------


def _account_opened(what: str) -> Rule:
    """
    Return the rule for what lets somebody else into an account: its person hears of it, and who answers for the vote.

    What people do to their own account is no news.
    """

    def rule(event: AuditEvent) -> list[Notice]:
        person = User.objects.filter(pk=event.object_id).first()
        if person is None or event.actor_id == event.object_id:
            return []
        text = "Whoever did it can sign in as this person now. If nobody asked for it, suspend generation and say so."
        own, audit = f"An administrator {what} your account", reverse("governance:audit-list")
        chairs = people_other_than(people_of_the_whole(Role.CHAIR), [person.pk])
        return [
            _about(event, Kind.PLATFORM, own, [person.pk], reverse("governance:profile"), text),
            _about(event, Kind.PLATFORM, f"An administrator {what} {person.username}", chairs, audit, text),
        ]

    return rule


def _password_changed(event: AuditEvent) -> list[Notice]:
    """Tell of a password that was given, and of the own one that was chosen with it."""
    if not event.detail.get("was_given"):
        return _account_opened("gave another password to")(event)
    person = User.objects.get(pk=event.object_id)
    others = people_other_than(people_of_the_whole(Role.ADMIN, Role.CHAIR), [person.pk])
    title, audit = f"{person.username} chose their own password", reverse("governance:audit-list")
    text = "Its ballots wait for a day, unless another administrator than whoever gave the one before confirms it."
    return [_about(event, Kind.PLATFORM, title, others, audit, text)]


def _password_confirmed(event: AuditEvent) -> list[Notice]:
    person = User.objects.get(pk=event.object_id)
    told = {person.pk, person.password_given_by_id or person.pk}
    title = f"It was confirmed that {person.username} chose their own password"
    return [_about(event, Kind.PLATFORM, title, told, reverse("governance:profile"), "The account votes from now on.")]


# --- Absences -------------------------------------------------------------------------------------------------------


def _absence(_event: AuditEvent) -> list[Notice]:
    """Have looked at what can still be approved; that takes too long for here."""
    upcoming_request()
    return []


def administrators_of(scope: Scope) -> set[int]:
    """Return who can name other people in *scope*, or change what it takes there; superusers where nobody else is."""
    people = set(people_with(scope, [Role.ADMIN, Role.CHAIR]).values_list("pk", flat=True))
    return people or set(people_of_the_whole(Role.ADMIN).values_list("pk", flat=True))


PLATFORM_RULES: dict[str, Rule] = {
    "provider.add": _model_waits,
    "provider.change": _model_waits,
    "model.approve": _model_decided("was approved"),
    "model.withdraw": _model_decided("is not asked any more: its approval was taken back"),
    "hold.place": _hold_placed,
    "hold.release_ask": _second_signature("the release of a legal hold", _records),
    "hold.release": _hold_released,
    "retention.ask": _second_signature("for how long records are kept", _records),
    "retention.confirm": _settled,
    "retention.withdraw": _settled,
    "erasure.ask": _second_signature("the erasure of a person", _erasure),
    "erasure.confirm": _settled,
    "erasure.withdraw": _settled,
    "own_password.confirm": _password_confirmed,
    "person.password": _password_changed,
    "second_factor.remove": _account_opened("removed the authenticator app of"),
    "accounts.ask": _second_signature("which accounts are one person's", _accounts),
    "accounts.confirm": _settled,
    "accounts.withdraw": _settled,
    "absence.declare": _absence,
    "absence.withdraw": _absence,
}
