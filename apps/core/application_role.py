"""
What the role that web and workers connect as must not be able to do.

Each of these gets round the triggers that hold the platform's invariants: what owns a table switches its triggers off,
and a temporary table is found before the one that a statement without a schema means.
"""

from __future__ import annotations

from collections.abc import Sequence

# One row: the role, the database, and what the role may do that it must not, as the ends of sentences.
ROLE_QUERY = """
SELECT current_user::text, current_database()::text, array_remove(ARRAY[
  CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'is a superuser' END,
  CASE WHEN (SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database())
    THEN 'owns the database' END,
  CASE WHEN EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')
      AND pg_has_role(relowner, 'MEMBER')
  ) OR EXISTS (
    SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND pg_has_role(proowner, 'MEMBER')
  ) THEN 'owns tables or functions' END,
  CASE WHEN has_database_privilege(current_database(), 'TEMPORARY') THEN 'may make temporary tables' END,
  CASE WHEN has_database_privilege(current_database(), 'CREATE') OR has_schema_privilege('public', 'CREATE')
    THEN 'may make schemas or tables' END,
  CASE WHEN has_parameter_privilege('session_replication_role', 'SET') THEN 'may switch triggers off' END
], NULL)
"""


def role_problem(role: str, excesses: Sequence[str]) -> str:
    """Return why nothing is started as *role*, which has *excesses*, as a sentence; empty when it has none."""
    if not excesses:
        return ""
    listed = " and ".join([", ".join(excesses[:-1]), excesses[-1]] if len(excesses) > 1 else excesses)
    return f"The application's database role {role} {listed}, so what the database must hold could be got round."


def role_remedy(role: str, database: str) -> str:
    """Return what to do about it."""
    return (
        f'As the owner of the database: REVOKE TEMPORARY, CREATE ON DATABASE "{database}" FROM PUBLIC, "{role}"; '
        "and connect as a role that owns nothing. README.md, With your own Postgres, makes one."
    )
