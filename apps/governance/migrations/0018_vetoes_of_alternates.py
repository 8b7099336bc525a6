"""The veto of an alternate counts until a holder of the seat has spoken on what is frozen now."""

from django.db import migrations

DECIDE = """
CREATE OR REPLACE FUNCTION governance_gate_refused(gate governance_gate) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  filled int; present int;
  needed int := (gate.definition_content->>'needed')::int;
  quorum int := COALESCE((gate.definition_content->>'quorum')::int, 0);
BEGIN
  IF EXISTS (
    SELECT 1 FROM governance_gateevidence evidence JOIN governance_gatefreeze frozen ON frozen.id = evidence.freeze_id
    WHERE frozen.gate_id = gate.id AND frozen.number = gate.freeze_number
      AND (evidence.state IN ('error', 'stale') OR (evidence.is_required AND evidence.state NOT IN ('met', 'waived')))
  ) OR NOT EXISTS (
    SELECT 1 FROM governance_gateevidence evidence JOIN governance_gatefreeze frozen ON frozen.id = evidence.freeze_id
    WHERE frozen.gate_id = gate.id AND frozen.number = gate.freeze_number
  ) OR gate.evidence_changed <> '' THEN
    RETURN 'its evidence does not hold';
  END IF;
  IF EXISTS (
    SELECT 1 FROM governance_ballot ballot
    JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.user_id = ballot.voter_id AND seat.has_veto
    WHERE ballot.subject_kind = 'gate' AND ballot.subject_id = gate.id AND ballot.subject_digest = gate.digest
      AND ballot.verdict = 'block' AND ballot.voided_at IS NULL AND {sits}
  ) THEN
    RETURN 'a seat with a veto rejects it';
  END IF;
  filled := governance_gate_seats(gate, ARRAY['approve']);
  IF filled < needed THEN
    RETURN format('%s of %s seats approve', filled, needed);
  END IF;
  present := governance_gate_seats(gate, ARRAY['approve', 'abstain', 'block']);
  IF present < quorum THEN
    RETURN format('%s of %s seats are present', present, quorum);
  END IF;
  RETURN '';
END $$;
"""

HOLDER = "NOT seat.is_alternate"
WHOEVER_SITS = """(NOT seat.is_alternate OR NOT EXISTS (
        SELECT 1 FROM governance_ballot spoken
        JOIN governance_gateseat held ON held.gate_id = gate.id AND held.user_id = spoken.voter_id
          AND held.seat = seat.seat AND NOT held.is_alternate
        JOIN governance_user holder ON holder.id = spoken.voter_id AND holder.is_active AND NOT holder.is_service
        WHERE spoken.subject_kind = 'gate' AND spoken.subject_id = gate.id AND spoken.subject_digest = gate.digest
          AND spoken.verdict <> 'recuse' AND spoken.voided_at IS NULL))"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0017_vetoes_on_resuming")]

    operations = [
        migrations.RunSQL(DECIDE.replace("{sits}", WHOEVER_SITS), DECIDE.replace("{sits}", HOLDER)),
    ]
