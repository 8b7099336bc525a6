"""Indexes of the tests that failed or are slow, among many that do neither, and of how a test did in a window."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0009_defects"),
        ("repositories", "0005_line_lineage"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="suitetally",
            index=models.Index(
                condition=models.Q(
                    ("failed__gt", 0),
                    models.Q(
                        ("seconds__gt", 0),
                        (
                            "seconds__gte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("passed"), "+", models.F("failed")
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                fields=["repository", "last_at"],
                include=("test",),
                name="quality_tally_noticed",
            ),
        ),
        migrations.AddIndex(
            model_name="suitetally",
            index=models.Index(
                fields=["test", "last_at"], include=("passed", "failed", "seconds"), name="quality_tally_test_window"
            ),
        ),
    ]
