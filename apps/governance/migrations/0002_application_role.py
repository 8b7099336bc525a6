"""Give the application role data access and nothing else, and make the audit chain append-only."""

from django.conf import settings
from django.db import migrations
from psycopg import sql

GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
REVOKE UPDATE, DELETE, TRUNCATE ON governance_auditevent FROM {role};
"""

APPEND_ONLY = """
CREATE FUNCTION governance_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit chain is append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_auditevent_append_only BEFORE UPDATE OR DELETE ON governance_auditevent
  FOR EACH ROW EXECUTE FUNCTION governance_refuse_change();
"""

UNDO = """
DROP TRIGGER governance_auditevent_append_only ON governance_auditevent;
DROP FUNCTION governance_refuse_change();
"""


def grant_application_role(apps, schema_editor):
    role = sql.Identifier(settings.NOFX_APPLICATION_ROLE)
    schema_editor.execute(sql.SQL(GRANTS).format(role=role).as_string(schema_editor.connection.connection))


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, UNDO),
        migrations.RunPython(grant_application_role, migrations.RunPython.noop),
    ]
