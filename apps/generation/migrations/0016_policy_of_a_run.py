"""
A run is decided under the approval policy that ruled when it was submitted, frozen with it.

It begins under the ruling version and moves to a later one only by being frozen anew, before it is decided; how many
approvals it needs, and how long one lives, is read from there.
"""

import django.db.models.deletion
from django.db import migrations, models

FREEZE = """
CREATE FUNCTION generation_freeze_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND EXISTS (
    SELECT 1 FROM code_generation_requests
    WHERE id = NEW.request_id AND status NOT IN ('queued', 'generating', 'checking', 'consensus', 'in_review')
  ) THEN
    RAISE EXCEPTION 'What was decided keeps the policy that decided it.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.approval_policy_id IS DISTINCT FROM (
    SELECT governance_policy_of(scope_id, NEW.risk_tier) FROM repositories_repository WHERE id = NEW.repository_id
  ) THEN
    RAISE EXCEPTION 'A request is decided under the policy that rules its repository.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_run_policy_begins BEFORE INSERT ON generation_generationrun
  FOR EACH ROW EXECUTE FUNCTION generation_freeze_policy();
CREATE TRIGGER generation_run_policy_kept BEFORE UPDATE ON generation_generationrun
  FOR EACH ROW WHEN (NEW.approval_policy_id IS DISTINCT FROM OLD.approval_policy_id
                     OR NEW.repository_id IS DISTINCT FROM OLD.repository_id)
  EXECUTE FUNCTION generation_freeze_policy();

CREATE OR REPLACE FUNCTION generation_approvals_needed(run generation_generationrun) RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT needed FROM governance_approvalpolicyversion WHERE id = run.approval_policy_id),
    CASE WHEN run.risk_tier = 'high' THEN 3 ELSE 2 END
  )
$$;

CREATE OR REPLACE FUNCTION generation_ballot_lives(run generation_generationrun, cast_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT cast_at > clock_timestamp() - make_interval(days => (content->>'ballot_days')::int)
     FROM governance_approvalpolicyversion WHERE id = run.approval_policy_id),
    true
  )
$$;
"""

UNDO = """
CREATE OR REPLACE FUNCTION generation_ballot_lives(run generation_generationrun, cast_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION generation_approvals_needed(run generation_generationrun) RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN run.risk_tier = 'high' THEN 3 ELSE 2 END
$$;
DROP TRIGGER generation_run_policy_kept ON generation_generationrun;
DROP TRIGGER generation_run_policy_begins ON generation_generationrun;
DROP FUNCTION generation_freeze_policy();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0015_approved_by_people"),
        ("governance", "0008_approval_policies"),
        ("repositories", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="generationrun",
            name="approval_policy",
            field=models.ForeignKey(
                blank=True,
                help_text="The version that decides it; empty for the built-in policy of its risk.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.approvalpolicyversion",
            ),
        ),
        migrations.RunSQL(FREEZE, UNDO),
    ]
