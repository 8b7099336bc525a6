"""
Who is told what: from entries of the audit chain, and from what becomes of requests.

A rule says whom something concerns. Titles name what people called their request; no reason, code or model is told, for
a voter must not learn here what the review keeps from them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from apps.console.flows.committee_notices import COMMITTEE_RULES
from apps.console.flows.platform_notices import PLATFORM_RULES
from apps.generation.models import GenerationRun
from apps.generation.services.questions import has_question
from apps.generation.services.watching import watchers_of
from apps.generation.services.withdrawal import is_withdrawn
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, Ballot, PolicyVersion, Scope, User
from apps.governance.policy_kinds import policy_kind
from apps.governance.selectors.people import people_other_than, people_where, people_with
from apps.governance.types import Action, Outcome, Role
from apps.jobs.services import Notice, notifications_settle, people_notify
from apps.jobs.types import NoticeKind as Kind

REQUEST = "request"
PLATFORM_ROLES = (Role.ADMIN, Role.AUDITOR)


def entry_tell(event: AuditEvent) -> None:
    """Tell whom an entry of the audit chain concerns, except whoever did it; nobody is told of what was denied."""
    if event.outcome == Outcome.DENIED.value or (rule := RULES.get(event.action)) is None:
        return
    own = int(event.actor_id) if event.actor_id.isdecimal() else 0
    for notice in rule(event):
        people_notify(replace(notice, recipients=set(notice.recipients) - {own}))


# --- Requests -------------------------------------------------------------------------------------------------------


def _run(identity: str | UUID) -> GenerationRun | None:
    runs = GenerationRun.objects.select_related("request", "repository__scope__organisation", "requester")
    return runs.filter(pk=identity).first()


def _page(run: GenerationRun) -> str:
    return reverse("generation:request-detail", args=[run.pk])


def _about(run: GenerationRun, kind: Kind, title: str, people: Iterable[User] | Iterable[int], **more: str) -> Notice:
    keys = [person if isinstance(person, int) else person.pk for person in people]
    url = more.pop("url", _page(run))
    return Notice(kind, REQUEST, str(run.pk), title, keys, url=url, scope=run.repository.scope, **more)


def _parts(run: GenerationRun) -> list[int]:
    return list(run.contributions.values_list("user", flat=True))


def _voters(run: GenerationRun) -> list[User]:
    voted = Ballot.objects.filter(subject_kind=REQUEST, subject_id=run.pk, voided_at=None).values("voter")
    people = people_where(run.repository.scope, Action.VERDICT_VOTE).exclude(pk__in=voted)
    return list(people_other_than(people, _parts(run)))


def _watchers(run: GenerationRun) -> list[User]:
    """Whoever watches *run* and may still read it."""
    return list(people_where(run.repository.scope, Action.REQUEST_READ).filter(pk__in=watchers_of(run)))


def request_tell(*, request_id: UUID, status: Status, **_: object) -> None:
    """Tell whom it concerns that a request is in another state; receives ``request_moved``."""
    rule = MOVES.get(status)
    if rule is None:
        return
    with transaction.atomic():
        run = _run(request_id)
        if run is not None:
            for notice in rule(run):
                people_notify(notice)


def _in_review(run: GenerationRun) -> list[Notice]:
    review = reverse("generation:review", args=[run.pk])
    told = [_about(run, Kind.YOUR_TURN, f"Review “{run.title}”", _voters(run), url=review)]
    if has_question(run):
        title = f"Answer a question about “{run.title}”"
        told.append(_about(run, Kind.YOUR_TURN, title, [run.requester], url=f"{review}#questions"))
    else:
        told.append(_about(run, Kind.REQUEST_MOVED, f"“{run.title}” is with its reviewers", [run.requester]))
    return told


def _approved(run: GenerationRun) -> list[Notice]:
    _over(run)
    if run.failure:
        title = f"The delivery of “{run.title}” failed"
        return [_about(run, Kind.YOUR_TURN, title, [run.requester], text="The approval stands; start it again.")]
    return [_about(run, Kind.REQUEST_MOVED, f"“{run.title}” was approved", [run.requester])]


def _delivered(run: GenerationRun) -> list[Notice]:
    mergers = people_other_than(people_where(run.repository.scope, Action.DELIVERY_MERGE), _parts(run))
    return [
        _about(run, Kind.YOUR_TURN, f"Merge “{run.title}”", mergers),
        _about(run, Kind.REQUEST_MOVED, f"“{run.title}” waits for its merge", [run.requester]),
    ]


def _ended(words: str) -> Callable[[GenerationRun], list[Notice]]:
    def rule(run: GenerationRun) -> list[Notice]:
        _over(run)
        return [_about(run, Kind.REQUEST_ENDED, f"“{run.title}” {words}", [run.requester, *_watchers(run)])]

    return rule


def _cancelled(run: GenerationRun) -> list[Notice]:
    if not is_withdrawn(run):
        return _ended("was stopped")(run)
    _over(run)  # Whoever took it back knows; its reviewers are told by the entry of the audit chain.
    notifications_settle(subject_kind=REQUEST, subject_id=str(run.pk), people=[run.requester_id], kinds=tuple(Kind))
    watchers = {person.pk for person in _watchers(run)} - {person.pk for person in _voters(run)}
    return [_about(run, Kind.REQUEST_ENDED, f"“{run.title}” was withdrawn", watchers)]


def _over(run: GenerationRun) -> None:
    notifications_settle(subject_kind=REQUEST, subject_id=str(run.pk))


MOVES: dict[Status, Callable[[GenerationRun], list[Notice]]] = {
    Status.IN_REVIEW: _in_review,
    Status.APPROVED: _approved,
    Status.DELIVERED: _delivered,
    Status.OBSERVED: _ended("was merged"),
    Status.REJECTED: _ended("was rejected by its reviewers"),
    Status.FAILED: _ended("failed"),
    Status.CANCELLED: _cancelled,
}


# --- Entries of the audit chain -------------------------------------------------------------------------------------


def _review_changed(event: AuditEvent) -> list[Notice]:
    run = _run(event.object_id)
    if run is None or run.request.status != Status.IN_REVIEW:
        return []
    title = f"“{run.title}” changed while it was reviewed"
    text = "Verdicts on what was there before do not count any more."
    review = reverse("generation:review", args=[run.pk])
    return [_about(run, Kind.YOUR_TURN, title, _voters(run), text=text, url=review)]


def _withdrawn(event: AuditEvent) -> list[Notice]:
    run = _run(event.object_id)
    if run is None:
        return []
    text = "No verdict is needed any more; those that were cast do not count."
    return [_about(run, Kind.REVIEW_ENDED, f"“{run.title}” was withdrawn", _voters(run), text=text)]


def _issue_raised(event: AuditEvent) -> list[Notice]:
    """Tell whoever asked for the code; what stands in nobody's way is read when they come by."""
    run = _run(event.object_id) if event.detail.get("is_blocking") else None
    if run is None or run.request.status != Status.IN_REVIEW:
        return []
    url = f"{reverse('generation:review', args=[run.pk])}#comments"
    title = f"Answer an issue about “{run.title}”"
    text = "Nobody approves it until the issue is resolved."
    return [_about(run, Kind.YOUR_TURN, title, [run.requester], text=text, url=url)]


