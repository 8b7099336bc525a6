"""
The expansion ladder, suspensions, incidents, and what tripwires read.

The database keeps what must not happen, also against SQL as the application role: a rung that is widened after its
vote, a suspension that is taken back without two people's approvals, a record that is changed or removed.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LAWS = """
CREATE FUNCTION governance_grant_rung() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.granted_at IS DISTINCT FROM now() OR NEW.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'A rung is granted now, and open.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_rung_granted BEFORE INSERT ON governance_rung
  FOR EACH ROW EXECUTE FUNCTION governance_grant_rung();

CREATE FUNCTION governance_keep_rung() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['ended_at', 'ended_by_id', 'end_reason'];
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
     AND (to_jsonb(NEW) - later) = (to_jsonb(OLD) - later) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A rung is never changed or removed; it can only be ended, once.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_rung_kept BEFORE UPDATE OR DELETE ON governance_rung
  FOR EACH ROW EXECUTE FUNCTION governance_keep_rung();

-- What a rung opens is said in the transaction that grants it, and never widened or narrowed afterwards.
CREATE FUNCTION governance_keep_rung_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM 1 FROM governance_rung rung JOIN governance_scope place ON place.id = NEW.scope_id
      WHERE rung.id = NEW.rung_id AND rung.granted_at = now() AND rung.organisation_id = place.organisation_id;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'What a rung opens is said as it is granted, within its organisation, and never changed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_rung_scopes_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_rung_scopes
  FOR EACH ROW EXECUTE FUNCTION governance_keep_rung_scopes();

CREATE FUNCTION governance_begin_suspension() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.resumed_at IS NOT NULL THEN
    RAISE EXCEPTION 'A suspension begins by standing.' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM 1 FROM governance_scope WHERE id = NEW.scope_id AND (repository = '') = (NEW.kind <> 'repository');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'A repository is suspended in its own scope, everything else in that of its organisation.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_suspension_begins BEFORE INSERT ON governance_suspension
  FOR EACH ROW EXECUTE FUNCTION governance_begin_suspension();

-- Two different, active people approved exactly this, and nobody objects: so never the one who suspended alone.
CREATE FUNCTION governance_keep_suspension() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['reason', 'content_digest', 'resumed_at'];
DECLARE people integer;
BEGIN
  IF TG_OP = 'DELETE' OR OLD.resumed_at IS NOT NULL OR (to_jsonb(NEW) - later) <> (to_jsonb(OLD) - later)
     OR (NEW.reason <> OLD.reason AND OLD.reason <> '')
     OR (NEW.content_digest <> OLD.content_digest AND NEW.reason = OLD.reason) THEN
    RAISE EXCEPTION 'A suspension is given a reason once and ends once; it is never changed otherwise or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.resumed_at IS NOT NULL THEN
    SELECT count(DISTINCT ballot.person) INTO people
      FROM governance_ballot ballot JOIN governance_user voter ON voter.id = ballot.voter_id
      WHERE ballot.subject_kind = 'suspension' AND ballot.subject_id = NEW.id
        AND ballot.subject_digest = NEW.content_digest AND ballot.voided_at IS NULL AND ballot.verdict = 'approve'
        AND voter.is_active AND NOT voter.is_service;
    IF people < 2 THEN
      RAISE EXCEPTION 'Generation is resumed by the approvals of at least two people.'
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_suspension_kept BEFORE UPDATE OR DELETE ON governance_suspension
  FOR EACH ROW EXECUTE FUNCTION governance_keep_suspension();

CREATE FUNCTION governance_keep_incident() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['closed_at', 'closed_by_id', 'resolution'];
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL
     AND (to_jsonb(NEW) - later) = (to_jsonb(OLD) - later) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'An incident is closed once, and never changed otherwise or removed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_incident_kept BEFORE UPDATE OR DELETE ON governance_incident
  FOR EACH ROW EXECUTE FUNCTION governance_keep_incident();
