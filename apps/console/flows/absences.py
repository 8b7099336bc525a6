"""Whoever can name other people is told when an absence leaves something that nobody could approve."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.db import transaction
from django.urls import reverse

from apps.console.flows.platform_notices import administrators_of
from apps.governance.selectors.absences import Gap, absence_gaps
from apps.jobs.models import Notification
from apps.jobs.services import Notice, notifications_settle, people_notify
from apps.jobs.types import NoticeKind as Kind

SUBJECT = "absences"
SHOWN = 3
OVER = "It can be approved again."


@transaction.atomic
def absences_tell(today: date) -> int:
    """
    Tell administrators and chairs what nobody could approve while people are away; return how many were told.

    One notification for each person and organisation, again only when it says something else. What is possible again
    counts as read.
    """
    gaps: dict[tuple[int, int], list[Gap]] = defaultdict(list)
    for gap in absence_gaps(today):
        for person in administrators_of(gap.scope):
            gaps[person, gap.scope.organisation_id].append(gap)
    for person, organisation in _standing() - gaps.keys():
        notifications_settle(subject_kind=SUBJECT, subject_id=str(organisation), people=[person])
        over = Notification.objects.filter(subject_kind=SUBJECT, subject_id=str(organisation), recipient=person)
        over.update(text=OVER)
    return sum(_tell(person, organisation, found) for (person, organisation), found in gaps.items())


def _standing() -> set[tuple[int, int]]:
    rows = Notification.objects.filter(subject_kind=SUBJECT).exclude(text=OVER)
    return {(person, int(subject)) for person, subject in rows.values_list("recipient", "subject_id")}


def _tell(person: int, organisation: int, gaps: list[Gap]) -> int:
    first = gaps[0]
    title = f"While people are away nobody could approve {_named(first)}"
    if len(gaps) > 1:
        title = f"While people are away nobody could approve some requests of {first.scope.organisation.name}"
    text = "; ".join(_missing(gap) for gap in gaps[:SHOWN])
    more = f"; and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else ""
    notice = Notice(
        Kind.YOUR_TURN,
        SUBJECT,
        str(organisation),
        title,
        [person],
        text=f"Missing: {text}{more}.",
        url=reverse("governance:policy-list"),
        scope=first.scope,
    )
    said = {"title": " ".join(notice.title.split())[:200], "text": " ".join(notice.text.split())[:400]}
    known = Notification.objects.filter(subject_kind=SUBJECT, subject_id=str(organisation), recipient=person, **said)
    return 0 if known.exists() else people_notify(notice)


def _missing(gap: Gap) -> str:
    return f"{_named(gap)}, {gap.starts_on} to {gap.ends_on}: {' and '.join(gap.seats)}"


def _named(gap: Gap) -> str:
    return f"{gap.risk} risk in {gap.scope}"
