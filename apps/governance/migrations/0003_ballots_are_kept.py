"""A ballot may be voided once and is otherwise never changed or removed, whoever connects."""

from django.db import migrations

KEEP = """
CREATE FUNCTION governance_keep_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL
     AND (to_jsonb(NEW) - 'voided_at' - 'void_reason') = (to_jsonb(OLD) - 'voided_at' - 'void_reason') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A ballot is never changed or removed; it can only be voided, once.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_ballot_kept BEFORE UPDATE OR DELETE ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_keep_ballot();
"""

UNDO = """
DROP TRIGGER governance_ballot_kept ON governance_ballot;
DROP FUNCTION governance_keep_ballot();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_application_role")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
