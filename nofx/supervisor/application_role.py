"""Whether the role that web and workers connect as is kept from getting round the database's invariants."""

from __future__ import annotations

import psycopg

from apps.core.application_role import ROLE_QUERY, role_problem, role_remedy
from nofx.env import Environment
from nofx.supervisor.errors import StartRefused


def application_role_require(environment: Environment) -> None:
    """
    Look at the role of DATABASE_URL; that of an embedded server is made by us.

    :raises StartRefused: it may do more than read and write rows, or the database does not answer.
    """
    if not environment["DATABASE_URL"]:
        return
    try:
        with psycopg.connect(environment["DATABASE_URL"], connect_timeout=10) as connection:
            row = connection.execute(ROLE_QUERY).fetchone()
    except psycopg.OperationalError as error:
        raise StartRefused(
            f"The database does not answer: {str(error).strip().splitlines()[0]}",
            remedy="Check DATABASE_URL and that the server runs.",
        ) from error
    role, database, excesses = row or ("", "", ["is unknown"])
    if problem := role_problem(role, excesses):
        raise StartRefused(problem, remedy=role_remedy(role, database))
