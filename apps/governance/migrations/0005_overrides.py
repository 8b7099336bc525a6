"""Overrides: two people sign, once; the row is never changed otherwise or removed, whoever connects."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION governance_keep_override() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE signatures text[] := ARRAY['confirmed_by_id', 'confirmed_at', 'withdrawn_by_id', 'withdrawn_at'];
BEGIN
  IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - signatures) = (to_jsonb(OLD) - signatures)
     AND OLD.withdrawn_at IS NULL
     AND (OLD.confirmed_at IS NULL
          OR (NEW.confirmed_at = OLD.confirmed_at AND NEW.confirmed_by_id = OLD.confirmed_by_id)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'An override is confirmed once and withdrawn once, and never changed otherwise or removed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_override_kept BEFORE UPDATE OR DELETE ON governance_override
  FOR EACH ROW EXECUTE FUNCTION governance_keep_override();
"""

UNDO = """
DROP TRIGGER governance_override_kept ON governance_override;
DROP FUNCTION governance_keep_override();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0004_ballots_newest_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.UUIDField()),
                ("subject_digest", models.CharField(max_length=64)),
                ("check_name", models.CharField(help_text="The check that failed.", max_length=40)),
                ("reason", models.TextField()),
                ("ends_at", models.DateTimeField()),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrides_asked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrides_confirmed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="overrides", to="governance.scope"
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id"], name="governance_override_subject"),
                    models.Index(fields=["-asked_at", "id"], name="governance_override_newest"),
                    models.Index(
                        condition=models.Q(("confirmed_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=["scope", "asked_at"],
                        name="governance_override_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("subject_kind", "subject_id", "check_name", "subject_digest"),
                        name="governance_override_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="governance_override_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("asked_at"))), name="governance_override_ends"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                        name="governance_override_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="governance_override_confirmed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="governance_override_withdrawn_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
