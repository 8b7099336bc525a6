"""What Postgres does for us: defaults of columns, written as PHASE5 writes them, and conditions it plans well."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, models
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.core.errors import StorageFull

# Postgres' class of what it calls disk_full.
_DISK_FULL = "53100"


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


def storage_problem(error: BaseException) -> StorageFull | None:
    """Return *error* in words when it says that the database's disk is full, None for anything else."""
    if not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", None) != _DISK_FULL:
        return None
    return StorageFull(
        "The disk of the database is full, so this was not saved.",
        remedy="Whoever runs the platform has to free some space; nothing that was saved before is lost. "
        "In a browser, the back button brings back what you wrote.",
    )
