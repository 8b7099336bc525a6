"""Faults that were found in production, and whose lines their fixes changed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE TRIGGER quality_defect_kept BEFORE UPDATE ON quality_defect
  FOR EACH ROW WHEN (
    (NEW.repository_id, NEW.key, NEW.title, NEW.found_at, NEW.url, NEW.reported_by_id, NEW.created_at)
      IS DISTINCT FROM (OLD.repository_id, OLD.key, OLD.title, OLD.found_at, OLD.url, OLD.reported_by_id, OLD.created_at)
    OR (OLD.is_withdrawn AND NOT NEW.is_withdrawn) OR (OLD.fix_sha <> '' AND NEW.fix_sha = '')
  ) EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_defect_stays BEFORE DELETE ON quality_defect FOR EACH ROW EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_defectreport_kept BEFORE UPDATE OR DELETE ON quality_defectreport
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
"""
UNDO = """
DROP TRIGGER quality_defectreport_kept ON quality_defectreport;
DROP TRIGGER quality_defect_stays ON quality_defect;
DROP TRIGGER quality_defect_kept ON quality_defect;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0008_mutation_runs"),
        ("repositories", "0005_line_lineage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Defect",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("title", models.CharField(max_length=300)),
                ("found_at", models.DateTimeField()),
                ("url", models.URLField(blank=True, default="", max_length=500)),
                ("is_withdrawn", models.BooleanField(default=False, help_text="It turned out to be none.")),
                ("fix_sha", models.CharField(blank=True, default="", max_length=64)),
                (
                    "is_fix_named",
                    models.BooleanField(default=False, help_text="The fix was found by the name in its subject."),
                ),
                ("blamed", models.JSONField(default=dict)),
                (
                    "origin",
                    models.CharField(
                        blank=True,
                        choices=[("", "Unknown"), ("ai", "AI"), ("human", "Human"), ("mixed", "Mixed")],
                        default="",
                        max_length=5,
                    ),
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
                    "reported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="defects",
                        to="repositories.repository",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["repository", "found_at"], name="quality_defect_window"),
                    models.Index(fields=["-created_at", "id"], name="quality_defect_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("repository", "key"), name="quality_defect_once"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("fix_sha", ""), _negated=True), ("origin", ""), _connector="OR"),
                        name="quality_defect_blame_needs_a_fix",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DefectReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("defects", models.PositiveIntegerField(help_text="How many the report names.")),
                ("digest", models.CharField(help_text="SHA-256 of what was sent.", max_length=64)),
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
                        related_name="defect_reports",
                        to="repositories.repository",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["repository", "-created_at"], name="quality_defectreport_last"),
                    models.Index(fields=["-created_at", "id"], name="quality_defectreport_newest"),
                ],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
