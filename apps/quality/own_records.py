"""What people sent on its own and is theirs alone."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from apps.governance.records import PersonData, person_data_register
from apps.quality.models import MeasuredCode


def _texts(people: Collection[int]) -> QuerySet[MeasuredCode]:
    return MeasuredCode.objects.filter(submitted_by__in=people, revision=None)


TEXTS = PersonData(
    "texts",
    "Texts that they had looked at; the figures stay",
    lambda people: _texts(people).exclude(text="", path="").count(),
    lambda people: _texts(people).update(text="", path=""),
    ("quality.MeasuredCode.submitted_by",),
)


def own_records_register() -> None:
    """Offer all of it."""
    person_data_register(TEXTS)
