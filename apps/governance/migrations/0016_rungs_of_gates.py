"""
A rung of the ladder is what an approved gate decided, and a gate counts distinct people on distinct seats.

Held for whoever connects as the application role: a rung is written in the transaction of its gate's decision, opens
what the gate asked for and nothing else; one person sits on one seat; and a gate is approved by as many people as its
definition needs who can be seated on as many seats, with as many seats present.
"""

from django.db import migrations

GRANT = """
CREATE OR REPLACE FUNCTION governance_grant_rung() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gate governance_gate;
BEGIN
  IF NEW.granted_at IS DISTINCT FROM now() OR NEW.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'A rung is granted now, and open.' USING ERRCODE = 'check_violation';
  END IF;
  SELECT asked.* INTO gate FROM governance_gate asked
  JOIN governance_gatedecision decision ON decision.gate_id = asked.id
  JOIN governance_scope place ON place.id = asked.scope_id AND place.organisation_id = NEW.organisation_id
  WHERE asked.id = NEW.gate_id AND asked.state = 'approved'
    AND decision.outcome = 'approved' AND decision.rung_id = NEW.id AND decision.decided_at = now();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'A rung is what a gate of the committee approved, and is written with its decision.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (NEW.evidence_digest, NEW.risk_max, NEW.expires_at, NEW.task_classes, NEW.model_names)
     IS DISTINCT FROM (gate.digest, gate.risk_max, gate.expires_at, gate.task_classes, gate.model_names)
     OR NEW.tripwires = '[]' OR (gate.tripwires <> '[]' AND NEW.tripwires <> gate.tripwires) THEN
    RAISE EXCEPTION 'A rung opens what its gate asked for, until then, and is watched as the gate said.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION governance_keep_rung_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM 1 FROM governance_rung rung JOIN governance_scope place ON place.id = NEW.scope_id
      JOIN governance_gate gate ON gate.id = rung.gate_id AND NEW.scope_id = ANY (gate.granted)
      WHERE rung.id = NEW.rung_id AND rung.granted_at = now() AND rung.organisation_id = place.organisation_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'What a rung opens is what its gate asked for, is said as it is granted, and never changed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
"""

GRANT_BEFORE = """
CREATE OR REPLACE FUNCTION governance_grant_rung() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.granted_at IS DISTINCT FROM now() OR NEW.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'A rung is granted now, and open.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION governance_keep_rung_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM 1 FROM governance_rung rung JOIN governance_scope place ON place.id = NEW.scope_id
      WHERE rung.id = NEW.rung_id AND rung.granted_at = now() AND rung.organisation_id = place.organisation_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'What a rung opens is said as it is granted, within its organisation, and never changed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
"""

SIT_ONCE = """
CREATE FUNCTION governance_sit_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_gate WHERE id = NEW.gate_id FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT 1 FROM governance_gateseat seat
    WHERE seat.gate_id = NEW.gate_id AND governance_person(seat.user_id) = governance_person(NEW.user_id)
  ) THEN
    RAISE EXCEPTION 'One person sits on one seat of a gate.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gateseat_one_person BEFORE INSERT ON governance_gateseat
  FOR EACH ROW EXECUTE FUNCTION governance_sit_once();
"""

SIT_OFTEN = """
DROP TRIGGER governance_gateseat_one_person ON governance_gateseat;
DROP FUNCTION governance_sit_once();
"""

COUNT_SEATS = """
-- How many seats can be filled at once, each by another person who said one of these on what is frozen now. Accounts may
-- have become one person's after they were seated, so it is a largest matching: by Koenig's theorem the least, over all
-- sets of seats, of the people who could sit in the set and the seats outside it.
CREATE FUNCTION governance_gate_seats(gate governance_gate, said text[]) RETURNS int LANGUAGE sql STABLE AS $$
  WITH spoke AS (
    SELECT DISTINCT governance_person(ballot.voter_id) AS person, seat.seat
    FROM governance_ballot ballot
    JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.user_id = ballot.voter_id
    JOIN governance_user voter ON voter.id = ballot.voter_id AND voter.is_active AND NOT voter.is_service
    WHERE ballot.subject_kind = 'gate' AND ballot.subject_id = gate.id AND ballot.subject_digest = gate.digest
      AND ballot.verdict = ANY (said) AND ballot.voided_at IS NULL
      AND governance_person(ballot.voter_id) <> governance_person(gate.requested_by_id)
      AND NOT EXISTS (
        SELECT 1 FROM governance_ballot aside
        WHERE aside.subject_kind = 'gate' AND aside.subject_id = gate.id AND aside.verdict = 'recuse'
          AND governance_person(aside.voter_id) = governance_person(ballot.voter_id))
  ), places AS (
    SELECT seat, (row_number() OVER (ORDER BY seat) - 1)::int AS at FROM (SELECT DISTINCT seat FROM spoke) taken
  ), sets AS (
    SELECT generate_series(0, (1 << (SELECT count(*)::int FROM places)) - 1) AS bits
  )
  SELECT min(
    (SELECT count(*) FROM places WHERE (bits >> at) & 1 = 0)
    + (SELECT count(DISTINCT person) FROM spoke JOIN places USING (seat) WHERE (bits >> at) & 1 = 1))::int
  FROM sets
$$;

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
      AND ballot.verdict = 'block' AND ballot.voided_at IS NULL AND NOT seat.is_alternate
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

COUNT_PEOPLE = """
CREATE OR REPLACE FUNCTION governance_gate_refused(gate governance_gate) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE people int; places int; needed int := (gate.definition_content->>'needed')::int;
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
      AND ballot.verdict = 'block' AND ballot.voided_at IS NULL AND NOT seat.is_alternate
  ) THEN
    RETURN 'a seat with a veto rejects it';
  END IF;
  SELECT count(DISTINCT ballot.person), count(DISTINCT seat.seat) INTO people, places
  FROM governance_ballot ballot
  JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.user_id = ballot.voter_id
  JOIN governance_user voter ON voter.id = ballot.voter_id AND voter.is_active AND NOT voter.is_service
  WHERE ballot.subject_kind = 'gate' AND ballot.subject_id = gate.id AND ballot.subject_digest = gate.digest
    AND ballot.verdict = 'approve' AND ballot.voided_at IS NULL
    AND ballot.person <> governance_person(gate.requested_by_id)
    AND NOT EXISTS (
      SELECT 1 FROM governance_ballot aside
      WHERE aside.subject_kind = 'gate' AND aside.subject_id = gate.id AND aside.verdict = 'recuse'
        AND governance_person(aside.voter_id) = governance_person(ballot.voter_id));
  IF least(people, places) < needed THEN
    RETURN format('%s of %s seats approve', least(people, places), needed);
  END IF;
  RETURN '';
END $$;

DROP FUNCTION governance_gate_seats(governance_gate, text[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0015_ballots_of_erased_people"),
    ]

    operations = [
        migrations.RunSQL(GRANT, GRANT_BEFORE),
        migrations.RunSQL(SIT_ONCE, SIT_OFTEN),
        migrations.RunSQL(COUNT_SEATS, COUNT_PEOPLE),
    ]
