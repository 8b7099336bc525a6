"""
Gates of the committee: what was asked for, measured, frozen, voted and decided, kept for whoever connects.

The database holds that frozen evidence and readings are never changed, that only whoever sits on a gate casts a ballot
on it, on what is frozen now and while it is open, and that a gate becomes decided as it must: approved by as many
distinct people and seats as its definition needs, on evidence that holds, without a veto.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP_ROWS = """
CREATE FUNCTION governance_keep_gate_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'What a gate measured, froze or decided is never changed or removed.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_gatereading_kept BEFORE UPDATE OR DELETE ON governance_gatereading
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_row();
CREATE TRIGGER governance_gatefreeze_kept BEFORE UPDATE OR DELETE ON governance_gatefreeze
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_row();
CREATE TRIGGER governance_gateevidence_kept BEFORE UPDATE OR DELETE ON governance_gateevidence
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_row();
CREATE TRIGGER governance_gatedecision_kept BEFORE UPDATE OR DELETE ON governance_gatedecision
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_row();
"""

FORGET_ROWS = """
DROP TRIGGER governance_gatedecision_kept ON governance_gatedecision;
DROP TRIGGER governance_gateevidence_kept ON governance_gateevidence;
DROP TRIGGER governance_gatefreeze_kept ON governance_gatefreeze;
DROP TRIGGER governance_gatereading_kept ON governance_gatereading;
DROP FUNCTION governance_keep_gate_row();
"""

FREEZE = """
-- A freeze is the next one of a gate that is not decided, and takes its evidence before it becomes the current one.
CREATE FUNCTION governance_admit_freeze() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_gate
  WHERE id = NEW.gate_id AND state IN ('draft', 'voting') AND freeze_number + 1 = NEW.number FOR UPDATE;
  IF NOT FOUND OR length(NEW.digest) <> 64 THEN
    RAISE EXCEPTION 'The evidence of a gate is frozen before it is decided, and counted without a gap.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatefreeze_admitted BEFORE INSERT ON governance_gatefreeze
  FOR EACH ROW EXECUTE FUNCTION governance_admit_freeze();

CREATE FUNCTION governance_admit_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_gatefreeze frozen
  JOIN governance_gate gate ON gate.id = frozen.gate_id
  JOIN governance_gatereading reading ON reading.gate_id = gate.id
  WHERE frozen.id = NEW.freeze_id AND reading.id = NEW.reading_id AND frozen.number > gate.freeze_number;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Nothing is added to evidence that is frozen.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gateevidence_admitted BEFORE INSERT ON governance_gateevidence
  FOR EACH ROW EXECUTE FUNCTION governance_admit_evidence();

CREATE FUNCTION governance_admit_gate_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM governance_gate gate
  JOIN governance_gatefreeze frozen ON frozen.gate_id = gate.id
    AND frozen.number = gate.freeze_number AND frozen.digest = gate.digest
  WHERE gate.id = NEW.gate_id AND frozen.id = NEW.freeze_id AND gate.state = 'voting';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'A gate is decided while its vote is open, on what is frozen now.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatedecision_admitted BEFORE INSERT ON governance_gatedecision
  FOR EACH ROW EXECUTE FUNCTION governance_admit_gate_decision();
"""

THAW = """
DROP TRIGGER governance_gatedecision_admitted ON governance_gatedecision;
DROP FUNCTION governance_admit_gate_decision();
DROP TRIGGER governance_gateevidence_admitted ON governance_gateevidence;
DROP FUNCTION governance_admit_evidence();
DROP TRIGGER governance_gatefreeze_admitted ON governance_gatefreeze;
DROP FUNCTION governance_admit_freeze();
"""

SIT = """
CREATE FUNCTION governance_admit_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gate governance_gate; place jsonb;
BEGIN
  SELECT * INTO gate FROM governance_gate WHERE id = COALESCE(NEW.gate_id, OLD.gate_id) FOR SHARE;
  IF TG_OP = 'UPDATE' AND gate.state IN ('draft', 'voting')
     AND (to_jsonb(NEW) - 'present_at') = (to_jsonb(OLD) - 'present_at') THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' OR gate.state <> 'draft' THEN
    RAISE EXCEPTION 'Who sits on a gate is settled before its vote opens.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  SELECT value INTO place FROM jsonb_array_elements(gate.definition_content->'seats') WHERE value->>'key' = NEW.seat;
  PERFORM 1 FROM governance_user WHERE id = NEW.user_id AND is_active AND NOT is_service;
  IF NOT FOUND OR place IS NULL THEN
    RAISE EXCEPTION 'An active person sits on a seat that the gate has.' USING ERRCODE = 'check_violation';
  END IF;
  IF governance_person(NEW.user_id) = governance_person(gate.requested_by_id) THEN
    RAISE EXCEPTION 'Whoever asks for the expansion has no seat on its gate.' USING ERRCODE = 'check_violation';
  END IF;
  NEW.has_veto := (place->>'has_veto')::boolean;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gateseat_admitted BEFORE INSERT OR UPDATE OR DELETE ON governance_gateseat
  FOR EACH ROW EXECUTE FUNCTION governance_admit_seat();

