"""Say which code a review, a suite or an improvement is about, so that access can follow its repository."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0001_initial"),
        ("repositories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuredCode",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("path", models.CharField(blank=True, default="", max_length=1000)),
                ("digest", models.CharField(help_text="SHA-256 of path and text.", max_length=64)),
                ("text", models.TextField(blank=True, default="")),
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
            name="tests_failed",
            field=models.PositiveIntegerField(default=0, help_text="Failures and tests that could not start."),
        ),
        migrations.AddIndex(
            model_name="aicodereview",
            index=models.Index(fields=["code_artifact_id"], name="quality_review_code"),
        ),
        migrations.AddIndex(
            model_name="generatedtestsuite",
            index=models.Index(fields=["target_code_id"], name="quality_suite_code"),
        ),
        migrations.AddIndex(
            model_name="qualityimprovement",
            index=models.Index(fields=["original_code_id"], name="quality_improvement_code"),
        ),
        migrations.AddField(
            model_name="measuredcode",
            name="revision",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="measured_code",
                to="repositories.revision",
            ),
        ),
        migrations.AddField(
            model_name="measuredcode",
            name="submitted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="measuredcode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revision__isnull", False)),
                fields=("revision", "digest"),
                name="quality_measuredcode_once_per_revision",
            ),
        ),
        migrations.AddConstraint(
            model_name="measuredcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("revision__isnull", False), ("submitted_by__isnull", False), _connector="OR"),
                name="quality_measuredcode_has_a_reader",
            ),
        ),
    ]
