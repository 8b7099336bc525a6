"""
A ballot is an active person's, one valid ballot for each natural person and subject, and a recusal is never voided.

The person is kept on the ballot, so that a unique index can hold two accounts of one person apart from two people,
whatever runs at the same time.
"""

from django.db import migrations, models

ADMIT = """
CREATE FUNCTION governance_person(account bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN person_key = '' THEN 'account ' || id ELSE 'person ' || person_key END
  FROM governance_user WHERE id = account
$$;

CREATE FUNCTION governance_admit_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_user WHERE id = NEW.voter_id AND is_active AND NOT is_service FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Only an active person casts a ballot.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.cast_at > clock_timestamp() THEN
    RAISE EXCEPTION 'A ballot is not cast in the future.' USING ERRCODE = 'check_violation';
  END IF;
  NEW.person := governance_person(NEW.voter_id);
  RETURN NEW;
END $$;
CREATE TRIGGER governance_ballot_admitted BEFORE INSERT ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_admit_ballot();

CREATE OR REPLACE FUNCTION governance_keep_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL AND OLD.verdict <> 'recuse'
     AND (to_jsonb(NEW) - 'voided_at' - 'void_reason') = (to_jsonb(OLD) - 'voided_at' - 'void_reason') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A ballot is never changed or removed; it can only be voided, once, and a recusal never.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
"""

UNDO = """
CREATE OR REPLACE FUNCTION governance_keep_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL
     AND (to_jsonb(NEW) - 'voided_at' - 'void_reason') = (to_jsonb(OLD) - 'voided_at' - 'void_reason') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A ballot is never changed or removed; it can only be voided, once.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER governance_ballot_admitted ON governance_ballot;
DROP FUNCTION governance_admit_ballot();
DROP FUNCTION governance_person(bigint);
"""

# Nobody has two linked accounts before this migration, so each ballot's person is its account.
NAME_PEOPLE = """
ALTER TABLE governance_ballot DISABLE TRIGGER governance_ballot_kept;
UPDATE governance_ballot SET person = 'account ' || voter_id;
ALTER TABLE governance_ballot ENABLE TRIGGER governance_ballot_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0006_recusals_and_people")]

    operations = [
        migrations.AddField(
            model_name="ballot",
            name="person",
            field=models.CharField(
                db_default="", editable=False, help_text="The natural person behind the account.", max_length=210
            ),
        ),
        migrations.RunSQL(NAME_PEOPLE, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="ballot", name="governance_ballot_one_valid_per_voter"),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("voided_at__isnull", True)),
                fields=("subject_kind", "subject_id", "person"),
                name="governance_ballot_one_valid_per_person",
            ),
        ),
        migrations.RunSQL(ADMIT, UNDO),
    ]