def _voted(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id, people=[int(event.actor_id)])
    return []


def _override_asked(event: AuditEvent) -> list[Notice]:
    run = _run(event.object_id)
    if run is None or event.scope is None:
        return []
    chairs = people_other_than(people_with(event.scope, [Role.CHAIR]), [*_parts(run), int(event.actor_id)])
    review = run.request.status == Status.IN_REVIEW
    url = reverse("generation:review", args=[run.pk]) if review else _page(run)
    return [_about(run, Kind.YOUR_TURN, f"Sign an override for “{run.title}”", chairs, url=url)]


def _override_signed(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id, people=[int(event.actor_id)])
    run = _run(event.object_id)
    if run is None:
        return []
    return [_about(run, Kind.REQUEST_MOVED, f"A failed check of “{run.title}” was overridden", [run.requester])]


def _policy_proposed(event: AuditEvent) -> list[Notice]:
    return _policy(event, Kind.YOUR_TURN, "An approval policy waits for its second signature")


def _policy_published(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
    return _policy(event, Kind.RULES_CHANGED, "An approval policy rules now", everybody=True)


def _policy(event: AuditEvent, kind: Kind, what: str, *, everybody: bool = False) -> list[Notice]:
    if event.scope is None:
        return []
    action = Action.REQUEST_READ if everybody else Action.POLICY_MANAGE
    url = reverse("governance:policy-detail", args=[event.object_id])
    title = f"{what}: {event.detail.get('risk', '')} risk in {event.scope}"
    return [_notice(event, kind, title, people_where(event.scope, action), url=url)]


def _version_proposed(event: AuditEvent) -> list[Notice]:
    version = PolicyVersion.objects.select_related("scope__organisation").filter(pk=event.object_id).first()
    if version is None or (kind := policy_kind(version.kind)) is None:
        return []
    people = _superusers() if version.scope is None else people_where(version.scope, kind.action)
    title = f"{version} waits for its second signature"
    return [_notice(event, Kind.YOUR_TURN, title, people, url=_version_page(event))]


def _version_published(event: AuditEvent) -> list[Notice]:
    notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
    version = PolicyVersion.objects.select_related("scope__organisation").filter(pk=event.object_id).first()
    if version is None:
        return []
    people = _superusers() if version.scope is None else people_where(version.scope, Action.REQUEST_READ)
    return [_notice(event, Kind.RULES_CHANGED, f"{version} rules now", people, url=_version_page(event))]


def _version_page(event: AuditEvent) -> str:
    return reverse("governance:version-detail", args=[event.object_id])


def _superusers() -> list[User]:
    return list(User.objects.filter(is_active=True, is_superuser=True))


def _role(words: str) -> Callable[[AuditEvent], list[Notice]]:
    def rule(event: AuditEvent) -> list[Notice]:
        if event.scope is None or not event.object_id.isdecimal():
            return []
        role = str(event.detail.get("role", "")).replace("_", " ")
        title = f"{words} {role} of {event.scope}"
        # Each role is a subject of its own: giving two must not look like one.
        return [
            Notice(
                Kind.RULES_CHANGED, "role", f"{event.object_id}:{event.scope_id}:{role}", title, [int(event.object_id)]
            )
        ]

    return rule


def _chain_verified(event: AuditEvent) -> list[Notice]:
    if event.outcome != Outcome.FAILED.value:
        notifications_settle(subject_kind=event.object_kind, subject_id=event.object_id)
        return []
    text = "An entry was edited, removed or put in between. Keep a copy of the database before anything else."
    url = reverse("governance:audit-list")
    return [_notice(event, Kind.YOUR_TURN, "The audit chain is broken", _platform_people(), text=text, url=url)]


def _webhook_disabled(event: AuditEvent) -> list[Notice]:
    if event.scope is None:
        return []
    title = f"The webhook “{event.detail.get('name', '')}” was switched off"
    text = "Every attempt failed for days. Look at its log, repair the receiver, then switch it on again."
    url = reverse("jobs:webhook-detail", args=[event.object_id])
    people = people_where(event.scope, Action.WEBHOOK_MANAGE)
    return [_notice(event, Kind.YOUR_TURN, title, people, text=text, url=url)]


def _platform_people() -> list[User]:
    """Return who looks after the whole platform: superusers, and administrators and auditors of an organisation."""
    found = {user.pk: user for user in _superusers()}
    for scope in Scope.objects.filter(repository=""):
        found |= {user.pk: user for user in people_with(scope, PLATFORM_ROLES)}
    return list(found.values())


def _notice(
    event: AuditEvent,
    kind: Kind,
    title: str,
    people: Iterable[User] | Collection[int],
    *,
    text: str = "",
    url: str = "",
) -> Notice:
    keys = [person if isinstance(person, int) else person.pk for person in people]
    return Notice(kind, event.object_kind, event.object_id, title, keys, text=text, url=url, scope=event.scope)


RULES: dict[str, Callable[[AuditEvent], list[Notice]]] = {
    "ballot.cast": _voted,
    "request.withdraw": _withdrawn,
    "review.choose": _review_changed,
    "review.issue": _issue_raised,
    "review.refreeze": _review_changed,
    "override.ask": _override_asked,
    "override.confirm": _override_signed,
    "policy.propose": _policy_proposed,
    "policy.publish": _policy_published,
    "policy_version.propose": _version_proposed,
    "policy_version.publish": _version_published,
    "role.assign": _role("You are now"),
    "role.remove": _role("You are no longer"),
    "audit.verify": _chain_verified,
    "webhook.disable": _webhook_disabled,
    **COMMITTEE_RULES,
    **PLATFORM_RULES,
}
