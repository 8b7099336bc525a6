"""Reading a measure, whatever its source does."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, transaction

from apps.core.errors import NofxError
from apps.governance.measures import MeasureUnavailable, Reading


def reading_take(read: Callable[[], Reading]) -> Reading:
    """
    Return what *read* reads, in a savepoint: a query that fails leaves the transaction around it usable.

    :raises MeasureUnavailable: the source could not be read, whatever failed in it.
    """
    try:
        with transaction.atomic():
            return read()
    except (MeasureUnavailable, NofxError) as failure:
        raise MeasureUnavailable(str(failure) or "Its source could not be read.") from failure
    except (DatabaseError, OSError) as failure:
        raise MeasureUnavailable(f"Its source could not be read: {type(failure).__name__}.") from failure
