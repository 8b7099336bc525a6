"""What the platform signs: its public keys, statements about subjects, and packs of evidence."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Scope


class AttestationKey(models.Model):
    """
    The public half of a key that the platform signs with, or signed with.

    One is current. A key ends once, when another one follows it, and is otherwise never changed or removed. The private
    half is never in the database.
    """

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the 32 bytes of the key.")
    public_key = models.CharField(max_length=64, help_text="The 32 bytes of the key, in hexadecimal digits.")
    is_current = models.BooleanField(default=True)
    valid_from = models.DateTimeField(db_default=transaction_time())
    valid_until = models.DateTimeField(null=True, help_text="When another key followed it; empty: it is current.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="governance_key_one_current"
            ),
            models.CheckConstraint(
                condition=Q(is_current=True, valid_until__isnull=True)
                | Q(is_current=False, valid_until__gte=F("valid_from")),
                name="governance_key_ends_once",
            ),
        ]
        indexes = [
            # The list of keys in the API, newest first.
            models.Index(fields=["-valid_from", "id"], name="governance_key_newest"),
        ]

    def __str__(self) -> str:
        return self.fingerprint[:12]


class Attestation(models.Model):
    """
    A signed statement about one subject, as it was signed: one in-toto statement in a DSSE envelope.

    It is written once and never changed or removed. ``evidence_digest`` is the SHA-256 of what the statement says about
    how the subject came about, which is known before the subject has a digest of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="attestations")
    key = models.ForeignKey(AttestationKey, on_delete=models.PROTECT, related_name="attestations")
    predicate_type = models.CharField(max_length=120)
    evidence_digest = models.CharField(max_length=64)
    statement_digest = models.CharField(max_length=64, help_text="SHA-256 of the signed statement.")
    envelope = models.TextField(help_text="The DSSE envelope, byte for byte.")
    signed_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "predicate_type"], name="governance_attestation_once"
            ),
        ]
        indexes = [
            # The newest attestations, in the admin site and in the API.
            models.Index(fields=["-signed_at", "id"], name="governance_attest_newest"),
            # The attestations of the scopes that somebody reads, newest first.
            models.Index(fields=["scope", "-signed_at", "id"], name="governance_attest_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"


class EvidencePack(models.Model):
    """
    A pack that somebody asked for. Its archive is kept until ``expires_at`` and then removed; the row stays.

    The archive lies in the database because the worker that makes it and the process that hands it out may be on
    different machines.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="+")
    filters = models.JSONField(default=dict, help_text="What it was limited to; also in the manifest.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=transaction_time())
    archive = models.BinaryField(null=True)
    archive_digest = models.CharField(max_length=64, blank=True, default="", help_text="SHA-256 of the archive.")
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes of the archive.")
    key = models.ForeignKey(AttestationKey, null=True, on_delete=models.PROTECT, related_name="+")
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True, archive__isnull=True, archive_digest="", expires_at__isnull=True)
                | Q(ready_at__isnull=False, size__isnull=False, key__isnull=False, expires_at__gt=F("ready_at"))
                & ~Q(archive_digest=""),
                name="governance_pack_ready_is_whole",
            ),
        ]
        indexes = [
            # The packs of one subject, newest first, on its page.
            models.Index(fields=["subject_kind", "subject_id", "-requested_at"], name="governance_pack_subject"),
            # The newest packs, in the admin site and in the API.
            models.Index(fields=["-requested_at", "id"], name="governance_pack_newest"),
            # The archives that are kept, those that end first.
            models.Index(fields=["expires_at"], condition=Q(archive__isnull=False), name="governance_pack_kept"),
        ]

    def __str__(self) -> str:
        return f"pack of {self.subject_kind} {self.subject_id}"
