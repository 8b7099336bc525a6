"""Where the lines of a default branch come from, when they began, and when they ended."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("repositories", "0004_code_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lineage",
            fields=[
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="lineage",
                        serialize=False,
                        to="repositories.revision",
                    ),
                ),
                ("reader", models.PositiveSmallIntegerField(help_text="Version of what followed the lines.")),
                ("position", models.PositiveIntegerField()),
                ("files", models.JSONField(default=dict)),
                ("deliveries", models.JSONField(default=list)),
                ("ai_lines", models.PositiveIntegerField()),
                ("human_lines", models.PositiveIntegerField()),
                ("mixed_lines", models.PositiveIntegerField()),
                ("survival", models.JSONField(default=dict)),
                (
                    "measured_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "lineages",
                "indexes": [models.Index(fields=["-measured_at", "revision"], name="repositories_lineage_newest")],
            },
        ),
        migrations.CreateModel(
            name="LineBirth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("position", models.PositiveIntegerField()),
                ("sha", models.CharField(max_length=64)),
                ("born_at", models.DateTimeField()),
                (
                    "origin",
                    models.CharField(choices=[("ai", "AI"), ("human", "Human"), ("mixed", "Mixed")], max_length=5),
                ),
                (
                    "request_id",
                    models.UUIDField(
                        help_text="The request whose candidate it is, or that a person edited.", null=True
                    ),
                ),
                ("lines", models.PositiveIntegerField(help_text="Lines that began; blank ones are not counted.")),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="line_births",
                        to="repositories.repository",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500)),
                ("position", models.PositiveIntegerField()),
                ("ended_at", models.DateTimeField()),
                ("is_change", models.BooleanField()),
                ("lines", models.PositiveIntegerField()),
                (
                    "birth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ends", to="repositories.linebirth"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineSpans",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(help_text="SHA-256 of the runs.", max_length=64)),
                ("spans", models.JSONField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="line_spans",
                        to="repositories.repository",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "line spans",
            },
        ),
        migrations.AddIndex(
            model_name="linebirth",
            index=models.Index(fields=["repository", "born_at"], name="repositories_birth_window"),
        ),
        migrations.AddIndex(
            model_name="linebirth",
            index=models.Index(fields=["-born_at", "id"], name="repositories_birth_newest"),
        ),
        migrations.AddConstraint(
            model_name="linebirth",
            constraint=models.UniqueConstraint(fields=("repository", "number"), name="repositories_birth_number_once"),
        ),
        migrations.AddConstraint(
            model_name="linebirth",
            constraint=models.UniqueConstraint(
                fields=("repository", "position", "origin", "request_id"),
                name="repositories_birth_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="linebirth",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", "human"), ("request_id__isnull", True)),
                    models.Q(models.Q(("origin", "human"), _negated=True), ("request_id__isnull", False)),
                    _connector="OR",
                ),
                name="repositories_birth_of_a_request",
            ),
        ),
        migrations.AddIndex(
            model_name="lineend",
            index=models.Index(fields=["-ended_at", "id"], name="repositories_lineend_newest"),
        ),
        migrations.AddConstraint(
            model_name="lineend",
            constraint=models.UniqueConstraint(
                fields=("birth", "position", "path", "is_change"), name="repositories_lineend_once"
            ),
        ),
        migrations.AddIndex(
            model_name="linespans",
            index=models.Index(fields=["-created_at", "id"], name="repositories_spans_newest"),
        ),
        migrations.AddConstraint(
            model_name="linespans",
            constraint=models.UniqueConstraint(fields=("repository", "digest"), name="repositories_spans_once"),
        ),
    ]
