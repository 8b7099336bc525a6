"""
No request is approved without the people it needs, whoever connects.

Whoever has a part in a request casts no ballot on it, and a part is never taken back. A request cannot become
approved, nor its consensus, unless enough distinct, active people without a part and without a recusal hold valid
approving ballots on the current review digest. What was approved keeps its candidate.
"""

from django.db import migrations

PEOPLE = """
CREATE FUNCTION generation_has_part(request uuid, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM generation_contribution WHERE run_id = request AND governance_person(user_id) = who)
$$;

CREATE FUNCTION generation_bar_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF generation_has_part(NEW.subject_id, governance_person(NEW.voter_id)) THEN
    RAISE EXCEPTION 'Whoever has a part in a request does not vote on it.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_ballot_barred BEFORE INSERT ON governance_ballot
  FOR EACH ROW WHEN (NEW.subject_kind = 'request' AND NEW.verdict <> 'recuse')
  EXECUTE FUNCTION generation_bar_ballot();

CREATE FUNCTION generation_keep_contribution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A part in a request is never changed or taken back.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER generation_contribution_kept BEFORE UPDATE OR DELETE ON generation_contribution
  FOR EACH ROW EXECUTE FUNCTION generation_keep_contribution();

CREATE FUNCTION generation_keep_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The risk of a request is never changed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER generation_run_risk_kept BEFORE UPDATE ON generation_generationrun
  FOR EACH ROW WHEN (NEW.risk_tier IS DISTINCT FROM OLD.risk_tier) EXECUTE FUNCTION generation_keep_risk();
"""

APPROVAL = """
CREATE FUNCTION generation_approvals_needed(run generation_generationrun) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN run.risk_tier = 'high' THEN 3 ELSE 2 END
$$;

CREATE FUNCTION generation_ballot_lives(run generation_generationrun, cast_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT true $$;

CREATE FUNCTION generation_require_approval(request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  run generation_generationrun%ROWTYPE;
  needed integer;
  given integer;
BEGIN
  SELECT * INTO run FROM generation_generationrun WHERE request_id = request;
  IF NOT FOUND OR run.review_digest = '' THEN
    RAISE EXCEPTION 'Nothing has been reviewed that could be approved.' USING ERRCODE = 'check_violation';
  END IF;
  needed := generation_approvals_needed(run);
  SELECT count(DISTINCT governance_person(voter.id)) INTO given
  FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
  WHERE ballot.subject_kind = 'request' AND ballot.subject_id = request AND ballot.verdict = 'approve'
    AND ballot.voided_at IS NULL AND ballot.subject_digest = run.review_digest
    AND generation_ballot_lives(run, ballot.cast_at)
    AND voter.is_active AND NOT voter.is_service
    AND NOT generation_has_part(request, governance_person(voter.id))
    AND NOT EXISTS (
      SELECT 1 FROM governance_ballot aside
      WHERE aside.subject_kind = 'request' AND aside.subject_id = request AND aside.verdict = 'recuse'
        AND governance_person(aside.voter_id) = governance_person(voter.id)
    );
  IF given < needed THEN
    RAISE EXCEPTION '% of % people have approved what is there now.', given, needed USING ERRCODE = 'check_violation';
  END IF;
END $$;

CREATE FUNCTION generation_approve_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE approved text[] := ARRAY['approved', 'delivering', 'delivered', 'observed'];
BEGIN
  IF NEW.status = ANY (approved) AND (TG_OP = 'INSERT' OR NOT OLD.status = ANY (approved)) THEN
    PERFORM generation_require_approval(NEW.id);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_request_approved BEFORE INSERT OR UPDATE OF status ON code_generation_requests
  FOR EACH ROW EXECUTE FUNCTION generation_approve_request();

CREATE FUNCTION generation_approve_consensus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.human_approved IS TRUE THEN
    IF NEW.request_id IS DISTINCT FROM OLD.request_id
       OR NEW.selected_implementation IS DISTINCT FROM OLD.selected_implementation THEN
      RAISE EXCEPTION 'What people approved is not exchanged.' USING ERRCODE = 'insufficient_privilege';
    END IF;
  ELSIF NEW.human_approved IS TRUE THEN
    PERFORM generation_require_approval(NEW.request_id);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_consensus_approved BEFORE INSERT OR UPDATE ON code_generation_consensus
  FOR EACH ROW EXECUTE FUNCTION generation_approve_consensus();
"""

UNDO = """
DROP TRIGGER generation_consensus_approved ON code_generation_consensus;
DROP TRIGGER generation_request_approved ON code_generation_requests;
DROP TRIGGER generation_run_risk_kept ON generation_generationrun;
DROP TRIGGER generation_contribution_kept ON generation_contribution;
DROP TRIGGER generation_ballot_barred ON governance_ballot;
DROP FUNCTION generation_approve_consensus();
DROP FUNCTION generation_approve_request();
DROP FUNCTION generation_require_approval(uuid);
DROP FUNCTION generation_ballot_lives(generation_generationrun, timestamptz);
DROP FUNCTION generation_approvals_needed(generation_generationrun);
DROP FUNCTION generation_keep_risk();
DROP FUNCTION generation_keep_contribution();
DROP FUNCTION generation_bar_ballot();
DROP FUNCTION generation_has_part(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0014_canaries"), ("governance", "0007_ballots_of_active_people")]

    operations = [migrations.RunSQL(PEOPLE + APPROVAL, UNDO)]
