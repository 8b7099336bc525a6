"""Ids as the API writes them: `req_` and the UUID. Both forms are read."""

from __future__ import annotations

from uuid import UUID

from apps.core.errors import NotFound


def format_id(prefix: str, value: object) -> str:
    """Return *value* as the API writes it."""
    return f"{prefix}_{value}"


def parse_id(prefix: str, text: str) -> UUID:
    """
    Return the UUID in *text*, with or without its prefix.

    :raises NotFound: it is no id of this kind.
    """
    try:
        return UUID(text.removeprefix(f"{prefix}_"))
    except ValueError:
        raise NotFound("There is nothing with this id.") from None
