"""What ends soon: tokens, waivers, overrides, and what the committee opened. Each person is told once of each end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.urls import reverse

from apps.console.flows.committee_notices import waiver_notice, waiver_people
from apps.generation.models import GenerationRun
from apps.generation.types import RequestStatus as Status
from apps.governance.models import ApiToken, Gate, GateWaiver, Override, Rung, Scope, User
from apps.governance.selectors import display_name
from apps.governance.selectors.people import people_where
from apps.governance.types import Action
from apps.jobs.models import Job, Notification
from apps.jobs.services import Notice, job_enqueue, people_notify
from apps.jobs.types import PLATFORM_ID, PLATFORM_KIND
from apps.jobs.types import NoticeKind as Kind

UPCOMING_JOB = "notices.upcoming"
SOON = timedelta(days=7)
RUNG_SOON = timedelta(days=14)
REQUEST = "request"
OVER = (Status.OBSERVED, Status.REJECTED, Status.FAILED, Status.CANCELLED)


def upcoming_request() -> Job:
    """Have everything that ends soon, and who is away, looked at now rather than within the hour."""
    return job_enqueue(kind=UPCOMING_JOB, subject_kind=PLATFORM_KIND, subject_id=PLATFORM_ID, requested_by=None)


def ends_tell(moment: datetime) -> int:
    """Tell whoever can do something about it of each end that is near, once; return how many were told."""
    notices = (*_tokens(moment), *_waivers(moment), *_overrides(moment), *_rungs(moment))
    return sum(_tell_once(notice) for notice in notices)


def _tell_once(notice: Notice) -> int:
    subject = {"subject_kind": notice.subject_kind, "subject_id": notice.subject_id, "kind": notice.kind.value}
    told = Notification.objects.filter(**subject, recipient__in=notice.recipients).values_list("recipient", flat=True)
    return people_notify(replace(notice, recipients=set(notice.recipients) - set(told)))


def _is_near(begun: datetime, ends: datetime, moment: datetime, soon: timedelta = SOON) -> bool:
    """Return whether an end is near; of what lasts for days only, its second half is."""
    return moment < ends <= moment + min(soon, (ends - begun) / 2)


def _tokens(moment: datetime) -> Iterator[Notice]:
    rows = ApiToken.objects.filter(
        revoked_at=None, replaced_by=None, user__is_active=True, expires_at__range=(moment, moment + SOON)
    )
    machines = list(User.objects.filter(is_active=True, is_superuser=True).values_list("pk", flat=True))
    for token in rows.select_related("user").order_by("expires_at", "id"):
        if not _is_near(token.created_at, token.expires_at, moment):
            continue
        whose = f"The token “{token.name}” of {display_name(token.user)}" if token.user.is_service else _yours(token)
        people = machines if token.user.is_service else [token.user_id]
        text = "Renew it before, and what uses it goes on."
        yield _ends("token", token.pk, whose, token.expires_at, people, reverse("governance:token-list"), text)


def _yours(token: ApiToken) -> str:
    return f"Your token “{token.name}”"


def _waivers(moment: datetime) -> Iterator[Notice]:
    rows = GateWaiver.objects.filter(
        withdrawn_at=None,
        confirmed_at__isnull=False,
        ends_at__range=(moment, moment + SOON),
        gate__state__in=[Gate.State.DRAFT, Gate.State.VOTING],
    )
    for waiver in rows.select_related("gate__scope__organisation").order_by("ends_at", "id"):
        if _is_near(waiver.asked_at, waiver.ends_at, moment):
            yield waiver_notice(waiver, Kind.ENDS_SOON, "A waiver ends soon", waiver_people(waiver))


def _overrides(moment: datetime) -> Iterator[Notice]:
    rows = Override.objects.filter(
        withdrawn_at=None,
        confirmed_at__isnull=False,
        ends_at__range=(moment, moment + SOON),
        subject_kind=REQUEST,
    )
    near = [row for row in rows.order_by("ends_at", "id") if _is_near(row.asked_at, row.ends_at, moment)]
    runs = GenerationRun.objects.exclude(request__status__in=OVER).select_related("request")
    open_now = runs.select_related("repository__scope__organisation").in_bulk([row.subject_id for row in near])
    for row in near:
        run = open_now.get(row.subject_id)
        if run is None:
            continue
        page = "review" if run.request.status == Status.IN_REVIEW else "request-detail"
        people: Iterable[int | None] = (row.asked_by_id, row.confirmed_by_id)
        notice = _ends(
            "override",
            row.pk,
            f"An override for “{run.title}”",
            row.ends_at,
            people,
            reverse(f"generation:{page}", args=[run.pk]),
            "What it let pass stands in the way again from then on, unless it was merged.",
        )
        yield replace(notice, scope=run.repository.scope)


def _rungs(moment: datetime) -> Iterator[Notice]:
    rows = Rung.objects.filter(ended_at=None, expires_at__range=(moment, moment + RUNG_SOON))
    for rung in rows.order_by("expires_at", "id"):
        place = Scope.objects.filter(organisation=rung.organisation_id, repository="").first()
        if place is None or not _is_near(rung.granted_at, rung.expires_at, moment, RUNG_SOON):
            continue
        people = people_where(place, Action.GATE_VOTE).values_list("pk", flat=True)
        text = "What it opened takes no request from then on, unless another gate opens it before."
        title, url = f"The rung “{rung.title}”", reverse("governance:ladder")
        yield replace(_ends("rung", rung.pk, title, rung.expires_at, people, url, text), scope=place)


def _ends(
    kind: str, identity: object, title: str, ends: datetime, people: Iterable[int | None], url: str, text: str
) -> Notice:
    recipients = {one for one in people if one is not None}
    return Notice(Kind.ENDS_SOON, kind, str(identity), f"{title} ends on {ends:%Y-%m-%d}", recipients, text, url)
