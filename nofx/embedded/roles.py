"""
The two roles of the platform, and what each may do.

The *owner* migrates. The *application* role, which web and workers use, reads and writes rows and nothing
else: no DDL, no TRUNCATE, no way to disable a trigger, because it owns no table.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "nofx_owner"
APPLICATION = "nofx_app"
DATABASE = "nofx"

# Raised whenever the statements below change, so that an existing cluster receives them at its next start.
REVISION = 1

_TEMPLATE = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA public TO {APPLICATION}",
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION}",
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE ON SEQUENCES TO {APPLICATION}",
)


def provision(connect: Callable[[str], psycopg.Connection], passwords: dict[str, str]) -> None:
    """
    Make roles, database, extension and grants; running it again changes nothing.

    *connect* opens an autocommit connection of the superuser to a database. Default privileges and the
    extension go into template1 too, because test databases are cloned from it.
    """
    with connect("postgres") as connection:
        _role(connection, OWNER, "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE", passwords[OWNER])
        _role(connection, APPLICATION, "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE", passwords[APPLICATION])
        # The owner may step down to the application role: tests run as it, within the owner's connection.
        connection.execute(f"GRANT {APPLICATION} TO {OWNER}")
    _apply(connect, "template1")
    with connect("postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}")
    _apply(connect, DATABASE)


def _apply(connect: Callable[[str], psycopg.Connection], database: str) -> None:
    with connect(database) as connection:
        for statement in _TEMPLATE:
            connection.execute(statement)


def _role(connection: psycopg.Connection, name: str, attributes: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = "ALTER" if known else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{name}} {attributes} PASSWORD {{password}}")
    connection.execute(statement.format(name=sql.Identifier(name), password=sql.Literal(password)))
