"""Reviewers tick the files of a candidate that they looked at; without all ticks nobody approves it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0024_grafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ViewedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("candidate", models.UUIDField()),
                ("path", models.CharField(max_length=400)),
                (
                    "content_digest",
                    models.CharField(help_text="SHA-256 of the file as the candidate leaves it.", max_length=64),
                ),
                (
                    "viewed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="viewed_files",
                        to="generation.codegenerationrequest",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reviewer", "-viewed_at", "id"], name="generation_viewedfile_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("candidate", "reviewer", "path"), name="generation_viewedfile_once")
                ],
            },
        ),
    ]
