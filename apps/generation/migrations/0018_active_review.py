"""The time of active review is counted beside its depth."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0017_outcomes_teach"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reviewcount",
            name="measure",
            field=models.CharField(
                choices=[
                    ("depth", "Share of changed lines in view"),
                    ("canary", "What was wrong on purpose was caught"),
                    ("active", "Time of active review"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="reviewcount",
            name="value",
            field=models.PositiveSmallIntegerField(
                help_text="Depth: its tenth, from 0; empty: not measured. Canary: 1 caught, 0 missed. Active: a class.",
                null=True,
            ),
        ),
    ]
