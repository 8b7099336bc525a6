"""An index for the newest verdicts; the table is small when this runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0003_ballots_are_kept")]

    operations = [
        migrations.AddIndex(
            model_name="ballot",
            index=models.Index(fields=["-cast_at", "id"], name="governance_ballot_newest"),
        ),
    ]
