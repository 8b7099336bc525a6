"""A repository stays where it was registered: in another place other people and other rungs would rule it."""

from django.db import migrations

STAY = """
CREATE FUNCTION repositories_keep_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.scope_id <> OLD.scope_id THEN
    RAISE EXCEPTION 'A repository stays in the place where it was registered.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER repositories_repository_place_kept BEFORE UPDATE OF scope_id ON repositories_repository
  FOR EACH ROW EXECUTE FUNCTION repositories_keep_place();
"""

MOVE = """
DROP TRIGGER repositories_repository_place_kept ON repositories_repository;
DROP FUNCTION repositories_keep_place();
"""


class Migration(migrations.Migration):
    dependencies = [("repositories", "0005_line_lineage")]

    operations = [migrations.RunSQL(STAY, MOVE)]
