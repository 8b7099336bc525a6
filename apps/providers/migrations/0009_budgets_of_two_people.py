"""
Budgets are set by published versions of their policy: the database takes no row that says anything else.

Those that are set already stay until a version is published for their place.
"""

from django.db import migrations

KEEP = """
CREATE FUNCTION providers_keep_budget() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ruling jsonb := governance_version_content('budgets', CASE TG_OP WHEN 'DELETE' THEN OLD.scope_id ELSE NEW.scope_id END);
  said jsonb := ruling -> (CASE TG_OP WHEN 'DELETE' THEN OLD.period ELSE NEW.period END);
BEGIN
  IF TG_OP = 'DELETE' AND ruling IS NOT NULL AND jsonb_typeof(said) IS DISTINCT FROM 'object' THEN
    RETURN OLD;
  END IF;
  IF TG_OP <> 'DELETE' AND jsonb_typeof(said) IS NOT DISTINCT FROM 'object'
     AND (said->>'tokens')::bigint IS NOT DISTINCT FROM NEW.token_limit
     AND (said->>'cost')::numeric IS NOT DISTINCT FROM NEW.cost_limit
     AND (said->>'allows_unknown_cost')::boolean IS NOT DISTINCT FROM NEW.allows_unknown_cost
     AND (TG_OP = 'INSERT' OR (OLD.scope_id IS NOT DISTINCT FROM NEW.scope_id AND OLD.period = NEW.period)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A budget is what the published version of the budgets of its place says.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER providers_budget_kept BEFORE INSERT OR UPDATE OR DELETE ON providers_budget
  FOR EACH ROW EXECUTE FUNCTION providers_keep_budget();
"""

UNDO = """
DROP TRIGGER providers_budget_kept ON providers_budget;
DROP FUNCTION providers_keep_budget();
"""


class Migration(migrations.Migration):
    dependencies = [("providers", "0008_approved_models"), ("governance", "0022_policy_versions")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
