"""
Every function of ours looks for tables in our schema alone, and nobody but the owner makes others.

A function that names its tables without a schema finds temporary ones first, which whoever connects may make. So each
has its search path set, with temporary tables last; a migration that makes or replaces a function sets it there. It
comes after the last migration of each app that has functions.
"""

from django.db import migrations

PIN = """
DO $$
DECLARE one regprocedure;
BEGIN
  FOR one IN
    SELECT routine.oid FROM pg_proc routine
    WHERE routine.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (
        SELECT FROM pg_depend WHERE objid = routine.oid AND classid = 'pg_proc'::regclass AND deptype = 'e'
      )
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', one);
  END LOOP;
  IF (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
  END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0001_metrics"),
        ("docs", "0003_observations_of_drift"),
        ("evolution", "0001_initial"),
        ("generation", "0020_decisions_stay"),
        ("governance", "0021_eligible_people"),
        ("jobs", "0003_something_ends_soon"),
        ("knowledge", "0002_mined_patterns"),
        ("providers", "0008_approved_models"),
        ("quality", "0011_outcomes_stay"),
        ("repositories", "0006_repositories_stay"),
        ("sandbox", "0002_node"),
    ]

    operations = [migrations.RunSQL(PIN, migrations.RunSQL.noop)]
