"""What Postgres does for us: defaults of columns, written as PHASE5 writes them, and conditions it plans well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db import OperationalError, models
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.core.errors import StorageFull

# Postgres' class of what it calls disk_full.
_DISK_FULL = "53100"
NOTHING = Q(pk__in=[])


def gen_random_uuid() -> models.Func:
    """``gen_random_uuid()``."""
    return models.Func(function="gen_random_uuid", template="%(function)s()", output_field=models.UUIDField())


def transaction_time() -> models.Func:
    """``now()``: the time at which the transaction began."""
    return models.Func(function="now", template="%(function)s()", output_field=models.DateTimeField())


def key_among(identity: str, rows: QuerySet[Any]) -> Coalesce:
    """
    Return the condition that the column *identity* is the primary key of one of *rows*, looked up row by row.

    For lists that show one page of very many rows. Postgres 17 answers IN and EXISTS there by gathering the keys of all
    *rows* first, because it does not count on the page's limit; a scalar subquery it can only look up by key.
    """
    found = rows.filter(pk=OuterRef(identity)).order_by().values_list(Value(True))[:1]
    return Coalesce(Subquery(found, output_field=models.BooleanField()), False)


@dataclass(frozen=True)
class Part:
    """
    Some rows of a list: those that *own* holds for and, with *keys*, whose column *identity* is the key of one of them.

    The same condition in two forms, for Postgres cannot tell which of them a list needs.
    """

    own: Q = field(default_factory=Q)
    identity: str = ""
    keys: QuerySet[Any] | None = None

    @property
    def looked_up(self) -> Q:
        """The condition, judged row by row: for rows that are at hand."""
        return self.own if self.keys is None else self.own & Q(key_among(self.identity, self.keys))

    @property
    def gathered(self) -> Q:
        """The condition, judged from the keys: for all rows that it holds for."""
        return self.own if self.keys is None else self.own & Q(**{f"{self.identity}__in": self.keys.values("pk")})


@dataclass(frozen=True)
class Reach:
    """The rows of a list that somebody may read: those in one of *parts* and in none of *without*."""

    parts: Sequence[Part]
    without: Sequence[Part] = ()

    @property
    def looked_up(self) -> Q:
        """The condition, judged row by row."""
        return any_looked_up(self.parts) & ~any_looked_up(self.without)

    @property
    def gathered(self) -> list[Q]:
        """The condition for each part, judged from the keys."""
        without = reduce(or_, (part.gathered for part in self.without), NOTHING)
        return [part.gathered & ~without for part in self.parts]


def any_looked_up(parts: Sequence[Part]) -> Q:
    """Return the condition that a row is in one of *parts*, judged row by row."""
    return reduce(or_, (part.looked_up for part in parts), NOTHING)


def storage_problem(error: BaseException) -> StorageFull | None:
    """Return *error* in words when it says that the database's disk is full, None for anything else."""
    if not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", None) != _DISK_FULL:
        return None
    return StorageFull(
        "The disk of the database is full, so this was not saved.",
        remedy="Whoever runs the platform has to free some space; nothing that was saved before is lost. "
        "In a browser, the back button brings back what you wrote.",
    )
