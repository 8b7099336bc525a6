"""Whether tests notice when the code that they test is changed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE TRIGGER quality_mutationrun_kept BEFORE UPDATE OR DELETE ON quality_mutationrun
  FOR EACH ROW EXECUTE FUNCTION quality_keep();
"""
UNDO = "DROP TRIGGER quality_mutationrun_kept ON quality_mutationrun;"


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0007_coverage_sent_and_test_runs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MutationRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("seed", models.BigIntegerField(help_text="What the changes were drawn with.")),
                ("tests", models.PositiveIntegerField(help_text="Tests that pass on the text as it is.")),
                ("killed", models.PositiveIntegerField()),
                ("survived", models.PositiveIntegerField()),
                ("timed_out", models.PositiveIntegerField(help_text="Noticed, since the tests did not end.")),
                (
                    "invalid",
                    models.PositiveIntegerField(
                        help_text="Those that pytest came to no result with; they do not count."
                    ),
                ),
                (
                    "untried",
                    models.PositiveIntegerField(help_text="Possible changes that were not drawn, or had no time."),
                ),
                ("survivors", models.JSONField(default=list, help_text="The changes that no test noticed.")),
                ("seconds", models.FloatField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mutation_runs",
                        to="quality.measuredcode",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-created_at", "id"], name="quality_mutation_newest")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("tests__gte", 1)), name="quality_mutationrun_has_tests")
                ],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