"""

UNDO = """
DROP TRIGGER governance_incident_kept ON governance_incident;
DROP TRIGGER governance_suspension_kept ON governance_suspension;
DROP TRIGGER governance_suspension_begins ON governance_suspension;
DROP TRIGGER governance_rung_scopes_kept ON governance_rung_scopes;
DROP TRIGGER governance_rung_kept ON governance_rung;
DROP TRIGGER governance_rung_granted ON governance_rung;
DROP FUNCTION governance_keep_incident();
DROP FUNCTION governance_keep_suspension();
DROP FUNCTION governance_begin_suspension();
DROP FUNCTION governance_keep_rung_scopes();
DROP FUNCTION governance_keep_rung();
DROP FUNCTION governance_grant_rung();
"""

# What could generate before there was a ladder still can; an administrator takes it back from whoever shall not.
PILOTS = "UPDATE governance_scope SET is_pilot = true WHERE repository <> ''"


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0011_records"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=200)),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=8,
                    ),
                ),
                (
                    "request_id",
                    models.UUIDField(help_text="The request whose code it is about, if one is known.", null=True),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("resolution", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Rung",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=120)),
                ("gate_id", models.UUIDField(help_text="The gate whose vote granted it.", unique=True)),
                (
                    "evidence_digest",
                    models.CharField(help_text="SHA-256 of the evidence that was voted on.", max_length=64),
                ),
                (
                    "risk_max",
                    models.CharField(choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], max_length=8),
                ),
                ("task_classes", models.JSONField(blank=True, default=list)),
                ("model_names", models.JSONField(blank=True, default=list, help_text="Names of providers.")),
                ("tripwires", models.JSONField(default=list)),
                (
                    "granted_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("everything", "Everything"),
                            ("model", "Model"),
                            ("repository", "Repository"),
                            ("rung", "Rung"),
                        ],
                        max_length=10,
                    ),
                ),
                ("model", models.CharField(blank=True, default="", help_text="Name of the provider.", max_length=60)),
                (
                    "suspended_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("reason", models.TextField(blank=True, default="", help_text="May come after the suspension, once.")),
                ("reading", models.JSONField(default=dict)),
                ("content_digest", models.CharField(max_length=64)),
                ("resumed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TripwireReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("clear", "Clear"),
                            ("no_value", "No value yet"),
                            ("failing", "Source fails"),
                            ("tripped", "Tripped"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.FloatField(null=True)),
                ("n", models.PositiveIntegerField(default=0)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("as_of", models.DateTimeField(null=True)),
                (
                    "note",
                    models.TextField(blank=True, default="", help_text="What is missing, or why the source failed."),
                ),
                ("failing_since", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="scope",
            name="is_pilot",
            field=models.BooleanField(
                default=False, help_text="Code may be generated for it without a rung of the expansion ladder."
            ),
        ),
        migrations.AddConstraint(
            model_name="scope",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_pilot", False), models.Q(("repository", ""), _negated=True), _connector="OR"),
                name="governance_scope_pilot_is_a_repository",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="closed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="opened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="scope",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="governance.scope"
            ),
        ),
        migrations.AddField(
            model_name="rung",
            name="ended_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rung",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rungs", to="governance.organisation"
            ),
        ),
        migrations.AddField(
            model_name="rung",
            name="scopes",
            field=models.ManyToManyField(related_name="rungs", to="governance.scope"),
        ),
        migrations.AddField(
            model_name="suspension",
            name="rung",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="governance.rung"
            ),
        ),
        migrations.AddField(
            model_name="suspension",
            name="scope",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="governance.scope"
            ),
        ),
        migrations.AddField(
            model_name="suspension",
            name="suspended_by",
            field=models.ForeignKey(
                help_text="Empty: a tripwire.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tripwirereading",
            name="rung",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="governance.rung"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["-opened_at", "id"], name="governance_incident_newest"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)), fields=["scope"], name="governance_incident_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="governance_incident_has_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True), ("resolution", "")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        models.Q(("resolution", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="governance_incident_closed_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="rung",
            index=models.Index(fields=["-granted_at", "id"], name="governance_rung_newest"),
        ),
        migrations.AddIndex(
            model_name="rung",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["expires_at"], name="governance_rung_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="rung",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("starts_at"))), name="governance_rung_expires"
            ),
        ),
        migrations.AddConstraint(
            model_name="rung",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("title", ""), _negated=True), models.Q(("evidence_digest", ""), _negated=True)
                ),
                name="governance_rung_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="rung",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), ("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        models.Q(("end_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="governance_rung_ended_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="suspension",
            index=models.Index(fields=["-suspended_at", "id"], name="governance_suspension_newest"),
        ),
        migrations.AddIndex(
            model_name="suspension",
            index=models.Index(
                condition=models.Q(("resumed_at__isnull", True)), fields=["scope"], name="governance_suspension_stands"
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resumed_at__isnull", True)),
                fields=("kind", "scope", "model", "rung"),
                name="governance_suspension_one_stands",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "model"), models.Q(("model", ""), _negated=True)),
                    models.Q(models.Q(("kind", "model"), _negated=True), ("model", "")),
                    _connector="OR",
                ),
                name="governance_suspension_names_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "rung"), ("rung__isnull", False)),
                    models.Q(models.Q(("kind", "rung"), _negated=True), ("rung__isnull", True)),
                    _connector="OR",
                ),
                name="governance_suspension_names_rung",
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("suspended_by__isnull", False),
                    models.Q(("kind", "rung"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="governance_suspension_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="tripwirereading",
            index=models.Index(fields=["-read_at", "id"], name="governance_tripwire_newest"),
        ),
        migrations.AddConstraint(
            model_name="tripwirereading",
            constraint=models.UniqueConstraint(fields=("rung", "position"), name="governance_tripwire_read_once"),
        ),
        migrations.RunSQL(LAWS, UNDO),
        migrations.RunSQL(PILOTS, migrations.RunSQL.noop),
    ]
