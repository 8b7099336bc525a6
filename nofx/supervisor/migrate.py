"""
Bring the database to the version of the code; run as a process of its own, as the owner role.

Prints one JSON object: what was applied, or why it was refused.
"""

from __future__ import annotations

import json
import sys

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.utils import OperationalError, ProgrammingError

from apps.core.errors import NofxError
from nofx.supervisor.errors import DatabaseNewer, DiskFull, StartRefused


def refuse_newer(loader: MigrationLoader) -> None:
    """
    Refuse a database that holds migrations this code does not know.

    :raises DatabaseNewer: always when there is one, before anything is changed.
    """
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    unknown = sorted(
        key for key in loader.applied_migrations if key not in loader.disk_migrations | dict.fromkeys(replaced)
    )
    if unknown:
        app, name = unknown[0]
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DatabaseNewer(
            f"The database is of a newer version than this code: it knows {app}.{name}{more}, which the code does not.",
            remedy="Start the newer version of the project; nothing was changed.",
        )


def migrate() -> list[str]:
    """
    Apply what is missing and return its names.

    :raises DatabaseNewer: the database is ahead of the code.
    :raises StartRefused: the database does not answer, or does not let the owner work.
    """
    try:
        executor = MigrationExecutor(connection)
        refuse_newer(executor.loader)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        if "No space left on device" in str(error):
            raise DiskFull("the database") from error
        raise StartRefused(
            f"The database does not answer: {str(error).strip().splitlines()[0]}",
            remedy="Check DATABASE_URL and NOFX_MIGRATE_DATABASE_URL and that the server runs.",
        ) from error
    except ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        raise StartRefused(
            f"The owner role may not migrate: {str(error).strip().splitlines()[0]}",
            remedy="README.md shows the grants that NOFX_MIGRATE_DATABASE_URL needs.",
        ) from error
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def main() -> int:
    """Migrate, print the outcome, and return the exit code."""
    django.setup()
    try:
        outcome = {"applied": migrate()}
    except NofxError as error:
        print(json.dumps({"message": error.message, "remedy": error.remedy, "code": error.code}))
        return 1
    print(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
