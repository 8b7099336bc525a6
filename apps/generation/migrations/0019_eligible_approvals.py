"""
A request becomes approved by people who may vote on it, and not while anybody with a veto blocks it.

What is counted stays as it is until the approval is committed: ballots, voters and roles are locked, and nobody votes
meanwhile. A block on what is up for approval is not voided unless its author says otherwise, or has no account any more,
or it was settled anew which accounts are theirs. An account that was parted from another person's after a request was made
does not vote on it: it may have had a hand in it, or a vote, as that person. Whoever has a part in a request signs no override of it.
"""

from django.db import migrations

REQUIRE = """
-- Whose account was parted from a person's after a request was made may have had a hand in it, or a vote, as that person.
CREATE FUNCTION generation_was_parted(request uuid, account bigint) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM governance_accountlink link JOIN code_generation_requests made ON made.id = request
    WHERE link.account_id = account AND link.other_id IS NULL AND link.confirmed_at >= made.created_at
  )
$$;

CREATE OR REPLACE FUNCTION generation_require_approval(request uuid) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  run generation_generationrun%ROWTYPE;
  place bigint;
  needed integer;
  given integer;
BEGIN
  PERFORM 1 FROM code_generation_requests WHERE id = request FOR NO KEY UPDATE;
  PERFORM governance_hold_ballots('request', request);
  SELECT * INTO run FROM generation_generationrun WHERE request_id = request;
  IF NOT FOUND OR run.review_digest = '' THEN
    RAISE EXCEPTION 'Nothing has been reviewed that could be approved.' USING ERRCODE = 'check_violation';
  END IF;
  SELECT scope_id INTO place FROM repositories_repository WHERE id = run.repository_id;
  needed := generation_approvals_needed(run);
  SELECT count(DISTINCT governance_person(voter.id)) INTO given
  FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
  WHERE ballot.subject_kind = 'request' AND ballot.subject_id = request AND ballot.verdict = 'approve'
    AND ballot.voided_at IS NULL AND ballot.subject_digest = run.review_digest
    AND generation_ballot_lives(run, ballot.cast_at)
    AND voter.is_active AND NOT voter.is_service
    AND governance_may_vote(voter.id, place, ARRAY['reviewer'])
    AND NOT generation_was_parted(request, voter.id)
    AND NOT generation_has_part(request, governance_person(voter.id))
    AND NOT EXISTS (
      SELECT 1 FROM governance_ballot aside
      WHERE aside.subject_kind = 'request' AND aside.subject_id = request AND aside.verdict = 'recuse'
        AND governance_person(aside.voter_id) = governance_person(voter.id)
    );
  IF given < needed THEN
    RAISE EXCEPTION '% of % people have approved what is there now.', given, needed USING ERRCODE = 'check_violation';
  END IF;
  PERFORM 1 FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
  WHERE ballot.subject_kind = 'request' AND ballot.subject_id = request AND ballot.verdict = 'block'
    AND ballot.voided_at IS NULL AND ballot.subject_digest = run.review_digest AND voter.is_active
    AND governance_may_vote(voter.id, place, ARRAY['reviewer', 'quality_lead', 'architect']);
  IF FOUND THEN
    RAISE EXCEPTION 'Somebody with a veto blocks it.' USING ERRCODE = 'check_violation';
  END IF;
END $$;
"""

REQUIRE_BEFORE = """
CREATE OR REPLACE FUNCTION generation_require_approval(request uuid) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
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
DROP FUNCTION generation_was_parted(uuid, bigint);
"""

VETO = """
-- Whoever votes waits for an approval that is being counted.
CREATE FUNCTION generation_wait_for_approval() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM code_generation_requests WHERE id = NEW.subject_id FOR SHARE;
  IF NEW.verdict <> 'recuse' AND generation_was_parted(NEW.subject_id, NEW.voter_id) THEN
    RAISE EXCEPTION 'Whose account was parted from another after a request was made does not vote on it.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_ballot_waits BEFORE INSERT ON governance_ballot
  FOR EACH ROW WHEN (NEW.subject_kind = 'request') EXECUTE FUNCTION generation_wait_for_approval();

-- Looked at when the transaction ends: what takes the place of a block comes after it is voided.
CREATE FUNCTION generation_keep_block() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM generation_generationrun run JOIN governance_user voter ON voter.id = NEW.voter_id
  WHERE run.request_id = NEW.subject_id AND run.review_digest = NEW.subject_digest AND voter.is_active
    AND NOT EXISTS (
      SELECT FROM governance_ballot later
      WHERE later.subject_kind = 'request' AND later.subject_id = NEW.subject_id AND later.id <> NEW.id
        AND later.cast_at >= NEW.cast_at AND governance_person(later.voter_id) = governance_person(NEW.voter_id)
    )
    AND NOT EXISTS (
      SELECT FROM governance_accountlink link
      WHERE link.confirmed_at >= NEW.cast_at
        AND governance_person(NEW.voter_id) IN (governance_person(link.account_id), governance_person(link.other_id))
    );
  IF FOUND THEN
    RAISE EXCEPTION 'A block on what is up for approval stands until its author says otherwise.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER generation_block_kept AFTER UPDATE ON governance_ballot
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.subject_kind = 'request' AND NEW.verdict = 'block'
                     AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL)
  EXECUTE FUNCTION generation_keep_block();

CREATE FUNCTION generation_bar_override() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF generation_has_part(NEW.subject_id, governance_person(NEW.asked_by_id))
     OR generation_has_part(NEW.subject_id, governance_person(NEW.confirmed_by_id)) THEN
    RAISE EXCEPTION 'Whoever has a part in a request signs no override of it.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_override_barred BEFORE INSERT OR UPDATE OF confirmed_by_id ON governance_override
  FOR EACH ROW WHEN (NEW.subject_kind = 'request') EXECUTE FUNCTION generation_bar_override();
"""

NO_VETO = """
DROP TRIGGER generation_override_barred ON governance_override;
DROP FUNCTION generation_bar_override();
DROP TRIGGER generation_block_kept ON governance_ballot;
DROP FUNCTION generation_keep_block();
DROP TRIGGER generation_ballot_waits ON governance_ballot;
DROP FUNCTION generation_wait_for_approval();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0018_active_review"), ("governance", "0021_eligible_people")]

    operations = [migrations.RunSQL(REQUIRE, REQUIRE_BEFORE), migrations.RunSQL(VETO, NO_VETO)]
