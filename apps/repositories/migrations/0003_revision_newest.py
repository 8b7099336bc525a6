"""The list of commits, newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside running work: the tables may be large.
    atomic = False

    dependencies = [
        ("repositories", "0002_plural"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="revision",
            index=models.Index(fields=["-committed_at", "id"], name="repositories_revision_newest"),
        ),
    ]
