"""What the metrics pages keep; the database keeps each baseline as it was imported."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION console_keep_baseline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A baseline is never changed or removed; a new import is its next version.'
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER console_baseline_kept BEFORE UPDATE OR DELETE ON console_baseline
  FOR EACH ROW EXECUTE FUNCTION console_keep_baseline();
"""

UNDO = """
DROP TRIGGER console_baseline_kept ON console_baseline;
DROP FUNCTION console_keep_baseline();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("governance", "0009_overrides_of_two_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Baseline",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=80)),
                ("version", models.PositiveIntegerField()),
                ("value", models.FloatField()),
                ("period_start", models.DateField()),
                ("period_end", models.DateField(help_text="Last day of the period.")),
                ("source", models.CharField(help_text="Where the figure comes from.", max_length=400)),
                ("file_digest", models.CharField(help_text="SHA-256 of the file it was imported from.", max_length=64)),
                (
                    "imported_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.scope"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-imported_at", "id"], name="console_baseline_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "key", "version"), name="console_baseline_version_once"),
                    models.CheckConstraint(condition=models.Q(("value__gt", 0)), name="console_baseline_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True), name="console_baseline_has_source"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_end__gte", models.F("period_start"))),
                        name="console_baseline_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MetricSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80)),
                ("origin", models.CharField(blank=True, default="", max_length=5)),
                ("day", models.DateField()),
                ("version", models.PositiveSmallIntegerField(help_text="Of the metric's definition.")),
                ("value", models.FloatField(null=True)),
                ("n", models.PositiveIntegerField(default=0)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("as_of", models.DateTimeField(null=True)),
                ("missing", models.TextField(blank=True, default="")),
                ("is_error", models.BooleanField(default=False, help_text="Its source could not be read.")),
                ("sources", models.JSONField(default=list)),
                (
                    "taken_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="governance.scope"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["scope", "day"], name="console_sample_page"),
                    models.Index(fields=["-taken_at", "id"], name="console_sample_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "key", "origin", "day"), name="console_sample_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", False), models.Q(("missing", ""), _negated=True), _connector="OR"
                        ),
                        name="console_sample_says_what_is_missing",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
