"""An organisation has a handful of pilots at once: an administrator names them alone, and more is the committee's to open."""

from django.db import migrations

LAW = """
CREATE FUNCTION governance_count_pilots() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM governance_organisation WHERE id = NEW.organisation_id FOR NO KEY UPDATE;
  IF (SELECT count(*) FROM governance_scope WHERE organisation_id = NEW.organisation_id AND is_pilot) >= 5 THEN
    RAISE EXCEPTION 'An organisation has five pilots at most; a vote of the committee opens further repositories.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_scope_pilots_counted BEFORE INSERT ON governance_scope
  FOR EACH ROW WHEN (NEW.is_pilot) EXECUTE FUNCTION governance_count_pilots();
"""

NO_LAW = """
DROP TRIGGER governance_scope_pilots_counted ON governance_scope;
DROP FUNCTION governance_count_pilots();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0028_own_passwords_wait")]

    operations = [migrations.RunSQL(LAW, NO_LAW)]
