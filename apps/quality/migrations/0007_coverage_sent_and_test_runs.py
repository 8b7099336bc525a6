"""Coverage that builds send, beside what is measured here; runs of tests, and what each test did on each commit."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A report of which some tests failed or could not start was not told apart before; gates may not count it.
INCOMPLETE = "UPDATE quality_coveragereport SET is_complete = false WHERE tests_failed > 0"

KEPT = """
CREATE FUNCTION quality_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'What was measured or sent is never changed or removed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER quality_coverage_sent_kept BEFORE UPDATE OR DELETE ON quality_coveragereport
  FOR EACH ROW WHEN (OLD.source <> 'sandbox') EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_suiterun_kept BEFORE UPDATE OR DELETE ON quality_suiterun
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_suiteoutcome_kept BEFORE UPDATE ON quality_suiteoutcome
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_suitetally_grows BEFORE UPDATE ON quality_suitetally
  FOR EACH ROW WHEN (
    NEW.passed < OLD.passed OR NEW.failed < OLD.failed OR NEW.skipped < OLD.skipped
    OR (NEW.test_id, NEW.revision_id, NEW.environment, NEW.repository_id)
       IS DISTINCT FROM (OLD.test_id, OLD.revision_id, OLD.environment, OLD.repository_id)
  ) EXECUTE FUNCTION quality_keep();
CREATE TRIGGER quality_suitetally_kept BEFORE DELETE ON quality_suitetally
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
"""

UNDO = """
DROP TRIGGER quality_suitetally_kept ON quality_suitetally;
DROP TRIGGER quality_suitetally_grows ON quality_suitetally;
DROP TRIGGER quality_suiteoutcome_kept ON quality_suiteoutcome;
DROP TRIGGER quality_suiterun_kept ON quality_suiterun;
DROP TRIGGER quality_coverage_sent_kept ON quality_coveragereport;
DROP FUNCTION quality_keep();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0006_code_of_candidates"),
        ("repositories", "0004_code_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Quarantine",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=500)),
                ("ends_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SuiteOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("passed", "Passed"), ("failed", "Failed"), ("skipped", "Skipped")], max_length=7
                    ),
                ),
                ("seconds", models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SuiteRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("environment", models.CharField(max_length=100)),
                (
                    "source",
                    models.CharField(
                        choices=[("sandbox", "Run in the sandbox"), ("junit", "Sent as JUnit XML")], max_length=10
                    ),
                ),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of what was sent, or of the job and its turn.", max_length=64),
                ),
                ("is_infrastructure", models.BooleanField(default=False, help_text="It was broken by what it ran on.")),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("passed", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SuiteTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("environment", models.CharField(max_length=100)),
                ("passed", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(default=0, help_text="Of all executions together.")),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "suite tallies",
            },
        ),
        migrations.CreateModel(
            name="SuiteTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="coveragereport",
            name="digest",
            field=models.CharField(blank=True, default="", help_text="SHA-256 of what was sent.", max_length=64),
        ),
        migrations.AddField(
            model_name="coveragereport",
            name="is_complete",
            field=models.BooleanField(
                default=True, help_text="Every test could start, and the report is of all tests. Gates count no other."
            ),
        ),
        migrations.RunSQL(INCOMPLETE, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="coveragereport",
            name="source",
            field=models.CharField(
                choices=[
                    ("sandbox", "Measured in the sandbox"),
                    ("cobertura", "Sent as Cobertura"),
                    ("lcov", "Sent as LCOV"),
                ],
                default="sandbox",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="coveragereport",
            name="unreported",
            field=models.PositiveIntegerField(
                default=0, help_text="Python files of the commit that it says nothing of."
            ),
        ),
        migrations.AddField(
            model_name="coveragereport",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="coveragereport",
            name="revision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="coverage_reports", to="repositories.revision"
            ),
        ),
        migrations.AlterField(
            model_name="coveragereport",
            name="tests_run",
            field=models.PositiveIntegerField(help_text="Unknown of a report that was sent.", null=True),
        ),
        migrations.AddConstraint(
            model_name="coveragereport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", "sandbox")), fields=("revision",), name="quality_coverage_measured_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="coveragereport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", "sandbox"), _negated=True),
                fields=("revision", "digest"),
                name="quality_coverage_sent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="coveragereport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), ("source", "sandbox"), ("uploaded_by__isnull", True)),
                    models.Q(
                        models.Q(("source", "sandbox"), _negated=True),
                        models.Q(("digest", ""), _negated=True),
                        ("uploaded_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="quality_coverage_has_an_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="coveragereport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("line_percent__range", (0, 100)),
                    models.Q(("branch_percent__isnull", True), ("branch_percent__range", (0, 100)), _connector="OR"),
                ),
                name="quality_coverage_is_a_share",
            ),
        ),
        migrations.AddField(
            model_name="quarantine",
            name="lifted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="quarantine",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="quarantine",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="suiterun",
            name="revision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="suite_runs", to="repositories.revision"
            ),
        ),
        migrations.AddField(
            model_name="suiterun",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="suiteoutcome",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="quality.suiterun"
            ),
        ),
        migrations.AddField(
            model_name="suitetally",
            name="repository",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="repositories.repository"
            ),
        ),
        migrations.AddField(
            model_name="suitetally",
            name="revision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="repositories.revision"
            ),
        ),
        migrations.AddField(
            model_name="suitetest",
            name="repository",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="suite_tests", to="repositories.repository"
            ),
        ),
        migrations.AddField(
            model_name="suitetally",
            name="test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tallies", to="quality.suitetest"
            ),
        ),
        migrations.AddField(
            model_name="suiteoutcome",
            name="test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="quality.suitetest"
            ),
        ),
        migrations.AddField(
            model_name="quarantine",
            name="test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="quarantines", to="quality.suitetest"
            ),
        ),
        migrations.AddIndex(
            model_name="suiterun",
            index=models.Index(fields=["-created_at", "id"], name="quality_suiterun_newest"),
        ),
        migrations.AddConstraint(
            model_name="suiterun",
            constraint=models.UniqueConstraint(
                fields=("revision", "environment", "digest"), name="quality_suiterun_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="suiterun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_infrastructure", False), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="quality_suiterun_broken_has_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="suitetest",
            index=models.Index(fields=["-created_at", "id"], name="quality_suitetest_newest"),
        ),
        migrations.AddConstraint(
            model_name="suitetest",
            constraint=models.UniqueConstraint(fields=("repository", "name"), name="quality_suitetest_once"),
        ),
        migrations.AddIndex(
            model_name="suitetally",
            index=models.Index(
                fields=["repository", "last_at"],
                include=("test", "passed", "failed", "seconds"),
                name="quality_tally_window",
            ),
        ),
        migrations.AddIndex(
            model_name="suitetally",
            index=models.Index(fields=["-last_at", "id"], name="quality_suitetally_newest"),
        ),
        migrations.AddConstraint(
            model_name="suitetally",
            constraint=models.UniqueConstraint(
                fields=("test", "revision", "environment"), name="quality_suitetally_once"
            ),
        ),
        migrations.AddIndex(
            model_name="quarantine",
            index=models.Index(fields=["-created_at", "id"], name="quality_quarantine_newest"),
        ),
        migrations.AddConstraint(
            model_name="quarantine",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=("test",),
                name="quality_quarantine_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantine",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("created_at"))), name="quality_quarantine_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantine",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="quality_quarantine_has_a_reason"
            ),
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
