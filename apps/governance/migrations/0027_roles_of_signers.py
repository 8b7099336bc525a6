"""
Who changes a rule has the role for it, in that place, at the time: proposing, publishing, waiving, confirming.

That two people did was kept before. Which role changes what is the product's permission matrix.
"""

from django.db import migrations

LAW = """
-- A place of NULL is the platform, which only whoever administers everything rules.
CREATE FUNCTION governance_may_rule(account bigint, place bigint, wanted text[]) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM governance_user one
    WHERE one.id = account AND one.is_active AND NOT one.is_service
      AND ((one.is_superuser AND 'admin' = ANY (wanted)) OR governance_has_role(one.id, place, wanted))
  )
$$;

CREATE FUNCTION governance_sign_version() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE wanted text[] := CASE
  WHEN TG_TABLE_NAME = 'governance_gatedefinitionversion' OR to_jsonb(NEW)->>'kind' = 'code_rules'
  THEN ARRAY['quality_lead', 'chair'] ELSE ARRAY['admin', 'chair'] END;
BEGIN
  IF TG_OP = 'INSERT' AND NOT governance_may_rule(NEW.proposed_by_id, NEW.scope_id, wanted) THEN
    RAISE EXCEPTION 'A version is proposed by somebody whose role changes such rules there.'
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.published_by_id IS NOT NULL AND NOT governance_may_rule(NEW.published_by_id, NEW.scope_id, wanted) THEN
    RAISE EXCEPTION 'A version is published by somebody whose role changes such rules there.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_policy_signed BEFORE INSERT OR UPDATE OF published_by_id
  ON governance_approvalpolicyversion FOR EACH ROW EXECUTE FUNCTION governance_sign_version();
CREATE TRIGGER governance_version_signed BEFORE INSERT OR UPDATE OF published_by_id
  ON governance_policyversion FOR EACH ROW EXECUTE FUNCTION governance_sign_version();
CREATE TRIGGER governance_gatedefinition_signed BEFORE INSERT OR UPDATE OF published_by_id
  ON governance_gatedefinitionversion FOR EACH ROW EXECUTE FUNCTION governance_sign_version();

CREATE FUNCTION governance_sign_waiver() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  signer bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.asked_by_id ELSE NEW.confirmed_by_id END;
  place bigint := (SELECT scope_id FROM governance_gate WHERE id = NEW.gate_id);
BEGIN
  IF signer IS NOT NULL AND NOT governance_may_rule(signer, place, ARRAY['quality_lead', 'chair']) THEN
    RAISE EXCEPTION 'A waiver is asked for and confirmed by quality leads and chairs.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatewaiver_signed BEFORE INSERT OR UPDATE OF confirmed_by_id
  ON governance_gatewaiver FOR EACH ROW EXECUTE FUNCTION governance_sign_waiver();
"""

NO_LAW = """
DROP TRIGGER governance_gatewaiver_signed ON governance_gatewaiver;
DROP FUNCTION governance_sign_waiver();
DROP TRIGGER governance_gatedefinition_signed ON governance_gatedefinitionversion;
DROP TRIGGER governance_version_signed ON governance_policyversion;
DROP TRIGGER governance_policy_signed ON governance_approvalpolicyversion;
DROP FUNCTION governance_sign_version();
DROP FUNCTION governance_may_rule(bigint, bigint, text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0026_vetoes_seated")]

    operations = [migrations.RunSQL(LAW, NO_LAW)]
