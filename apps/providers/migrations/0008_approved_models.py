"""
Models have cards, and are approved by another person than the one who registered them.

The database keeps it: nobody approves what they registered, in whichever account, and a change of where a model is
reached takes its approval back. Endpoints that were there before wait for their approval.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LAWS = """
CREATE FUNCTION providers_keep_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.approved_at IS NOT DISTINCT FROM OLD.approved_at
     AND (NEW.kind, NEW.base_url, NEW.model_id, NEW.key_variable, NEW.data_policy)
         IS DISTINCT FROM (OLD.kind, OLD.base_url, OLD.model_id, OLD.key_variable, OLD.data_policy) THEN
    NEW.approved_at := NULL;
    NEW.approved_by_id := NULL;
  END IF;
  IF NEW.approved_by_id IS NOT NULL THEN
    PERFORM 1 FROM governance_user WHERE id = NEW.approved_by_id AND is_active AND NOT is_service;
    IF NOT FOUND OR (NEW.registered_by_id IS NOT NULL
        AND governance_person(NEW.approved_by_id) = governance_person(NEW.registered_by_id)) THEN
      RAISE EXCEPTION 'A model is approved by another active person than the one who registered it.'
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER providers_approval_kept BEFORE INSERT OR UPDATE ON providers_provider
  FOR EACH ROW EXECUTE FUNCTION providers_keep_approval();
"""

UNDO = """
DROP TRIGGER providers_approval_kept ON providers_provider;
DROP FUNCTION providers_keep_approval();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0007_ballots_of_active_people"),
        ("providers", "0007_prompt_form"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="approved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="approved_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="data_policy",
            field=models.TextField(
                blank=True,
                default="",
                help_text="What becomes of what it is sent: kept how long, by whom, used for training.",
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="registered_by",
            field=models.ForeignKey(
                editable=False,
                help_text="Who registered it, or changed last where it is reached. Empty: the installation.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="retires_on",
            field=models.DateField(blank=True, help_text="From this day on it is not asked any more.", null=True),
        ),
        migrations.AddField(
            model_name="provider",
            name="task_classes",
            field=models.JSONField(
                blank=True, default=list, help_text="Classes of tasks it is asked for, as a list. Empty: all."
            ),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="providers_provider_approved_by_somebody",
            ),
        ),
        migrations.RunSQL(LAWS, UNDO),
    ]
