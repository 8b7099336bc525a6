"""What people voted on, so that whoever votes again sees what changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0022_watches"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewedContent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(help_text="SHA-256 of what was voted on.", max_length=64)),
                (
                    "patch",
                    models.TextField(help_text="As it was then, against the base commit; empty once it was deleted."),
                ),
                (
                    "kept_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="generation.candidate"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviewed",
                        to="generation.generationrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "digest"), name="generation_reviewedcontent_once")
                ],
            },
        ),
    ]
