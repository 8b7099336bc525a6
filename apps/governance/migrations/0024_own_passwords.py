"""Whoever was given a password votes once they have chosen their own: others know the one they were given."""

from django.db import migrations, models

LAW = """
CREATE FUNCTION governance_keep_password_given() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'A password that was given is a person''s own only once it is another one.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_user_password_given_kept BEFORE UPDATE ON governance_user
  FOR EACH ROW WHEN (OLD.is_password_given AND NOT NEW.is_password_given AND NEW.password = OLD.password)
  EXECUTE FUNCTION governance_keep_password_given();

CREATE FUNCTION governance_require_own_password() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM governance_user WHERE id = NEW.voter_id AND is_password_given) THEN
    RAISE EXCEPTION 'Whoever was given a password casts no ballot before they have chosen their own.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_ballot_own_password BEFORE INSERT ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_require_own_password();
"""

NO_LAW = """
DROP TRIGGER governance_ballot_own_password ON governance_ballot;
DROP FUNCTION governance_require_own_password();
DROP TRIGGER governance_user_password_given_kept ON governance_user;
DROP FUNCTION governance_keep_password_given();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0023_same_code")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_password_given",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Somebody else chose the password; until its person does, nothing else opens for them.",
            ),
        ),
        migrations.RunSQL(LAW, NO_LAW),
    ]
