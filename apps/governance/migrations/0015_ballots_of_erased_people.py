"""A ballot forgets the single sign-on of whom two people erased, and nothing else of it changes."""

from django.db import migrations

KEEP = """
CREATE OR REPLACE FUNCTION governance_keep_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL AND OLD.verdict <> 'recuse'
     AND (to_jsonb(NEW) - 'voided_at' - 'void_reason') = (to_jsonb(OLD) - 'voided_at' - 'void_reason') THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'person') = (to_jsonb(OLD) - 'person')
     AND NEW.person = governance_person(OLD.voter_id) AND EXISTS (
       SELECT FROM governance_erasure erasure
       JOIN governance_user erased ON erased.id = erasure.person_id
       JOIN governance_user voter ON voter.person_key = erased.person_key
       WHERE voter.id = OLD.voter_id AND voter.person_key <> '' AND NOT voter.is_active
         AND erasure.confirmed_at IS NOT NULL AND erasure.withdrawn_at IS NULL
     ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A ballot is never changed or removed; it can only be voided, once, and a recusal never.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
"""

UNDO = """
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


class Migration(migrations.Migration):
    dependencies = [("governance", "0014_attestations")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