CREATE FUNCTION governance_admit_gate_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gate governance_gate;
BEGIN
  SELECT * INTO gate FROM governance_gate WHERE id = NEW.subject_id FOR SHARE;
  IF NOT FOUND OR gate.state <> 'voting' OR gate.closes_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'The vote on this gate is not open.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.verdict NOT IN ('approve', 'block', 'abstain', 'recuse') OR NEW.rationale = '' THEN
    RAISE EXCEPTION 'A ballot on a gate approves, rejects, abstains or steps aside, and says why.'
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.verdict <> 'recuse' AND (NEW.subject_digest <> gate.digest OR gate.evidence_changed <> '') THEN
    RAISE EXCEPTION 'A ballot is on the evidence that is frozen now.' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM 1 FROM governance_gateseat WHERE gate_id = gate.id AND user_id = NEW.voter_id;
  IF NOT FOUND OR governance_person(NEW.voter_id) = governance_person(gate.requested_by_id) THEN
    RAISE EXCEPTION 'Only whoever sits on a gate votes on it, and never whoever asked for it.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_ballot_on_gate BEFORE INSERT ON governance_ballot
  FOR EACH ROW WHEN (NEW.subject_kind = 'gate') EXECUTE FUNCTION governance_admit_gate_ballot();
"""

STAND = """
DROP TRIGGER governance_ballot_on_gate ON governance_ballot;
DROP FUNCTION governance_admit_gate_ballot();
DROP TRIGGER governance_gateseat_admitted ON governance_gateseat;
DROP FUNCTION governance_admit_seat();
"""

DECIDE = """
CREATE FUNCTION governance_gate_refused(gate governance_gate) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE people int; places int; needed int := (gate.definition_content->>'needed')::int;
BEGIN
  IF EXISTS (
    SELECT 1 FROM governance_gateevidence evidence JOIN governance_gatefreeze frozen ON frozen.id = evidence.freeze_id
    WHERE frozen.gate_id = gate.id AND frozen.number = gate.freeze_number
      AND (evidence.state IN ('error', 'stale') OR (evidence.is_required AND evidence.state NOT IN ('met', 'waived')))
  ) OR NOT EXISTS (
    SELECT 1 FROM governance_gateevidence evidence JOIN governance_gatefreeze frozen ON frozen.id = evidence.freeze_id
    WHERE frozen.gate_id = gate.id AND frozen.number = gate.freeze_number
  ) OR gate.evidence_changed <> '' THEN
    RETURN 'its evidence does not hold';
  END IF;
  IF EXISTS (
    SELECT 1 FROM governance_ballot ballot
    JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.user_id = ballot.voter_id AND seat.has_veto
    WHERE ballot.subject_kind = 'gate' AND ballot.subject_id = gate.id AND ballot.subject_digest = gate.digest
      AND ballot.verdict = 'block' AND ballot.voided_at IS NULL AND NOT seat.is_alternate
  ) THEN
    RETURN 'a seat with a veto rejects it';
  END IF;
  SELECT count(DISTINCT ballot.person), count(DISTINCT seat.seat) INTO people, places
  FROM governance_ballot ballot
  JOIN governance_gateseat seat ON seat.gate_id = gate.id AND seat.user_id = ballot.voter_id
  JOIN governance_user voter ON voter.id = ballot.voter_id AND voter.is_active AND NOT voter.is_service
  WHERE ballot.subject_kind = 'gate' AND ballot.subject_id = gate.id AND ballot.subject_digest = gate.digest
    AND ballot.verdict = 'approve' AND ballot.voided_at IS NULL
    AND ballot.person <> governance_person(gate.requested_by_id)
    AND NOT EXISTS (
      SELECT 1 FROM governance_ballot aside
      WHERE aside.subject_kind = 'gate' AND aside.subject_id = gate.id AND aside.verdict = 'recuse'
        AND governance_person(aside.voter_id) = governance_person(ballot.voter_id));
  IF least(people, places) < needed THEN
    RETURN format('%s of %s seats approve', least(people, places), needed);
  END IF;
  RETURN '';
