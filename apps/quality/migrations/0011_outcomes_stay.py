"""What became of each test is kept like the tallies that are counted from it: rates lose no outcome unseen."""

from django.db import migrations

KEEP = """
CREATE TRIGGER quality_suiteoutcome_stays BEFORE DELETE ON quality_suiteoutcome
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
"""

UNDO = "DROP TRIGGER quality_suiteoutcome_stays ON quality_suiteoutcome;"


class Migration(migrations.Migration):
    dependencies = [("quality", "0010_noticed_tests")]

    operations = [migrations.RunSQL(KEEP, UNDO)]
