"""
Whoever chose their own password with a given one votes a day later, or once another administrator has confirmed it.

Whoever gave it could have chosen the "own" one as well: in that day its person, the chair and the administrators hear of it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LAW = """
CREATE FUNCTION governance_keep_own_password() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.votes_from := OLD.votes_from;
  IF NEW.password = OLD.password AND OLD.password_given_by_id IS NOT NULL THEN
    NEW.password_given_by_id := OLD.password_given_by_id;
  END IF;
  IF OLD.is_password_given AND NOT NEW.is_password_given THEN
    NEW.votes_from := clock_timestamp() + interval '24 hours';
    NEW.password_given_by_id := OLD.password_given_by_id;
    NEW.votes_confirmed_by_id := NULL;
  ELSIF NEW.votes_confirmed_by_id IS DISTINCT FROM OLD.votes_confirmed_by_id AND NEW.votes_confirmed_by_id IS NOT NULL THEN
    PERFORM 1 FROM governance_user
    WHERE id = NEW.votes_confirmed_by_id AND is_active AND is_superuser AND NOT is_service;
    IF NOT FOUND OR NEW.is_password_given OR NEW.password_given_by_id IS NULL
       OR governance_person(NEW.votes_confirmed_by_id)
          IN (governance_person(NEW.password_given_by_id), governance_person(NEW.id)) THEN
      RAISE EXCEPTION 'Another administrator than whoever gave the password confirms that its person chose their own.'
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_user_own_password_kept BEFORE UPDATE ON governance_user
  FOR EACH ROW EXECUTE FUNCTION governance_keep_own_password();

CREATE FUNCTION governance_await_own_password() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM governance_user
    WHERE id = NEW.voter_id AND votes_from > clock_timestamp() AND votes_confirmed_by_id IS NULL
  ) THEN
    RAISE EXCEPTION 'Whoever chose their password with a given one casts no ballot for a day, unless it was confirmed.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_ballot_own_password_waits BEFORE INSERT ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_await_own_password();
"""

NO_LAW = """
DROP TRIGGER governance_ballot_own_password_waits ON governance_ballot;
DROP FUNCTION governance_await_own_password();
DROP TRIGGER governance_user_own_password_kept ON governance_user;
DROP FUNCTION governance_keep_own_password();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0027_roles_of_signers")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="password_given_by",
            field=models.ForeignKey(
                editable=False,
                help_text="Which administrator gave the password that the own one was chosen with.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="votes_from",
            field=models.DateTimeField(
                editable=False,
                help_text="No ballot before, unless confirmed: the own password was chosen with a given one.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="votes_confirmed_by",
            field=models.ForeignKey(
                editable=False,
                help_text="Which other administrator confirmed that its person chose the password.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(LAW, NO_LAW),
    ]
