"""
Approval policies in versions: what one says is never changed, and two people publish it.

The database keeps them so for whoever connects: a version is simulated until it is published, once, by an active
person who is not the one that proposed it, in whichever account.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE FUNCTION governance_propose_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.published_at IS NOT NULL OR NEW.published_by_id IS NOT NULL THEN
    RAISE EXCEPTION 'A policy is proposed before it is published.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.needed IS DISTINCT FROM (NEW.content->>'needed')::int
     OR NEW.needed NOT BETWEEN 1 AND jsonb_array_length(NEW.content->'seats') THEN
    RAISE EXCEPTION 'A policy needs as many approvals as it says, and no more than it has seats.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_policy_proposed BEFORE INSERT ON governance_approvalpolicyversion
  FOR EACH ROW EXECUTE FUNCTION governance_propose_policy();

CREATE FUNCTION governance_keep_policy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['simulation', 'simulated_at', 'published_by_id', 'published_at'];
BEGIN
  IF TG_OP = 'DELETE' OR OLD.published_at IS NOT NULL OR (to_jsonb(NEW) - later) <> (to_jsonb(OLD) - later) THEN
    RAISE EXCEPTION 'A version of a policy is published once, and never changed otherwise or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.published_by_id IS NOT NULL THEN
    PERFORM 1 FROM governance_user WHERE id = NEW.published_by_id AND is_active AND NOT is_service FOR SHARE;
    IF NOT FOUND OR governance_person(NEW.published_by_id) = governance_person(NEW.proposed_by_id) THEN
      RAISE EXCEPTION 'A policy is published by another active person than the one who proposed it.'
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_policy_kept BEFORE UPDATE OR DELETE ON governance_approvalpolicyversion
  FOR EACH ROW EXECUTE FUNCTION governance_keep_policy();

-- The version that rules a scope: its own newest published one, else its organisation's; none is the built-in policy.
CREATE FUNCTION governance_policy_of(place bigint, tier text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT version.id
  FROM governance_scope own
  JOIN governance_scope ruling ON ruling.id = own.id
    OR (ruling.organisation_id = own.organisation_id AND ruling.repository = '')
  JOIN governance_approvalpolicyversion version ON version.scope_id = ruling.id
  WHERE own.id = place AND version.risk_tier = tier AND version.published_at IS NOT NULL
  ORDER BY ruling.id <> own.id, version.number DESC
  LIMIT 1
$$;
"""

UNDO = """
DROP FUNCTION governance_policy_of(bigint, text);
DROP TRIGGER governance_policy_kept ON governance_approvalpolicyversion;
DROP TRIGGER governance_policy_proposed ON governance_approvalpolicyversion;
DROP FUNCTION governance_keep_policy();
DROP FUNCTION governance_propose_policy();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0007_ballots_of_active_people")]

    operations = [
        migrations.CreateModel(
            name="ApprovalPolicyVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "risk_tier",
                    models.CharField(choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], max_length=8),
                ),
                ("number", models.PositiveIntegerField(help_text="Counts the versions of one scope and risk.")),
                (
                    "content",
                    models.JSONField(help_text="Seats, how many must approve and be present, life of a ballot."),
                ),
                ("content_digest", models.CharField(help_text="SHA-256 of the content.", max_length=64)),
                ("needed", models.PositiveSmallIntegerField(help_text="How many seats must approve.")),
                ("reason", models.TextField()),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("simulation", models.JSONField(help_text="What it would have done to past requests.", null=True)),
                ("simulated_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval_policies",
                        to="governance.scope",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-proposed_at", "id"], name="governance_policy_newest"),
                    models.Index(fields=["scope", "-proposed_at", "id"], name="governance_policy_scope"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "risk_tier", "number"), name="governance_policy_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="governance_policy_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("published_by", models.F("proposed_by")), _negated=True),
                        name="governance_policy_two_people",
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
                        name="governance_policy_published_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
