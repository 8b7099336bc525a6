"""
Code rules, budgets and allowed providers in versions, kept as approval policies are: two people publish each.

A version is added without a publisher, and then changed once, by the law of approval policies.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION governance_propose_version() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.published_at IS NOT NULL OR NEW.published_by_id IS NOT NULL THEN
    RAISE EXCEPTION 'A policy is proposed before it is published.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_version_proposed BEFORE INSERT ON governance_policyversion
  FOR EACH ROW EXECUTE FUNCTION governance_propose_version();
CREATE TRIGGER governance_version_kept BEFORE UPDATE OR DELETE ON governance_policyversion
  FOR EACH ROW EXECUTE FUNCTION governance_keep_policy();

-- What the newest published version of a place says; NULL where none was published. A place of NULL is the platform.
CREATE FUNCTION governance_version_content(wanted text, place bigint) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT content FROM governance_policyversion
  WHERE kind = wanted AND scope_id IS NOT DISTINCT FROM place AND published_at IS NOT NULL
  ORDER BY number DESC
  LIMIT 1
$$;
"""

UNDO = """
DROP FUNCTION governance_version_content(text, bigint);
DROP TRIGGER governance_version_kept ON governance_policyversion;
DROP TRIGGER governance_version_proposed ON governance_policyversion;
DROP FUNCTION governance_propose_version();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0021_eligible_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("content_digest", models.CharField(help_text="SHA-256 of the content.", max_length=64)),
                ("reason", models.TextField()),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("simulated_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("code_rules", "Code rules"), ("budgets", "Budgets"), ("providers", "Providers")],
                        max_length=12,
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="Counts the versions of one kind and scope.")),
                ("content", models.JSONField(help_text="What it says, as its kind stores it.")),
                ("simulation", models.JSONField(help_text="What it would have done to the past.", null=True)),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        help_text="Empty: the whole platform.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.scope",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-proposed_at", "id"], name="governance_version_newest"),
                    models.Index(fields=["kind", "-proposed_at", "id"], name="governance_version_kind"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "scope", "number"), name="governance_version_number_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "budgets"), ("scope__isnull", False), _connector="OR"),
                        name="governance_version_has_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="governance_version_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("published_by", models.F("proposed_by")), _negated=True),
                        name="governance_version_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", True), ("published_by__isnull", True)),
                            models.Q(
                                ("published_at__isnull", False),
                                ("published_by__isnull", False),
                                ("simulated_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="governance_version_published_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
