"""Public keys, signed statements that are never changed, and packs of evidence."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What was signed stays as it was signed, and only the current key signs; also against SQL of the application role. The
# database cannot see whether a signature holds, but it sees whose it says it is and what it says was signed.
KEEP = """
CREATE FUNCTION governance_keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.public_key !~ '^[0-9a-f]{64}$' OR encode(sha256(decode(NEW.public_key, 'hex')), 'hex') <> NEW.fingerprint THEN
      RAISE EXCEPTION 'The id of a key is the SHA-256 of its bytes.' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT NEW.is_current THEN
      RAISE EXCEPTION 'A key begins as the current one.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.is_current AND NOT NEW.is_current AND NEW.valid_until IS NOT NULL
     AND (OLD.id, OLD.fingerprint, OLD.public_key, OLD.valid_from)
         = (NEW.id, NEW.fingerprint, NEW.public_key, NEW.valid_from) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A key ends once, and is otherwise never changed or removed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_key_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_attestationkey
  FOR EACH ROW EXECUTE FUNCTION governance_keep_key();

CREATE FUNCTION governance_keep_attestation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  envelope jsonb;
  key governance_attestationkey;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'An attestation is never changed or removed.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  envelope := NEW.envelope::jsonb;
  SELECT * INTO key FROM governance_attestationkey WHERE id = NEW.key_id;
  IF jsonb_array_length(envelope -> 'signatures') IS DISTINCT FROM 1
     OR envelope #>> '{signatures,0,keyid}' IS DISTINCT FROM key.fingerprint::text THEN
    RAISE EXCEPTION 'The envelope names another key.' USING ERRCODE = 'check_violation';
  END IF;
  IF encode(sha256(decode(envelope ->> 'payload', 'base64')), 'hex') IS DISTINCT FROM NEW.statement_digest::text THEN
    RAISE EXCEPTION 'The envelope holds another statement.' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT key.is_current THEN
    RAISE EXCEPTION 'Only the current key signs.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_attestation_kept BEFORE INSERT OR UPDATE OR DELETE ON governance_attestation
  FOR EACH ROW EXECUTE FUNCTION governance_keep_attestation();
"""

UNDO = """
DROP TRIGGER governance_attestation_kept ON governance_attestation;
DROP FUNCTION governance_keep_attestation();
DROP TRIGGER governance_key_kept ON governance_attestationkey;
DROP FUNCTION governance_keep_key();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0013_gates"),
    ]

    operations = [
        migrations.CreateModel(
            name="AttestationKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fingerprint",
                    models.CharField(help_text="SHA-256 of the 32 bytes of the key.", max_length=64, unique=True),
                ),
                (
                    "public_key",
                    models.CharField(help_text="The 32 bytes of the key, in hexadecimal digits.", max_length=64),
                ),
                ("is_current", models.BooleanField(default=True)),
                (
                    "valid_from",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "valid_until",
                    models.DateTimeField(help_text="When another key followed it; empty: it is current.", null=True),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-valid_from", "id"], name="governance_key_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("is_current",),
                        name="governance_key_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_current", True), ("valid_until__isnull", True)),
                            models.Q(("is_current", False), ("valid_until__gte", models.F("valid_from"))),
                            _connector="OR",
                        ),
                        name="governance_key_ends_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.UUIDField()),
                ("predicate_type", models.CharField(max_length=120)),
                ("evidence_digest", models.CharField(max_length=64)),
                ("statement_digest", models.CharField(help_text="SHA-256 of the signed statement.", max_length=64)),
                ("envelope", models.TextField(help_text="The DSSE envelope, byte for byte.")),
                (
                    "signed_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attestations", to="governance.scope"
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="governance.attestationkey",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-signed_at", "id"], name="governance_attest_newest"),
                    models.Index(fields=["scope", "-signed_at", "id"], name="governance_attest_scope"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_kind", "subject_id", "predicate_type"), name="governance_attestation_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidencePack",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.UUIDField()),
                ("filters", models.JSONField(default=dict, help_text="What it was limited to; also in the manifest.")),
                (
                    "requested_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("archive", models.BinaryField(null=True)),
                (
                    "archive_digest",
                    models.CharField(blank=True, default="", help_text="SHA-256 of the archive.", max_length=64),
                ),
                ("size", models.PositiveBigIntegerField(help_text="Bytes of the archive.", null=True)),
                ("ready_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.attestationkey",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.scope"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject_id", "-requested_at"], name="governance_pack_subject"
                    ),
                    models.Index(fields=["-requested_at", "id"], name="governance_pack_newest"),
                    models.Index(
                        condition=models.Q(("archive__isnull", False)),
                        fields=["expires_at"],
                        name="governance_pack_kept",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("archive__isnull", True),
                                ("archive_digest", ""),
                                ("expires_at__isnull", True),
                                ("ready_at__isnull", True),
                            ),
                            models.Q(
                                ("expires_at__gt", models.F("ready_at")),
                                ("key__isnull", False),
                                ("ready_at__isnull", False),
                                ("size__isnull", False),
                                models.Q(("archive_digest", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="governance_pack_ready_is_whole",
                    )
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
