"""
What the author of a request adds to it afterwards, as versions that are never changed or removed.

Each candidate says with which version it was asked.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION generation_keep_guidance() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'What was asked for is never changed or removed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER generation_guidance_kept BEFORE UPDATE OR DELETE ON generation_guidance
  FOR EACH ROW EXECUTE FUNCTION generation_keep_guidance();
"""

UNDO = """
DROP TRIGGER generation_guidance_kept ON generation_guidance;
DROP FUNCTION generation_keep_guidance();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0020_decisions_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="guided_by",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="The version of the request's guidance that it was asked with; 0 before there was any.",
            ),
        ),
        migrations.AlterField(
            model_name="candidate",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "Asked"),
                    ("unavailable", "No answer"),
                    ("unparsable", "Cannot be parsed"),
                    ("duplicate", "Same code as another"),
                    ("written", "Written"),
                    ("checked", "Checked"),
                    ("executed", "Executed"),
                    ("outdated", "Asked before the guidance"),
                ],
                default="asked",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Guidance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.PositiveSmallIntegerField(help_text="From 1; the specification alone is version 0."),
                ),
                ("text", models.TextField()),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the specification and of all guidance up to this version.", max_length=64
                    ),
                ),
                (
                    "given_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guidance",
                        to="generation.generationrun",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "guidance",
                "constraints": [
                    models.UniqueConstraint(fields=("run", "version"), name="generation_guidance_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="generation_guidance_version_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="generation_guidance_says_something"
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
