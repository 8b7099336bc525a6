"""Tell people and other systems what happens: notifications, webhooks, and how far the audit chain was told."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE FUNCTION jobs_webhookdelivery_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.endpoint_id, NEW.event, NEW.body, NEW.created_at)
     IS DISTINCT FROM (OLD.id, OLD.endpoint_id, OLD.event, OLD.body, OLD.created_at) THEN
    RAISE EXCEPTION 'What was sent to a webhook is never rewritten.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER jobs_webhookdelivery_kept BEFORE UPDATE ON jobs_webhookdelivery
  FOR EACH ROW EXECUTE FUNCTION jobs_webhookdelivery_kept();
CREATE FUNCTION jobs_webhookattempt_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'What a webhook answered is never rewritten.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER jobs_webhookattempt_kept BEFORE UPDATE ON jobs_webhookattempt
  FOR EACH ROW EXECUTE FUNCTION jobs_webhookattempt_kept();
"""

FORGOTTEN = """
DROP TRIGGER jobs_webhookattempt_kept ON jobs_webhookattempt;
DROP FUNCTION jobs_webhookattempt_kept();
DROP TRIGGER jobs_webhookdelivery_kept ON jobs_webhookdelivery;
DROP FUNCTION jobs_webhookdelivery_kept();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0009_overrides_of_two_people"),
        ("jobs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedPosition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("sequence", models.BigIntegerField(default=0, help_text="Number of the last entry that was read.")),
                (
                    "moved_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QueueBeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Machine and process.", max_length=120, unique=True)),
                ("workers", models.PositiveSmallIntegerField(help_text="How many jobs it works on at once.")),
                (
                    "started_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "beat_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-beat_at", "id"], name="jobs_queuebeat_newest")],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=400)),
                ("events", models.JSONField(default=list, help_text="Names of events, for example request.merged.")),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("failing_since", models.DateTimeField(help_text="Since when every attempt failed.", null=True)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("disabled_reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="webhooks", to="governance.scope"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=60)),
                ("body", models.TextField(help_text="Exactly what is signed and sent.")),
                (
                    "state",
                    models.CharField(
                        choices=[("due", "To be sent"), ("delivered", "Delivered"), ("failed", "Given up")],
                        default="due",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("first_attempt_at", models.DateTimeField(help_text="When the retries of 24 hours began.", null=True)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        ),
                        null=True,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="jobs.webhookendpoint",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.CharField(choices=[("current", "Current"), ("previous", "Previous")], max_length=8)),
                ("sealed", models.TextField(editable=False)),
                ("hint", models.CharField(help_text="How it ends.", max_length=12)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="jobs.webhookendpoint"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("your_turn", "Your turn"),
                            ("request_ended", "Your request ended"),
                            ("gate_changed", "A gate changed its state"),
                            ("scope_suspended", "Generation was suspended"),
                            ("request_moved", "Your request moved on"),
                            ("rules_changed", "Rules or roles changed"),
                            ("platform", "The platform itself"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=200)),
                ("text", models.CharField(blank=True, default="", max_length=400)),
                (
                    "url",
                    models.CharField(
                        blank=True, default="", help_text="The page it leads to, on this site.", max_length=400
                    ),
                ),
                (
                    "news",
                    models.PositiveIntegerField(default=1, help_text="How often there was something new about it."),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                ("snoozed_until", models.DateTimeField(null=True)),
                (
                    "mail_state",
                    models.CharField(
                        choices=[
                            ("none", "No e-mail"),
                            ("due", "To be sent"),
                            ("digest", "In the next digest"),
                            ("sent", "Sent"),
                        ],
                        default="none",
                        max_length=8,
                    ),
                ),
                ("mailed_at", models.DateTimeField(null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="governance.scope"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["recipient", "-changed_at", "id"], name="jobs_notification_inbox"),
                    models.Index(
                        condition=models.Q(("read_at", None)), fields=["recipient"], name="jobs_notification_unread"
                    ),
                    models.Index(
                        condition=models.Q(("mail_state__in", ["due", "digest"])),
                        fields=["mail_state", "recipient"],
                        name="jobs_notification_mail",
                    ),
                    models.Index(fields=["-changed_at", "id"], name="jobs_notification_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "subject_kind", "subject_id"), name="jobs_notification_one_per_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("url", ""),
                            models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)),
                            _connector="OR",
                        ),
                        name="jobs_notification_leads_to_this_site",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("your_turn", "Your turn"),
                            ("request_ended", "Your request ended"),
                            ("gate_changed", "A gate changed its state"),
                            ("scope_suspended", "Generation was suspended"),
                            ("request_moved", "Your request moved on"),
                            ("rules_changed", "Rules or roles changed"),
                            ("platform", "The platform itself"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "mail",
                    models.CharField(
                        choices=[("now", "At once"), ("digest", "In the daily digest"), ("never", "Never")],
                        max_length=8,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "kind"), name="jobs_notificationchoice_once")],
            },
        ),
        migrations.CreateModel(
            name="NotificationMute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=64)),
                (
                    "title",
                    models.CharField(
                        blank=True, default="", help_text="What it was called when it was muted.", max_length=200
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_mutes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "subject_kind", "subject_id"), name="jobs_notificationmute_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("started_at", models.DateTimeField()),
                ("duration_ms", models.PositiveIntegerField()),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        help_text="HTTP status; empty when there was no answer.", null=True
                    ),
                ),
                ("answer", models.TextField(blank=True, default="", help_text="The beginning of what was answered.")),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tries", to="jobs.webhookdelivery"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "number"), name="jobs_webhookattempt_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="webhookendpoint",
            index=models.Index(fields=["-created_at", "id"], name="jobs_webhookendpoint_newest"),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(fields=("scope", "name"), name="jobs_webhookendpoint_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_enabled", True), ("disabled_at__isnull", False), _connector="OR"),
                name="jobs_webhookendpoint_disabled_when",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "due")), fields=["next_attempt_at"], name="jobs_webhookdelivery_due"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "-created_at", "id"], name="jobs_webhookdelivery_log"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["-created_at", "id"], name="jobs_webhookdelivery_newest"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "due"), _negated=True), ("next_attempt_at__isnull", False), _connector="OR"
                ),
                name="jobs_webhookdelivery_due_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhooksecret",
            constraint=models.UniqueConstraint(fields=("endpoint", "slot"), name="jobs_webhooksecret_two_at_most"),
        ),
        migrations.AddConstraint(
            model_name="webhooksecret",
            constraint=models.CheckConstraint(
                condition=models.Q(("slot__in", ["current", "previous"])), name="jobs_webhooksecret_slot_known"
            ),
        ),
        migrations.RunSQL(KEPT, FORGOTTEN),
    ]
