"""Keys that sign, and statements that were signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.attestation import PublicKey, SigningKey, Statement, SubjectDigest, sign
from apps.governance.errors import SigningKeyUnusable
from apps.governance.gateways.signing_key import is_set_from_outside, key_read, key_replace
from apps.governance.models import Attestation, AttestationKey, Scope
from apps.governance.services.audit import audit_record

__all__ = [
    "SigningKey",
    "SubjectOf",
    "attestation_sign",
    "evidence_digest",
    "signing_key",
    "signing_key_rotate",
]

KEY_KIND = "signing_key"
# Held to the end of the transaction by whoever makes a key the current one.
KEY_LOCK = 0x6E6F6678_6B657973
ROTATE = "Run `nofx keys rotate` on this machine to make it the current one, or restart with the current one."


@dataclass(frozen=True)
class SubjectOf:
    """What an attestation is about, as the platform names it, and where."""

    kind: str
    id: UUID
    scope: Scope


@transaction.atomic
def signing_key() -> SigningKey:
    """
    Return the private key that signs now, and make it known when it is the first one.

    :raises SigningKeyUnusable: it cannot be read, has ended, or was never made the current one.
    """
    key = key_read()
    current = AttestationKey.objects.filter(is_current=True).first()
    if current is None:
        current = _first(key.public)
    if current.fingerprint == key.public.key_id:
        return key
    has_ended = AttestationKey.objects.filter(fingerprint=key.public.key_id).exists()
    raise SigningKeyUnusable(
        "Nothing was signed: the signing key of this process "
        + ("has ended; another one followed it." if has_ended else "is not the one that the platform knows."),
        remedy="Restart this process with the current key." if has_ended else ROTATE,
    )


@transaction.atomic
def signing_key_rotate() -> AttestationKey:
    """
    Make another key the current one and return its public half; what the one before signed stays verifiable.

    Where the key lies in NOFX_HOME a new one is made; where it is set from outside, the one that is set now is taken.

    :raises SigningKeyUnusable: the key that is set is the current one already, or was current once.
    """
    _lock()
    before = AttestationKey.objects.filter(is_current=True).first()
    key = key_read() if is_set_from_outside() else SigningKey.generate()
    if AttestationKey.objects.filter(fingerprint=key.public.key_id).exists():
        raise SigningKeyUnusable(
            "NOFX_SIGNING_KEY holds a key that was used before, so nothing was changed.",
            remedy="Set it to a new key, which `nofx keys new` prints, and run this again.",
        )
    if before is not None:
        before.is_current, before.valid_until = False, now()
        before.save(update_fields=["is_current", "valid_until"])
    made = _added(key.public, action="key.rotate", before=before.fingerprint if before else "")
    if not is_set_from_outside():
        key_replace(key)
    return made


def _first(public: PublicKey) -> AttestationKey:
    _lock()
    known = AttestationKey.objects.filter(is_current=True).first()
    return known or _added(public, action="key.begin", before="")


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_LOCK])


def _added(public: PublicKey, *, action: str, before: str) -> AttestationKey:
    made = AttestationKey.objects.create(fingerprint=public.key_id, public_key=public.raw.hex(), valid_from=now())
    audit_record(
        action=action,
        object_kind=KEY_KIND,
        object_id=public.key_id,
        actor=None,
        before_digest=before,
        after_digest=public.key_id,
    )
    return made


def evidence_digest(evidence: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is known before the subject is made: a commit can name it, and be named beside it."""
    return sha256_hex(canonical_json(dict(evidence)))


@transaction.atomic
def attestation_sign(
    *,
    subject: SubjectOf,
    digests: Mapping[str, Mapping[str, str]],
    predicate_type: str,
    evidence: Mapping[str, Any],
    more: Mapping[str, Any],
    key: SigningKey,
) -> Attestation:
    """
    Sign a statement about *subject*, in the caller's transaction, and keep it for ever.

    *digests* are the digests of the subject by name. The predicate is *evidence* with its own digest, and *more*, which
    is only known once the subject is there.
    """
    digest = evidence_digest(evidence)
    statement = Statement(
        tuple(SubjectDigest(name, values) for name, values in digests.items()),
        predicate_type,
        {"evidence": dict(evidence), "evidenceDigest": {"sha256": digest}, **more},
    )
    envelope = sign(statement, key)
    made = Attestation.objects.create(
        subject_kind=subject.kind,
        subject_id=subject.id,
        scope=subject.scope,
        key=AttestationKey.objects.get(fingerprint=envelope.key_id),
        predicate_type=predicate_type,
        evidence_digest=digest,
        statement_digest=sha256_hex(envelope.payload),
        envelope=envelope.as_json().decode(),
        signed_at=now(),
    )
    audit_record(
        action="attestation.sign",
        object_kind=subject.kind,
        object_id=subject.id,
        actor=None,
        scope=subject.scope,
        after_digest=made.statement_digest,
        detail={"attestation": made.pk, "key": envelope.key_id, "evidence": digest},
    )
    return made
