"""
What people decided stays decided: the verdict, the candidate and its code, and when it was decided.

Figures, lineage and packs are read from these rows long after delivery, which compares digests once.
"""

from django.db import migrations

KEEP = """
CREATE FUNCTION generation_keep_decision() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.human_approved IS DISTINCT FROM OLD.human_approved THEN
    RAISE EXCEPTION 'What people decided is never taken back or removed.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_consensus_kept BEFORE UPDATE OR DELETE ON code_generation_consensus
  FOR EACH ROW WHEN (OLD.human_approved IS NOT NULL) EXECUTE FUNCTION generation_keep_decision();

CREATE FUNCTION generation_keep_approved_code() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM code_generation_consensus WHERE selected_implementation = OLD.id AND human_approved;
  IF FOUND THEN
    RAISE EXCEPTION 'Code that people approved is never changed or removed.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER generation_approved_code_kept BEFORE UPDATE OF generated_code OR DELETE ON generated_code_artifacts
  FOR EACH ROW EXECUTE FUNCTION generation_keep_approved_code();

CREATE FUNCTION generation_keep_stage() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM code_generation_consensus WHERE request_id = OLD.run_id AND human_approved IS NOT NULL;
  IF FOUND THEN
    RAISE EXCEPTION 'The stages of a request that was decided are never changed or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER generation_stage_kept BEFORE DELETE ON generation_stagerecord
  FOR EACH ROW EXECUTE FUNCTION generation_keep_stage();
CREATE TRIGGER generation_stage_finished BEFORE UPDATE ON generation_stagerecord
  FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION generation_keep_stage();
"""

UNDO = """
DROP TRIGGER generation_stage_finished ON generation_stagerecord;
DROP TRIGGER generation_stage_kept ON generation_stagerecord;
DROP FUNCTION generation_keep_stage();
DROP TRIGGER generation_approved_code_kept ON generated_code_artifacts;
DROP FUNCTION generation_keep_approved_code();
DROP TRIGGER generation_consensus_kept ON code_generation_consensus;
DROP FUNCTION generation_keep_decision();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0019_eligible_approvals")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
