"""A repository is a pilot from the start or not at all, and every gate has the whole committee."""

from django.db import migrations

PILOTS = """
CREATE FUNCTION governance_keep_pilot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.is_pilot AND (NOT OLD.is_pilot
     OR (NEW.organisation_id, NEW.repository) IS DISTINCT FROM (OLD.organisation_id, OLD.repository)) THEN
    RAISE EXCEPTION 'A repository is a pilot from the start; later only a vote of the committee opens it.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_scope_pilot_kept BEFORE UPDATE ON governance_scope
  FOR EACH ROW EXECUTE FUNCTION governance_keep_pilot();
"""

NO_PILOTS = """
DROP TRIGGER governance_scope_pilot_kept ON governance_scope;
DROP FUNCTION governance_keep_pilot();
"""

SEATS = """
CREATE FUNCTION governance_has_committee(content jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE keys text[];
BEGIN
  IF jsonb_typeof(content->'seats') IS DISTINCT FROM 'array'
     OR jsonb_typeof(content->'needed') IS DISTINCT FROM 'number' THEN
    RETURN false;
  END IF;
  SELECT array_agg(DISTINCT seat->>'key') INTO keys FROM jsonb_array_elements(content->'seats') AS seat;
  RETURN COALESCE(keys @> ARRAY['chair', 'engineering', 'security', 'quality', 'legal', 'independent'], false)
    AND cardinality(keys) = jsonb_array_length(content->'seats')
    AND content->'seats' @> '[{"key": "security", "has_veto": true}]'
    AND (content->>'needed')::numeric BETWEEN cardinality(keys) / 2 + 1 AND cardinality(keys);
END $$;

CREATE FUNCTION governance_require_committee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT governance_has_committee(to_jsonb(NEW)->TG_ARGV[0]) THEN
    RAISE EXCEPTION 'A gate has a chair, engineering, security with its veto, quality, legal and an independent member, '
      'and more than half of its seats decide it.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatedefinition_seated BEFORE INSERT ON governance_gatedefinitionversion
  FOR EACH ROW EXECUTE FUNCTION governance_require_committee('content');
CREATE TRIGGER governance_gate_seated BEFORE INSERT ON governance_gate
  FOR EACH ROW EXECUTE FUNCTION governance_require_committee('definition_content');
"""

NO_SEATS = """
DROP TRIGGER governance_gate_seated ON governance_gate;
DROP TRIGGER governance_gatedefinition_seated ON governance_gatedefinitionversion;
DROP FUNCTION governance_require_committee();
DROP FUNCTION governance_has_committee(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0018_vetoes_of_alternates")]

    operations = [
        migrations.RunSQL(PILOTS, NO_PILOTS),
        migrations.RunSQL(SEATS, NO_SEATS),
    ]