END $$;

CREATE FUNCTION governance_keep_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving text[] := ARRAY['state', 'evidence_batch', 'evidence_read_at', 'evidence_changed', 'refresh_job', 'freeze_number',
    'digest', 'opened_by_id', 'opened_at', 'closes_at', 'closed_by_id', 'closed_at', 'close_reason', 'minutes'];
  why text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.freeze_number <> 0 OR NEW.digest <> '' OR NEW.opened_at IS NOT NULL
       OR (NEW.definition_content->>'needed')::int * 2 <= jsonb_array_length(NEW.definition_content->'seats') THEN
      RAISE EXCEPTION 'A gate begins as a draft, and more than half of its seats decide it.'
        USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'A gate is withdrawn, never removed.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (to_jsonb(NEW) - moving) <> (to_jsonb(OLD) - moving) THEN
    RAISE EXCEPTION 'What a gate asks for is never changed; withdraw it and ask anew.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF OLD.state NOT IN ('draft', 'voting') AND (to_jsonb(NEW) - 'refresh_job') <> (to_jsonb(OLD) - 'refresh_job') THEN
    RAISE EXCEPTION 'A gate that was decided or withdrawn stays as it is.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (NEW.freeze_number, NEW.digest) IS DISTINCT FROM (OLD.freeze_number, OLD.digest) THEN
    PERFORM 1 FROM governance_gatefreeze
    WHERE gate_id = NEW.id AND number = NEW.freeze_number AND digest = NEW.digest
      AND NEW.freeze_number = OLD.freeze_number + 1;
    IF NOT FOUND OR NEW.state <> 'voting' THEN
      RAISE EXCEPTION 'The digest of a gate is that of its newest freeze.' USING ERRCODE = 'check_violation';
    END IF;
  ELSIF OLD.evidence_changed <> '' AND NEW.evidence_changed = '' THEN
    RAISE EXCEPTION 'Evidence that changed is frozen anew.' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'voting' AND (NEW.opened_at, NEW.opened_by_id) IS DISTINCT FROM (OLD.opened_at, OLD.opened_by_id) THEN
    RAISE EXCEPTION 'A vote is opened once.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  IF NEW.state = 'voting' AND OLD.state = 'draft' THEN
    IF NEW.freeze_number = 0 OR NEW.closes_at IS NULL OR NEW.closes_at <= clock_timestamp()
       OR NEW.opened_by_id IS NULL OR NEW.opened_at IS NULL THEN
      RAISE EXCEPTION 'A vote opens on frozen evidence, by somebody, until a time.' USING ERRCODE = 'check_violation';
    END IF;
  ELSIF NEW.state IN ('approved', 'rejected', 'lapsed') AND OLD.state = 'voting' THEN
    PERFORM 1 FROM governance_gatedecision decision JOIN governance_gatefreeze frozen ON frozen.id = decision.freeze_id
    WHERE decision.gate_id = NEW.id AND decision.outcome = NEW.state AND frozen.number = NEW.freeze_number;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'A gate becomes decided with its decision.' USING ERRCODE = 'check_violation';
    END IF;
    why := CASE WHEN NEW.state = 'approved' THEN governance_gate_refused(NEW) ELSE '' END;
    IF why <> '' THEN
      RAISE EXCEPTION 'A gate is not approved while %.', why USING ERRCODE = 'check_violation';
    END IF;
  ELSIF NEW.state <> 'withdrawn' THEN
    RAISE EXCEPTION 'A gate goes from draft to vote to decision.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gate_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_gate
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate();
"""

UNDECIDE = """
DROP TRIGGER governance_gate_kept ON governance_gate;
DROP FUNCTION governance_keep_gate();
DROP FUNCTION governance_gate_refused(governance_gate);
"""

TWO_PEOPLE = """
CREATE FUNCTION governance_keep_gate_waiver() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE signatures text[] := ARRAY['confirmed_by_id', 'confirmed_at', 'withdrawn_by_id', 'withdrawn_at'];
BEGIN
  IF TG_OP = 'INSERT' AND (NEW.confirmed_at IS NOT NULL OR NEW.withdrawn_at IS NOT NULL) THEN
    RAISE EXCEPTION 'A waiver is asked for before it is confirmed.' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (
       (to_jsonb(NEW) - signatures) <> (to_jsonb(OLD) - signatures) OR OLD.withdrawn_at IS NOT NULL
       OR (OLD.confirmed_at IS NOT NULL
           AND (NEW.confirmed_at, NEW.confirmed_by_id) IS DISTINCT FROM (OLD.confirmed_at, OLD.confirmed_by_id)))) THEN
    RAISE EXCEPTION 'A waiver is confirmed once and withdrawn once, and never changed otherwise or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.confirmed_by_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.confirmed_by_id IS NULL) THEN
    PERFORM 1 FROM governance_user WHERE id = NEW.confirmed_by_id AND is_active AND NOT is_service FOR SHARE;
    IF NOT FOUND OR governance_person(NEW.confirmed_by_id) = governance_person(NEW.asked_by_id) THEN
      RAISE EXCEPTION 'A waiver is confirmed by another active person than the one who asked for it.'
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatewaiver_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_gatewaiver
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_waiver();

