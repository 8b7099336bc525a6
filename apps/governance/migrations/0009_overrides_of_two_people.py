"""The two signatures of an override are two natural persons', not two accounts of one."""

from django.db import migrations

TWO_PEOPLE = """
CREATE FUNCTION governance_two_people_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_user WHERE id = NEW.confirmed_by_id AND is_active AND NOT is_service FOR SHARE;
  IF NOT FOUND OR governance_person(NEW.confirmed_by_id) = governance_person(NEW.asked_by_id) THEN
    RAISE EXCEPTION 'An override is confirmed by another active person than the one who asked for it.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_override_two_people BEFORE INSERT OR UPDATE OF confirmed_by_id ON governance_override
  FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL) EXECUTE FUNCTION governance_two_people_override();
"""

UNDO = """
DROP TRIGGER governance_override_two_people ON governance_override;
DROP FUNCTION governance_two_people_override();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0008_approval_policies")]

    operations = [migrations.RunSQL(TWO_PEOPLE, UNDO)]
