"""
Who vetoes resuming is settled as a suspension begins: the chair, who seats people alone, takes the seat from nobody.

Whoever is seated for security later has a veto as well; whoever sat there then keeps it while they are on the committee.
"""

from django.db import migrations, models

SEATED = """
CREATE FUNCTION governance_security_seat(place bigint) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  WITH seated AS (
    SELECT seat.* FROM governance_gateseat seat
    JOIN governance_gate gate ON gate.id = seat.gate_id
    JOIN governance_scope within ON within.id = gate.scope_id
    JOIN governance_scope here ON here.organisation_id = within.organisation_id AND here.id = place
    WHERE seat.seat = 'security'
  )
  SELECT jsonb_build_object(
    'holders', COALESCE(jsonb_agg(user_id ORDER BY user_id) FILTER (WHERE NOT is_alternate), '[]'),
    'alternates', COALESCE(jsonb_agg(user_id ORDER BY user_id) FILTER (WHERE is_alternate), '[]'))
  FROM seated WHERE gate_id = (SELECT gate_id FROM seated ORDER BY assigned_at DESC, id DESC LIMIT 1)
$$;

CREATE FUNCTION governance_seat_suspension() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.security := governance_security_seat(NEW.scope_id);
  RETURN NEW;
END $$;
CREATE TRIGGER governance_suspension_seated BEFORE INSERT ON governance_suspension
  FOR EACH ROW EXECUTE FUNCTION governance_seat_suspension();

ALTER TABLE governance_suspension DISABLE TRIGGER governance_suspension_kept;
UPDATE governance_suspension SET security = governance_security_seat(scope_id) WHERE resumed_at IS NULL;
ALTER TABLE governance_suspension ENABLE TRIGGER governance_suspension_kept;
"""

UNSEATED = """
DROP TRIGGER governance_suspension_seated ON governance_suspension;
DROP FUNCTION governance_seat_suspension();
DROP FUNCTION governance_security_seat(bigint);
"""

VETO = """
CREATE OR REPLACE FUNCTION governance_admit_resuming_veto() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN{settled}
  PERFORM 1 FROM governance_suspension stop
  JOIN governance_scope place ON place.id = stop.scope_id
  JOIN governance_scope seated ON seated.organisation_id = place.organisation_id
  JOIN governance_gate gate ON gate.scope_id = seated.id
  JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.seat = 'security'
  WHERE stop.id = NEW.subject_id AND seat.user_id = NEW.voter_id;
  IF NOT FOUND THEN
    PERFORM 1 FROM governance_ballot
    WHERE subject_kind = 'suspension' AND subject_id = NEW.subject_id AND verdict = 'block'
      AND governance_person(voter_id) = governance_person(NEW.voter_id);
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Only whoever sits on the security seat vetoes resuming.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
"""

SETTLED = """
  PERFORM 1 FROM governance_suspension stop
  WHERE stop.id = NEW.subject_id
    AND (stop.security->'holders' @> to_jsonb(NEW.voter_id) OR stop.security->'alternates' @> to_jsonb(NEW.voter_id));
  IF FOUND THEN
    RETURN NEW;
  END IF;"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0024_own_passwords")]

    operations = [
        migrations.AddField(
            model_name="suspension",
            name="security",
            field=models.JSONField(
                db_default={},
                default=dict,
                editable=False,
                help_text="Who sat on the committee's security seat as it began; the database says it.",
            ),
        ),
        migrations.RunSQL(SEATED, UNSEATED),
        migrations.RunSQL(VETO.replace("{settled}", SETTLED), VETO.replace("{settled}", "")),
    ]
