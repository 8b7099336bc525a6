"""
Who counts is who may vote: by role, in that place, and in no account of theirs an administrator or a machine.

Generation is resumed by the chair and another member of the committee. An override is asked for and confirmed by people
whose role signs it, and ends within 90 days. Ballots, voters and roles that count are locked until that is committed.
"""

from django.db import migrations

ROLES = """
CREATE FUNCTION governance_has_role(account bigint, place bigint, wanted text[]) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM governance_roleassignment held
    JOIN governance_scope of ON of.id = held.scope_id
    JOIN governance_scope here ON here.id = place
    WHERE held.user_id = account AND held.role = ANY (wanted)
      AND (of.id = here.id OR (of.repository = '' AND of.organisation_id = here.organisation_id))
  )
$$;

-- Whoever administers or acts for a machine has no vote, in whichever account.
CREATE FUNCTION governance_may_vote(account bigint, place bigint, wanted text[]) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT governance_has_role(account, place, wanted) AND NOT EXISTS (
    SELECT FROM governance_user voter
    JOIN governance_user one
      ON one.id = voter.id OR (voter.person_key <> '' AND one.person_key = voter.person_key)
    WHERE voter.id = account
      AND (one.is_superuser OR one.is_service OR governance_has_role(one.id, place, ARRAY['admin', 'service']))
  )
$$;

-- Until the transaction ends, nobody voids a ballot on this, closes a voter's account or takes a role of theirs away.
CREATE FUNCTION governance_hold_ballots(kind text, subject uuid) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM governance_user
  WHERE id IN (SELECT voter_id FROM governance_ballot WHERE subject_kind = kind AND subject_id = subject)
  ORDER BY id FOR SHARE;
  PERFORM 1 FROM governance_roleassignment
  WHERE user_id IN (SELECT voter_id FROM governance_ballot WHERE subject_kind = kind AND subject_id = subject)
  ORDER BY id FOR SHARE;
  PERFORM 1 FROM governance_ballot WHERE subject_kind = kind AND subject_id = subject ORDER BY id FOR SHARE;
END $$;
"""

RESUME = """
CREATE FUNCTION governance_resume_by_committee() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE people integer; chairs integer;
BEGIN
  PERFORM governance_hold_ballots('suspension', NEW.id);
  SELECT count(DISTINCT governance_person(voter.id)),
         count(*) FILTER (WHERE governance_has_role(voter.id, NEW.scope_id, ARRAY['chair']))
  INTO people, chairs
  FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
  WHERE ballot.subject_kind = 'suspension' AND ballot.subject_id = NEW.id AND ballot.verdict = 'approve'
    AND ballot.subject_digest = NEW.content_digest AND ballot.voided_at IS NULL
    AND voter.is_active AND governance_may_vote(voter.id, NEW.scope_id, ARRAY['committee', 'chair'])
    AND NOT EXISTS (
      SELECT FROM governance_ballot aside
      WHERE aside.subject_kind = 'suspension' AND aside.subject_id = NEW.id AND aside.verdict = 'recuse'
        AND governance_person(aside.voter_id) = governance_person(voter.id)
    );
  IF people < 2 OR chairs = 0 THEN
    RAISE EXCEPTION 'Generation is resumed by the chair and another member of the committee.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_suspension_resumed BEFORE UPDATE ON governance_suspension
  FOR EACH ROW WHEN (OLD.resumed_at IS NULL AND NEW.resumed_at IS NOT NULL)
  EXECUTE FUNCTION governance_resume_by_committee();
"""

OVERRIDE = """
CREATE FUNCTION governance_sign_override() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- The minute is for a web process whose clock is ahead.
  IF TG_OP = 'INSERT' AND NEW.ends_at > clock_timestamp() + interval '90 days 1 minute' THEN
    RAISE EXCEPTION 'An override ends within 90 days.' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT governance_may_vote(NEW.asked_by_id, NEW.scope_id, ARRAY['quality_lead', 'architect']) THEN
    RAISE EXCEPTION 'A quality lead or an architect asks for an override.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.confirmed_by_id IS NOT NULL AND NOT governance_may_vote(NEW.confirmed_by_id, NEW.scope_id, ARRAY['chair']) THEN
    RAISE EXCEPTION 'The chair confirms an override.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_override_signed BEFORE INSERT OR UPDATE OF confirmed_by_id ON governance_override
  FOR EACH ROW EXECUTE FUNCTION governance_sign_override();
"""

UNDO = """
DROP TRIGGER governance_override_signed ON governance_override;
DROP FUNCTION governance_sign_override();
DROP TRIGGER governance_suspension_resumed ON governance_suspension;
DROP FUNCTION governance_resume_by_committee();
DROP FUNCTION governance_hold_ballots(text, uuid);
DROP FUNCTION governance_may_vote(bigint, bigint, text[]);
DROP FUNCTION governance_has_role(bigint, bigint, text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0020_account_links")]

    operations = [migrations.RunSQL(ROLES + RESUME + OVERRIDE, UNDO)]
