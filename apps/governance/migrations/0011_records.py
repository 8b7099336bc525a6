"""
Audit entries of format 2 with their origins beside them; retention, legal holds and erasures, each by two people.

What may not happen is kept by triggers, also against SQL as the application role: an origin is never changed, nor removed
within 30 days; a signature is given once; nobody signs second what they, or another account of theirs, signed first.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LAWS = """
CREATE FUNCTION governance_keep_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT 1 FROM governance_auditevent WHERE sequence = OLD.event_id AND at < now() - interval '30 days'
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'Where an audit entry came from is never changed, and not removed within 30 days.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_auditorigin_kept BEFORE UPDATE OR DELETE ON governance_auditorigin
  FOR EACH ROW EXECUTE FUNCTION governance_keep_origin();

-- Arguments: the columns that may be set, once each; everything else stays, and the row too.
CREATE FUNCTION governance_keep_signatures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE settable text[] := TG_ARGV; before jsonb := to_jsonb(OLD); name text;
BEGIN
  IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - settable) = (before - settable) THEN
    FOREACH name IN ARRAY settable LOOP
      IF before -> name NOT IN ('null'::jsonb, '{}'::jsonb) AND before -> name <> to_jsonb(NEW) -> name THEN
        RAISE EXCEPTION 'A signature is given once.' USING ERRCODE = 'insufficient_privilege';
      END IF;
    END LOOP;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'What was signed is never changed otherwise or removed.' USING ERRCODE = 'insufficient_privilege';
END $$;

-- Arguments: the columns of the first and of the second signature.
CREATE FUNCTION governance_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE first bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint; second bigint := (to_jsonb(NEW) ->> TG_ARGV[1])::bigint;
BEGIN
  PERFORM 1 FROM governance_user WHERE id = second AND is_active AND NOT is_service FOR SHARE;
  IF NOT FOUND OR governance_person(second) = governance_person(first) THEN
    RAISE EXCEPTION 'The second signature is that of another active person than the first.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER governance_retention_kept BEFORE UPDATE OR DELETE ON governance_retentionsetting
  FOR EACH ROW EXECUTE FUNCTION
  governance_keep_signatures('confirmed_by_id', 'confirmed_at', 'withdrawn_by_id', 'withdrawn_at');
CREATE TRIGGER governance_retention_by_two BEFORE INSERT OR UPDATE OF confirmed_by_id ON governance_retentionsetting
  FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL) EXECUTE FUNCTION
  governance_two_people('asked_by_id', 'confirmed_by_id');
CREATE TRIGGER governance_erasure_kept BEFORE UPDATE OR DELETE ON governance_erasure
  FOR EACH ROW EXECUTE FUNCTION
  governance_keep_signatures('confirmed_by_id', 'confirmed_at', 'withdrawn_by_id', 'withdrawn_at', 'counts');
CREATE TRIGGER governance_erasure_by_two BEFORE INSERT OR UPDATE OF confirmed_by_id ON governance_erasure
  FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL) EXECUTE FUNCTION
  governance_two_people('asked_by_id', 'confirmed_by_id');
CREATE TRIGGER governance_legalhold_kept BEFORE UPDATE OR DELETE ON governance_legalhold
  FOR EACH ROW EXECUTE FUNCTION
  governance_keep_signatures('release_asked_by_id', 'release_asked_at', 'released_by_id', 'released_at');
CREATE TRIGGER governance_legalhold_by_two BEFORE INSERT OR UPDATE OF released_by_id ON governance_legalhold
  FOR EACH ROW WHEN (NEW.released_by_id IS NOT NULL) EXECUTE FUNCTION
  governance_two_people('release_asked_by_id', 'released_by_id');
