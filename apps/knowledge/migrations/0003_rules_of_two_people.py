"""
Code rules count as a published version of their policy says them: the database takes no row that says anything else.

Those that were written before stay what they are.
"""

from django.db import migrations

KEEP = """
CREATE FUNCTION knowledge_publish_policy() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE ruling governance_policyversion%ROWTYPE;
BEGIN
  SELECT version.* INTO ruling
  FROM governance_policyversion version
  JOIN repositories_repository repository ON repository.scope_id = version.scope_id
  WHERE repository.id = NEW.repository_id AND version.kind = 'code_rules' AND version.published_at IS NOT NULL
  ORDER BY version.number DESC
  LIMIT 1;
  IF NOT FOUND OR ruling.number <> NEW.version OR ruling.content <> NEW.content
     OR ruling.content_digest <> NEW.content_digest THEN
    RAISE EXCEPTION 'Code rules are what the published version of the code rules of their repository says.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER knowledge_policy_published BEFORE INSERT ON knowledge_repositorypolicy
  FOR EACH ROW EXECUTE FUNCTION knowledge_publish_policy();
"""

UNDO = """
DROP TRIGGER knowledge_policy_published ON knowledge_repositorypolicy;
DROP FUNCTION knowledge_publish_policy();
"""


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0002_mined_patterns"), ("governance", "0022_policy_versions")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
