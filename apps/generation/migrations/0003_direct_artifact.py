"""Say whose an artefact without a request is, so that this person, and nobody else, can see it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0002_plural"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectArtifact",
            fields=[
                (
                    "artifact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="direct",
                        serialize=False,
                        to="generation.generatedcodeartifact",
                    ),
                ),
                ("kind", models.CharField(choices=[("tests", "Tests"), ("refactoring", "Refactoring")], max_length=12)),
                ("title", models.CharField(max_length=200)),
                ("source", models.TextField(help_text="What was sent: a specification, or the code before.")),
                (
                    "evidence",
                    models.JSONField(default=dict, help_text="What shows that it holds: module, patch, fixes."),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["submitted_by", "-created_at"], name="generation_direct_submitter")],
            },
        ),
    ]
