"""Reads of keys and of what they signed."""

from __future__ import annotations

from uuid import UUID

from apps.governance.engine.attestation import PublicKey
from apps.governance.models import Attestation, AttestationKey


def public_key(key: AttestationKey) -> PublicKey:
    """Return *key* as the engine knows it."""
    return PublicKey(bytes.fromhex(key.public_key))


def keys_all() -> list[AttestationKey]:
    """Return every key that signed or signs, the current one first."""
    return list(AttestationKey.objects.order_by("-is_current", "-valid_from", "-id"))


def attestation_of(subject_kind: str, subject_id: UUID) -> Attestation | None:
    """Return the newest attestation of a subject, if any. The caller has decided who may see the subject."""
    found = Attestation.objects.filter(subject_kind=subject_kind, subject_id=subject_id).select_related("key")
    return found.order_by("-signed_at", "id").first()