CREATE FUNCTION governance_keep_gate_definition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE later text[] := ARRAY['published_by_id', 'published_at'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.published_at IS NOT NULL OR NEW.published_by_id IS NOT NULL THEN
      RAISE EXCEPTION 'A definition is proposed before it is published.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' OR OLD.published_at IS NOT NULL OR (to_jsonb(NEW) - later) <> (to_jsonb(OLD) - later) THEN
    RAISE EXCEPTION 'A version of a definition is published once, and never changed otherwise or removed.'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM 1 FROM governance_user WHERE id = NEW.published_by_id AND is_active AND NOT is_service FOR SHARE;
  IF NOT FOUND OR governance_person(NEW.published_by_id) = governance_person(NEW.proposed_by_id) THEN
    RAISE EXCEPTION 'A definition is published by another active person than the one who proposed it.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_gatedefinition_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_gatedefinitionversion
  FOR EACH ROW EXECUTE FUNCTION governance_keep_gate_definition();
"""

ONE_PERSON = """
DROP TRIGGER governance_gatedefinition_kept ON governance_gatedefinitionversion;
DROP FUNCTION governance_keep_gate_definition();
DROP TRIGGER governance_gatewaiver_kept ON governance_gatewaiver;
DROP FUNCTION governance_keep_gate_waiver();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0012_expansion_ladder"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateDefinitionVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.SlugField(help_text="Of the template that it is a version of.", max_length=40)),
                (
                    "number",
                    models.PositiveIntegerField(help_text="Counts the versions of one organisation and template."),
                ),
                ("content", models.JSONField(help_text="Criteria, seats, and the rule of the vote.")),
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
                        related_name="gate_definitions",
                        to="governance.scope",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Gate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=200)),
                ("definition_content", models.JSONField(help_text="The definition as it was when the gate was made.")),
                ("definition_digest", models.CharField(max_length=64)),
                (
                    "granted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="Scopes in which code may be asked for afterwards.",
                        size=None,
                    ),
                ),
                (
                    "sample",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="Scopes whose records are the evidence.",
                        size=None,
                    ),
                ),
                (
                    "flagships",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="Scopes that count by themselves.",
                        size=None,
                    ),
                ),
                (
                    "risk_max",
                    models.CharField(choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], max_length=8),
                ),
                ("task_classes", models.JSONField(default=list, help_text="Kinds of requests; empty means all.")),
                (
                    "model_names",
                    models.JSONField(
                        default=list, help_text="Models that may be asked; empty means all that are approved."
                    ),
                ),
                ("expires_at", models.DateTimeField(help_text="When what is granted ends.")),
                (
                    "tripwires",
                    models.JSONField(default=list, help_text="Measures that suspend it, each with its bound."),
                ),
                (
                    "risks",
                    models.TextField(
                        blank=True, default="", help_text="What could go wrong, and what is done about it."
                    ),
                ),
                (
                    "requested_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("voting", "Voting"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("lapsed", "Lapsed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "evidence_batch",
                    models.PositiveIntegerField(default=0, help_text="How often the evidence was read."),
                ),
                ("evidence_read_at", models.DateTimeField(null=True)),
                (
                    "evidence_changed",
                    models.TextField(blank=True, default="", help_text="What of the frozen evidence is not so now."),
                ),
                ("refresh_job", models.UUIDField(help_text="The job that reads the evidence now.", null=True)),
                ("freeze_number", models.PositiveIntegerField(default=0)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
                ("opened_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_reason", models.TextField(blank=True, default="")),
                ("minutes", models.TextField(blank=True, default="")),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="gates", to="governance.scope"
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        help_text="None: built in.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gates",
                        to="governance.gatedefinitionversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateFreeze",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("content", models.JSONField()),
                ("statement", models.TextField(help_text="What a ballot signs.")),
                ("reason", models.TextField(blank=True, default="", help_text="Why it was frozen again.")),
                (
                    "frozen_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "frozen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="freezes", to="governance.gate"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("approved", "Approved"), ("rejected", "Rejected"), ("lapsed", "Lapsed")],
                        max_length=10,
                    ),
                ),
                ("content", models.JSONField(help_text="Seats, ballots, dissent, conditions and reasons.")),
                ("content_digest", models.CharField(max_length=64)),
                ("rung_id", models.UUIDField(help_text="What it granted.", null=True)),
                (
                    "decided_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "gate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="governance.gate"
                    ),
                ),
                (
                    "freeze",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.gatefreeze"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("batch", models.PositiveIntegerField(help_text="Which reading of the gate's evidence it belongs to.")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "key",
                    models.CharField(help_text="The criterion, and the flagship where there is one.", max_length=80),
                ),
                ("criterion", models.CharField(max_length=40)),
                ("measure", models.CharField(max_length=80)),
                (
                    "measure_version",
                    models.PositiveIntegerField(default=0, help_text="0 where nobody registered the measure."),
                ),
                ("definition", models.TextField(blank=True, default="")),
                ("window_start", models.DateTimeField()),
                ("window_end", models.DateTimeField()),
                ("value", models.FloatField(null=True)),
                ("n", models.IntegerField(default=0)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("as_of", models.DateTimeField(null=True)),
                ("missing", models.TextField(blank=True, default="")),
                ("error", models.TextField(blank=True, default="")),
                (
                    "sources",
                    models.JSONField(default=list, help_text="The newest rows behind the figure, with their pages."),
                ),
                ("state", models.CharField(max_length=20)),
                ("sentence", models.TextField()),
                (
                    "read_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="governance.gate"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.scope"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seat", models.SlugField(max_length=40)),
                ("is_alternate", models.BooleanField(default=False)),
                ("has_veto", models.BooleanField(default=False, help_text="Set by the database from the definition.")),
                (
                    "assigned_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("present_at", models.DateTimeField(help_text="When they said that they are there.", null=True)),
                (
                    "assigned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seats", to="governance.gate"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateWaiver",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=80)),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waivers", to="governance.gate"
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
        ),
        migrations.CreateModel(
            name="GateEvidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_required", models.BooleanField()),
                ("state", models.CharField(max_length=20)),
                ("sentence", models.TextField()),
                (
                    "freeze",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="governance.gatefreeze"
                    ),
                ),
                (
                    "reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.gatereading"
                    ),
                ),
                (
                    "waiver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.gatewaiver",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="gatedefinitionversion",
            index=models.Index(fields=["-proposed_at", "id"], name="governance_gatedef_newest"),
        ),
        migrations.AddConstraint(
            model_name="gatedefinitionversion",
            constraint=models.UniqueConstraint(
                fields=("scope", "name", "number"), name="governance_gatedefinition_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatedefinitionversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="governance_gatedefinition_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatedefinitionversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("published_by", models.F("proposed_by")), _negated=True),
                name="governance_gatedefinition_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatedefinitionversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("published_by__isnull", True)),
                    models.Q(("published_at__isnull", False), ("published_by__isnull", False)),
                    _connector="OR",
                ),
                name="governance_gatedefinition_published_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="gate",
            index=models.Index(fields=["-requested_at", "id"], name="governance_gate_newest"),
        ),
        migrations.AddIndex(
            model_name="gate",
            index=models.Index(fields=["scope", "-requested_at", "id"], name="governance_gate_scope"),
        ),
        migrations.AddIndex(
            model_name="gate",
            index=models.Index(condition=models.Q(("state", "voting")), fields=["id"], name="governance_gate_voting"),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="governance_gate_has_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.CheckConstraint(
                condition=models.Q(("granted__len__gt", 0)), name="governance_gate_grants_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.CheckConstraint(
                condition=models.Q(("sample__len__gt", 0)), name="governance_gate_has_sample"
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("requested_at"))), name="governance_gate_expires"
            ),
        ),
        migrations.AddIndex(
            model_name="gatefreeze",
            index=models.Index(fields=["-frozen_at", "id"], name="governance_freeze_newest"),
        ),
        migrations.AddConstraint(
            model_name="gatefreeze",
            constraint=models.UniqueConstraint(fields=("gate", "number"), name="governance_gatefreeze_once"),
        ),
        migrations.AddIndex(
            model_name="gatedecision",
            index=models.Index(fields=["-decided_at", "id"], name="governance_gatedec_newest"),
        ),
        migrations.AddConstraint(
            model_name="gatedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "approved"), ("rung_id__isnull", False)),
                    models.Q(models.Q(("outcome", "approved"), _negated=True), ("rung_id__isnull", True)),
                    _connector="OR",
                ),
                name="governance_gatedecision_grants_when_approved",
            ),
        ),
        migrations.AddIndex(
            model_name="gatereading",
            index=models.Index(fields=["-read_at", "id"], name="governance_reading_newest"),
        ),
        migrations.AddIndex(
            model_name="gatereading",
            index=models.Index(fields=["gate", "key", "-batch"], name="governance_reading_history"),
        ),
        migrations.AddConstraint(
            model_name="gatereading",
            constraint=models.UniqueConstraint(fields=("gate", "batch", "key"), name="governance_gatereading_once"),
        ),
        migrations.AddIndex(
            model_name="gateseat",
            index=models.Index(fields=["-assigned_at", "id"], name="governance_seat_newest"),
        ),
        migrations.AddIndex(
            model_name="gateseat",
            index=models.Index(fields=["user", "gate"], name="governance_seat_user"),
        ),
        migrations.AddConstraint(
            model_name="gateseat",
            constraint=models.UniqueConstraint(fields=("gate", "seat", "user"), name="governance_gateseat_once"),
        ),
        migrations.AddIndex(
            model_name="gatewaiver",
            index=models.Index(fields=["-asked_at", "id"], name="governance_waiver_newest"),
        ),
        migrations.AddConstraint(
            model_name="gatewaiver",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("gate", "key"),
                name="governance_gatewaiver_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaiver",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="governance_gatewaiver_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaiver",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("asked_at"))), name="governance_gatewaiver_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaiver",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                    models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                    _connector="OR",
                ),
                name="governance_gatewaiver_confirmed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewaiver",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="governance_gatewaiver_withdrawn_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="gateevidence",
            constraint=models.UniqueConstraint(fields=("freeze", "reading"), name="governance_gateevidence_once"),
        ),
        migrations.AddConstraint(
            model_name="gateevidence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waived"), _negated=True), ("waiver__isnull", False), _connector="OR"
                ),
                name="governance_gateevidence_waived_by_somebody",
            ),
        ),
        migrations.RunSQL(KEEP_ROWS, FORGET_ROWS),
        migrations.RunSQL(FREEZE, THAW),
        migrations.RunSQL(SIT, STAND),
        migrations.RunSQL(DECIDE, UNDECIDE),
        migrations.RunSQL(TWO_PEOPLE, ONE_PERSON),
    ]
