"""
A place says by what its code is known: its first commits and the addresses it comes from.

Whatever is suspended stays so wherever the same code is registered once more. No place of suspended code begins as a
pilot, and what code is known by is only added to.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

LAW = """
CREATE FUNCTION governance_keep_identities() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NOT NEW.identities @> OLD.identities THEN
    RAISE EXCEPTION 'What the code of a place is known by is added to, and never taken away.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'INSERT' AND NEW.is_pilot AND EXISTS (
    SELECT FROM governance_scope kin
    JOIN governance_suspension stop ON stop.resumed_at IS NULL AND (
      (stop.kind = 'repository' AND stop.scope_id = kin.id)
      OR (stop.kind = 'everything' AND kin.organisation_id <> NEW.organisation_id AND stop.scope_id IN (
        SELECT whole.id FROM governance_scope whole WHERE whole.organisation_id = kin.organisation_id)))
    WHERE kin.identities && NEW.identities
  ) THEN
    RAISE EXCEPTION 'Generation for the same code is suspended, so this is no pilot before the committee resumes it.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_scope_identities_kept BEFORE INSERT OR UPDATE ON governance_scope
  FOR EACH ROW EXECUTE FUNCTION governance_keep_identities();
"""

NO_LAW = """
DROP TRIGGER governance_scope_identities_kept ON governance_scope;
DROP FUNCTION governance_keep_identities();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0022_policy_versions")]

    operations = [
        migrations.AddField(
            model_name="scope",
            name="identities",
            field=django.contrib.postgres.fields.ArrayField(
                models.TextField(),
                blank=True,
                default=list,
                db_default=[],
                help_text="First commits and addresses of its code. Places that share one hold the same code.",
            ),
        ),
        migrations.AddIndex(
            model_name="scope",
            index=django.contrib.postgres.indexes.GinIndex(fields=["identities"], name="governance_scope_identities"),
        ),
        migrations.RunSQL(LAW, NO_LAW),
    ]