"""

UNDO = """
DROP TRIGGER governance_legalhold_by_two ON governance_legalhold;
DROP TRIGGER governance_legalhold_kept ON governance_legalhold;
DROP TRIGGER governance_erasure_by_two ON governance_erasure;
DROP TRIGGER governance_erasure_kept ON governance_erasure;
DROP TRIGGER governance_retention_by_two ON governance_retentionsetting;
DROP TRIGGER governance_retention_kept ON governance_retentionsetting;
DROP TRIGGER governance_auditorigin_kept ON governance_auditorigin;
DROP FUNCTION governance_two_people();
DROP FUNCTION governance_keep_signatures();
DROP FUNCTION governance_keep_origin();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0010_tokens_and_absences"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditOrigin",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="origin",
                        serialize=False,
                        to="governance.auditevent",
                    ),
                ),
                ("salt", models.CharField(max_length=32)),
                ("ip", models.CharField(blank=True, default="", max_length=45, verbose_name="address")),
                ("user_agent", models.CharField(blank=True, default="", max_length=300, verbose_name="browser")),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
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
                ("counts", models.JSONField(default=dict, help_text="What was changed, by the name of what it was.")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField(null=True)),
                ("reason", models.TextField()),
                (
                    "placed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("release_asked_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RetentionSetting",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
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
                ("data_class", models.CharField(max_length=60)),
                ("days", models.PositiveIntegerField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="auditevent",
            name="actor_is_agent",
            field=models.BooleanField(
                db_default=False,
                help_text="A program acted: a model, a service account, or whoever holds an API token.",
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="format",
            field=models.PositiveSmallIntegerField(db_default=1),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="origin_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="SHA-256 of salt, address and browser, kept beside it.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="policy_version",
            field=models.CharField(
                blank=True, db_default="", help_text="The policy by which it was decided.", max_length=80
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="request_id",
            field=models.CharField(blank=True, db_default="", help_text="Of the request that did it.", max_length=64),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor_id", "-sequence"], name="governance_audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["action", "-sequence"], name="governance_audit_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["object_kind", "-sequence"], name="governance_audit_kind"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["outcome", "-sequence"], name="governance_audit_outcome"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["at"], name="governance_audit_at"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("outcome", "denied")),
                fields=["actor_id", "action", "-sequence"],
                name="governance_audit_denied",
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="erasures", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="withdrawn_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="placed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="release_asked_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="released_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="scope",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="legal_holds",
                to="governance.scope",
            ),
        ),
        migrations.AddField(
            model_name="retentionsetting",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="retentionsetting",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="retentionsetting",
            name="withdrawn_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="erasure",
            index=models.Index(fields=["-asked_at", "id"], name="governance_erasure_newest"),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="governance_erasure_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                name="governance_erasure_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                    models.Q(
                        ("confirmed_at__isnull", False), ("confirmed_by__isnull", False), ("withdrawn_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="governance_erasure_confirmed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="governance_erasure_withdrawn_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)), fields=("person",), name="governance_erasure_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person", models.F("asked_by")), _negated=True),
                    models.Q(("person", models.F("confirmed_by")), _negated=True),
                ),
                name="governance_erasure_by_others",
            ),
        ),
        migrations.AddIndex(
            model_name="legalhold",
            index=models.Index(fields=["-placed_at", "id"], name="governance_legalhold_newest"),
        ),
        migrations.AddIndex(
            model_name="legalhold",
            index=models.Index(
                condition=models.Q(("released_at__isnull", True)),
                fields=["placed_at"],
                name="governance_legalhold_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="governance_legalhold_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person__isnull", True), ("request_id__isnull", True), ("scope__isnull", False)),
                    models.Q(("person__isnull", True), ("request_id__isnull", False), ("scope__isnull", True)),
                    models.Q(("person__isnull", False), ("request_id__isnull", True), ("scope__isnull", True)),
                    _connector="OR",
                ),
                name="governance_legalhold_holds_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_at__isnull", True), ("released_by__isnull", True)),
                    models.Q(
                        ("release_asked_at__isnull", False),
                        ("release_asked_by__isnull", False),
                        ("released_at__isnull", False),
                        ("released_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="governance_legalhold_released_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_by", models.F("release_asked_by")), _negated=True),
                name="governance_legalhold_two_people",
            ),
        ),
        migrations.AddIndex(
            model_name="retentionsetting",
            index=models.Index(fields=["-asked_at", "id"], name="governance_retention_newest"),
        ),
        migrations.AddConstraint(
            model_name="retentionsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="governance_retentionsetting_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                name="governance_retentionsetting_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                    models.Q(
                        ("confirmed_at__isnull", False), ("confirmed_by__isnull", False), ("withdrawn_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="governance_retentionsetting_confirmed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="governance_retentionsetting_withdrawn_by_somebody",
            ),
        ),
        migrations.RunSQL(LAWS, UNDO),
    ]
