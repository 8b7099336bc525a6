"""
What is kept, for how long, and what names people: each app says it of its own tables.

A class of data is registered once, in ``ready``. Retention counts and purges it, holds are asked for at every purge,
and the page of retention shows it; nothing else is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Count, Min, Model, Q, QuerySet

from apps.governance.engine.retention import Days, Holds, Usage

__all__ = [
    "DataClass",
    "Days",
    "Holds",
    "Kept",
    "PersonData",
    "Rows",
    "Usage",
    "data_class_find",
    "data_class_register",
    "data_classes",
    "person_data",
    "person_data_register",
    "person_rows",
]


class Kept(Protocol):
    """Data that grows old."""

    def all(self) -> Usage:
        """Return how much there is."""

    def old(self, before: datetime, holds: Holds) -> Usage:
        """Return how much of it is from before *before* and not held."""

    def purge(self, before: datetime, holds: Holds, limit: int) -> int:
        """Delete at most *limit* of what :meth:`old` counts, in the caller's transaction, and return how many."""


@dataclass(frozen=True)
class Rows:
    """
    Rows of a table, as old as their column ``at``.

    ``held`` says which of them holds cover. ``forget`` does with the rows of some keys what retention asks; without it
    they are deleted.
    """

    rows: Callable[[], QuerySet[Any]]
    at: str
    held: Callable[[Holds], Q] | None = None
    forget: Callable[[Sequence[Any]], None] | None = None

    def all(self) -> Usage:
        return self._usage(self.rows())

    def old(self, before: datetime, holds: Holds) -> Usage:
        return self._usage(self._old(before, holds))

    def purge(self, before: datetime, holds: Holds, limit: int) -> int:
        keys = list(self._old(before, holds).order_by(self.at, "pk").values_list("pk", flat=True)[:limit])
        if keys and self.forget is not None:
            self.forget(keys)
        elif keys:
            self.rows().filter(pk__in=keys).delete()
        return len(keys)

    def _old(self, before: datetime, holds: Holds) -> QuerySet[Any]:
        rows = self.rows().filter(**{f"{self.at}__lt": before})
        return rows if self.held is None else rows.exclude(self.held(holds))

    def _usage(self, rows: QuerySet[Any]) -> Usage:
        found = rows.order_by().aggregate(count=Count("pk"), oldest=Min(self.at))
        return Usage(found["count"], found["oldest"])


@dataclass(frozen=True)
class DataClass:
    """
    One sort of data with its rule.

    ``effect`` says what is done to what is old. What is routine (traces of technique) goes by itself after its
    default; everything else only once two people signed for how many days it is kept. ``kept`` is None for what is
    never deleted.
    """

    key: str
    title: str
    effect: str
    days: Days
    kept: Kept | None = None
    is_routine: bool = False


@dataclass(frozen=True)
class PersonData:
    """
    What names a person in one place: how to count it and how to take the name away, for the keys of accounts.

    ``fields`` are the foreign keys to accounts that it takes care of, each as ``app.Model.field``.
    """

    key: str
    title: str
    count: Callable[[Collection[int]], int]
    erase: Callable[[Collection[int]], int]
    fields: tuple[str, ...] = ()


def person_rows(key: str, title: str, model: type[Model], field: str = "user") -> PersonData:
    """Return the rows of *model* that belong to an account by *field* as what names a person; they are deleted."""

    def rows(people: Collection[int]) -> QuerySet[Any]:
        return model._default_manager.filter(**{f"{field}__in": people})

    return PersonData(
        key,
        title,
        lambda people: rows(people).count(),
        lambda people: rows(people).delete()[0],
        (f"{model._meta.label}.{field}",),
    )


_classes: dict[str, DataClass] = {}
_people: dict[str, PersonData] = {}


def data_class_register(data: DataClass) -> None:
    """Offer *data* to retention; an app calls it in ``ready``."""
    _classes[data.key] = data


def data_class_find(key: str) -> DataClass | None:
    """Return the class called *key*, or None where nobody registered it."""
    return _classes.get(key)


def data_classes() -> list[DataClass]:
    """Return every class, by title."""
    return sorted(_classes.values(), key=lambda data: data.title)


def person_data_register(data: PersonData) -> None:
    """Say what else names people; an app calls it in ``ready``."""
    _people[data.key] = data


def person_data() -> list[PersonData]:
    """Return all that names people, by title."""
    return sorted(_people.values(), key=lambda data: data.title)
