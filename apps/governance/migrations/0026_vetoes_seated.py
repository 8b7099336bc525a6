"""A vote of the committee opens once somebody who may vote sits on each seat with a veto: nobody is seated afterwards."""

from django.db import migrations

LAW = """
CREATE FUNCTION governance_seat_vetoes() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM jsonb_array_elements(NEW.definition_content->'seats') AS place
  WHERE (place->>'has_veto')::boolean AND NOT EXISTS (
    SELECT FROM governance_gateseat seat
    JOIN governance_user sitter ON sitter.id = seat.user_id AND sitter.is_active
    WHERE seat.gate_id = NEW.id AND seat.seat = place->>'key'
      AND governance_may_vote(sitter.id, NEW.scope_id, ARRAY['committee', 'chair'])
  );
  IF FOUND THEN
    RAISE EXCEPTION 'A vote opens once somebody who may vote sits on each seat with a veto.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gate_vetoes_seated BEFORE UPDATE ON governance_gate
  FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'voting') EXECUTE FUNCTION governance_seat_vetoes();
"""

NO_LAW = """
DROP TRIGGER governance_gate_vetoes_seated ON governance_gate;
DROP FUNCTION governance_seat_vetoes();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0025_security_seat_of_a_suspension")]

    operations = [migrations.RunSQL(LAW, NO_LAW)]
