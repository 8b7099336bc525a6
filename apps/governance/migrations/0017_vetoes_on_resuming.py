"""
Nothing resumes while a veto stands, also when somebody else holds the security seat by then.

A block on a suspension is admitted from whoever sits on the security seat of the organisation, or vetoed it before. It
stands until its person says something else, whatever was voided or changed since, or their account is closed.
"""

from django.db import migrations

VETO = """
CREATE FUNCTION governance_admit_resuming_veto() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
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
CREATE TRIGGER governance_ballot_on_resuming BEFORE INSERT ON governance_ballot
  FOR EACH ROW WHEN (NEW.subject_kind = 'suspension' AND NEW.verdict = 'block')
  EXECUTE FUNCTION governance_admit_resuming_veto();

-- Whether the last word of somebody with an open account is a veto. Voiding a veto takes nothing back: the ballot that
-- takes its place does. Of two at the same instant the one that is valid is the later one, and then the graver.
CREATE FUNCTION governance_resuming_vetoed(suspension uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM (
      SELECT DISTINCT ON (governance_person(voter_id)) voter_id, verdict
      FROM governance_ballot
      WHERE subject_kind = 'suspension' AND subject_id = suspension
      ORDER BY governance_person(voter_id), cast_at DESC, voided_at IS NULL DESC,
        verdict = 'recuse' DESC, verdict = 'block' DESC
    ) last
    JOIN governance_user voter ON voter.id = last.voter_id AND voter.is_active
    WHERE last.verdict = 'block'
  )
$$;
"""

NO_VETO = """
DROP FUNCTION governance_resuming_vetoed(uuid);
DROP TRIGGER governance_ballot_on_resuming ON governance_ballot;
DROP FUNCTION governance_admit_resuming_veto();
"""

KEEP = """
CREATE OR REPLACE FUNCTION governance_keep_suspension() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['reason', 'content_digest', 'resumed_at'];
DECLARE people integer;
BEGIN
  IF TG_OP = 'DELETE' OR OLD.resumed_at IS NOT NULL OR (to_jsonb(NEW) - later) <> (to_jsonb(OLD) - later)
     OR (NEW.reason <> OLD.reason AND OLD.reason <> '')
     OR (NEW.content_digest <> OLD.content_digest AND NEW.reason = OLD.reason) THEN
    RAISE EXCEPTION 'A suspension is given a reason once and ends once; it is never changed otherwise or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.resumed_at IS NOT NULL THEN
    SELECT count(DISTINCT ballot.person) INTO people
      FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
      WHERE ballot.subject_kind = 'suspension' AND ballot.subject_id = NEW.id
        AND ballot.subject_digest = NEW.content_digest AND ballot.voided_at IS NULL AND ballot.verdict = 'approve'
        AND voter.is_active AND NOT voter.is_service;
    IF people < 2 THEN
      RAISE EXCEPTION 'Generation is resumed by the approvals of at least two people.'
        USING ERRCODE = 'check_violation';
    END IF;{veto}
  END IF;
  RETURN NEW;
END $$;
"""

REFUSE = """
    IF governance_resuming_vetoed(NEW.id) THEN
      RAISE EXCEPTION 'Generation is not resumed while a veto of the security seat stands.'
        USING ERRCODE = 'check_violation';
    END IF;"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0016_rungs_of_gates")]

    operations = [
        migrations.RunSQL(VETO, NO_VETO),
        migrations.RunSQL(KEEP.replace("{veto}", REFUSE), KEEP.replace("{veto}", "")),
    ]
