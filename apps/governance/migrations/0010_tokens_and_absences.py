"""
Tokens end at repositories and networks and are replaced by others; people say when they are away.

The database keeps that a token never may more than when it was made: whoever connects ends it or shortens its life.
"""

import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION governance_keep_token() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['last_used_at', 'revoked_at', 'expires_at', 'replaces_id'];
BEGIN
  IF (to_jsonb(NEW) - later) <> (to_jsonb(OLD) - later)
     OR NEW.expires_at > OLD.expires_at
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'A token is ended or shortened, and never changed otherwise.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_token_kept BEFORE UPDATE ON governance_apitoken
  FOR EACH ROW EXECUTE FUNCTION governance_keep_token();
"""

UNDO = """
DROP TRIGGER governance_token_kept ON governance_apitoken;
DROP FUNCTION governance_keep_token();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0009_overrides_of_two_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "declared_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apitoken",
            name="networks",
            field=models.JSONField(
                blank=True, default=list, help_text="Where the token may be used from; empty: anywhere."
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replaced_by",
                to="governance.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="repositories",
            field=models.JSONField(
                blank=True, default=list, help_text="The scopes that the token ends at; empty: all that its user has."
            ),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["user", "-created_at", "id"], name="governance_apitoken_user"),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "expires_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("created_at"), "+", models.Value(datetime.timedelta(days=366))
                        ),
                    )
                ),
                name="governance_apitoken_ends",
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="absences", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="absence",
            index=models.Index(fields=["user", "ends_on"], name="governance_absence_user"),
        ),
        migrations.AddIndex(
            model_name="absence",
            index=models.Index(fields=["-declared_at", "id"], name="governance_absence_newest"),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="governance_absence_ends"
            ),
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
