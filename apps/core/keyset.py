"""Pages of a list that cost the same wherever they are: each begins after the last row of the one before."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from apps.core.database import Reach
from apps.core.errors import NofxError

# So many rows are looked at one by one before all that a person may read are gathered.
NEAR = 1000


class CursorInvalid(NofxError):
    """The cursor did not come from this list."""

    code = "cursor.invalid"
    status = 400


@dataclass(frozen=True)
class Page:
    """The rows of one page and the cursor of the next one; empty on the last page."""

    rows: list[Any]
    next_cursor: str


def keyset_page(
    rows: QuerySet[Any], *, newest: str | None, first: int, after: str = "", reach: Reach | None = None
) -> Page:
    """
    Return at most *first* rows after the cursor *after*; one query, with *reach* at most three.

    Rows come by *newest*, a time column or the primary key, the latest first and rows without a time before them;
    ties, and lists without such a column, by ascending primary key. With *reach* only the rows within it.

    :raises CursorInvalid: *after* is no cursor of such a list.
    """
    is_by_key = newest == rows.model._meta.pk.name
    order = ["-pk"] if is_by_key else ["pk"] if newest is None else [f"-{newest}", "pk"]
    if after:
        rows = rows.filter(Q(pk__lt=_read(rows, after)[1]) if is_by_key else _behind(rows, newest, after))
    found = list(rows.order_by(*order)[: first + 1]) if reach is None else _search(rows, order, first + 1, reach)
    has_more = len(found) > first
    return Page(found[:first], _cursor(found[first - 1], None if is_by_key else newest) if has_more else "")


def _search(rows: QuerySet[Any], order: list[str], limit: int, reach: Reach) -> list[Any]:
    """
    Return the first *limit* of *rows* within *reach*.

    For somebody who may read much the next rows fill the page. For anybody else a walk would pass through others' rows
    without end, so theirs are gathered, keys only. No estimate of Postgres' decides between the two.
    """
    near = rows.order_by(*order).values("pk")[:NEAR]
    found = list(rows.filter(reach.looked_up, pk__in=near).order_by(*order)[:limit])
    if len(found) == limit:
        return found
    columns = ["pk", *(name for name in (term.lstrip("-") for term in order) if name != "pk")]
    gathered = [rows.order_by().filter(condition).values_list(*columns) for condition in reach.gathered]
    # UNION, not UNION ALL: it keeps each row once, and Postgres from walking in the order of the list.
    keys = [key for key, *_ in gathered[0].union(*gathered[1:]).order_by(*order)[:limit]]
    return list(rows.filter(pk__in=keys).order_by(*order))


def _cursor(row: Any, newest: str | None) -> str:
    at = None if newest is None else getattr(row, newest)
    text = json.dumps([at.isoformat() if at else None, str(row.pk)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _behind(rows: QuerySet[Any], newest: str | None, cursor: str) -> Q:
    at, key = _read(rows, cursor)
    if newest is None:
        return Q(pk__gt=key)
    if at is None:
        return Q(**{f"{newest}__isnull": True, "pk__gt": key}) | Q(**{f"{newest}__isnull": False})
    return Q(**{f"{newest}__lte": at}) & (Q(**{f"{newest}__lt": at}) | Q(pk__gt=key))


def _read(rows: QuerySet[Any], cursor: str) -> tuple[datetime | None, Any]:
    refusal = CursorInvalid("This is no cursor of this list.", remedy="Start again without after=.")
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = None if at is None else parse_datetime(at)
        # Fails for a key of another type, before the database sees it.
        primary = rows.model._meta.pk.to_python(key)
    except (binascii.Error, ValueError, TypeError, ValidationError) as error:
        raise refusal from error
    if at is not None and (moment is None or moment.tzinfo is None):
        raise refusal
    return moment, primary
