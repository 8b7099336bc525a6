"""Keep how each page stood to each commit, and which releases were made: what the clock of documentation is read from."""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
CREATE FUNCTION docs_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'What was observed is never changed or removed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER docs_observation_kept BEFORE UPDATE OR DELETE ON docs_documentationobservation
  FOR EACH ROW EXECUTE FUNCTION docs_keep();
CREATE TRIGGER docs_release_kept BEFORE UPDATE OR DELETE ON docs_documentationrelease
  FOR EACH ROW EXECUTE FUNCTION docs_keep();
"""

UNDO = """
DROP TRIGGER docs_release_kept ON docs_documentationrelease;
DROP TRIGGER docs_observation_kept ON docs_documentationobservation;
DROP FUNCTION docs_keep();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("docs", "0002_citations"),
        ("repositories", "0004_code_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentationObservation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_sync", "In sync"),
                            ("stale", "Stale"),
                            ("broken", "Broken"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=8,
                    ),
                ),
                ("changes", models.PositiveIntegerField(help_text="Symbols that changed, are gone or are left out.")),
                ("begun_at", models.DateTimeField()),
                (
                    "observed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="observations",
                        to="docs.documentationartifact",
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="repositories.repository"
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="repositories.revision"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["repository", "begun_at", "id"], name="docs_observation_clock"),
                    models.Index(fields=["-observed_at", "id"], name="docs_observation_newest"),
                ],
                "constraints": [models.UniqueConstraint(fields=("revision", "artifact"), name="docs_observation_once")],
            },
        ),
        migrations.CreateModel(
            name="DocumentationRelease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("tagged_at", models.DateTimeField()),
                (
                    "seen_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="repositories.repository"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-seen_at", "id"], name="docs_release_newest")],
                "constraints": [models.UniqueConstraint(fields=("repository", "name"), name="docs_release_once")],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
