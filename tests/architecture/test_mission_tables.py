"""The nine tables are the mission's, column for column: its SQL is run beside ours and the two are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

SQL = (Path(__file__).parent / "mission_tables.sql").read_text()
TABLES = [line.split()[2] for line in SQL.splitlines() if line.startswith("CREATE TABLE")]
SCHEMA = "mission"

COLUMNS = """
SELECT attribute.attname, format_type(attribute.atttypid, attribute.atttypmod), attribute.attnotnull,
       pg_get_expr(fallback.adbin, fallback.adrelid)
FROM pg_attribute attribute
LEFT JOIN pg_attrdef fallback ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
WHERE attribute.attrelid = %s::regclass AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attname
"""
REFERENCES = """
SELECT attribute.attname, (SELECT relname FROM pg_class WHERE oid = con.confrelid)
FROM pg_constraint con
JOIN pg_attribute attribute ON attribute.attrelid = con.conrelid AND attribute.attnum = con.conkey[1]
WHERE con.contype = 'f' AND con.conrelid = %s::regclass
ORDER BY attribute.attname
"""


@pytest.fixture
def mission(as_owner: None) -> None:
    """The mission's tables in a schema of their own, for the length of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        cursor.execute(f"SET LOCAL search_path TO {SCHEMA}, public")
        cursor.execute(SQL)
        cursor.execute("SET LOCAL search_path TO public")


def rows(query: str, table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return cursor.fetchall()


def test_there_are_nine_tables() -> None:
    assert len(TABLES) == 9


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_columns_types_defaults_and_nullability_are_the_missions(table: str, mission: None) -> None:
    assert rows(COLUMNS, f"public.{table}") == [
        # A default of NULL is no default.
        (name, kind, required, None if default == "NULL::boolean" else default)
        for name, kind, required, default in rows(COLUMNS, f"{SCHEMA}.{table}")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_references_are_the_missions(table: str, mission: None) -> None:
    assert rows(REFERENCES, f"public.{table}") == rows(REFERENCES, f"{SCHEMA}.{table}")
