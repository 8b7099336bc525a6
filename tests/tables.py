"""The tables that tests write to: read and written by their owner, with triggers and foreign keys at rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, transaction

from nofx.embedded import roles

# What Django writes after a migration: the same before and after every test.
KEPT = {"django_content_type", "auth_permission"}


@cache
def _tables() -> tuple[str, ...]:
    """Return the quoted names of the tables that tests write to; those of ``KEPT`` stay as migrating left them."""
    names = connection.introspection.django_table_names(include_views=False)
    return tuple(connection.ops.quote_name(name) for name in sorted(set(names) - KEPT))


@contextmanager
def _as_owner() -> Iterator[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {roles.OWNER}")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor


def _full(cursor: Any) -> list[str]:
    """Return the names of the tables that have rows; one query."""
    asked = " UNION ALL ".join(f"SELECT {n} WHERE EXISTS (SELECT FROM {name})" for n, name in enumerate(_tables()))  # noqa: S608
    cursor.execute(asked)
    return [_tables()[row[0]] for row in cursor.fetchall()]


def rows_read() -> dict[str, bytes]:
    """Return the rows of every table that has some, in the text format of COPY."""
    found = {}
    with _as_owner() as cursor:
        for name in _full(cursor):
            with cursor.copy(f"COPY {name} TO STDOUT") as copy:
                found[name] = b"".join(copy)
    return found


def rows_write(rows: Mapping[str, bytes]) -> None:
    """Let the tables have exactly *rows*, as ``rows_read`` returned them."""
    with _as_owner() as cursor:
        for name in _full(cursor):
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608  the names are those of our models
        for name, text in rows.items():
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(text)
