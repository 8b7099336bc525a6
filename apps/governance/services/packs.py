"""
Evidence packs: asked for by whoever may read the audit, built by a job, kept for a day, verified offline.

An app says what a pack about its subjects holds (:func:`pack_source_register`); governance adds what it knows itself:
the audit entries, their anchor, the attestation, the certificate, the keys and the verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.template.loader import render_to_string

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.core.exports import Row, as_csv
from apps.core.lazy import lazy_module
from apps.governance.engine.attestation import Pack, PackInvalid, PublicKey, SigningKey, pack_archive
from apps.governance.engine.attestation import verify as verifier
from apps.governance.engine.certificates import Certificate, Criterion, SeatVote
from apps.governance.errors import PackClosed, PackImpossible
from apps.governance.models import AttestationKey, AuditEvent, EvidencePack, Scope, User
from apps.governance.selectors.attestation import attestation_of, keys_all, public_key
from apps.governance.services.attestation import signing_key
from apps.governance.services.audit import audit_record
from apps.governance.services.chain import audit_links

if TYPE_CHECKING:
    from apps.governance.gateways import certificate_pdf as pages
else:
    pages = lazy_module("apps.governance.gateways.certificate_pdf")

__all__ = [
    "Certificate",
    "Criterion",
    "PackContent",
    "SeatVote",
    "pack_build",
    "pack_fetch",
    "pack_make",
    "pack_open",
    "pack_readable",
    "pack_signature",
    "pack_source_register",
    "packs_expire",
]

KEPT_FOR = timedelta(hours=24)
SALT = "governance.evidence-pack"


@dataclass(frozen=True)
class PackContent:
    """
    What an app puts into a pack: plain data.

    ``definitions`` say what each figure means, ``readings`` are the figures as they were decided on, ``samples`` are
    tables by name, each with its header as the first row. The certificate's digest is that of what was decided; its
    key is filled in here.
    """

    title: str
    certificate: Certificate
    definitions: Mapping[str, str]
    readings: Sequence[Mapping[str, Any]]
    samples: Mapping[str, Sequence[Row]]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class PackSource:
    """How packs about one kind of subject are made: the scope in which *user* may have one, and its content."""

    scope_for: Callable[[User, UUID], Scope | None]
    content: Callable[[UUID], PackContent]


_sources: dict[str, PackSource] = {}


def pack_source_register(
    kind: str, *, scope_for: Callable[[User, UUID], Scope | None], content: Callable[[UUID], PackContent]
) -> None:
    """
    Say how packs about subjects of *kind* are made.

    *scope_for* returns where the subject is if the user may have a pack about it, else None; *content* what it holds.

    :raises PackImpossible: (by *content*) there is nothing to show yet.
    """
    _sources[kind] = PackSource(scope_for, content)


def verifier_source() -> bytes:
    """Return the file that verifies packs alone."""
    return Path(verifier.__file__).read_bytes()


def pack_readable(user: User, subject_kind: str, subject_id: UUID) -> Scope | None:
    """Return the scope of a subject if *user* may have a pack about it, else None."""
    source = _sources.get(subject_kind)
    return source.scope_for(user, subject_id) if source else None


@transaction.atomic
def pack_open(
    *, subject_kind: str, subject_id: UUID, actor: User, filters: Mapping[str, str] | None = None
) -> EvidencePack:
    """
    Note that *actor* wants a pack, and put it into the audit chain; a job builds it.

    :raises NotFound: there is no such subject, or they may not have a pack about it.
    """
    scope = pack_readable(actor, subject_kind, subject_id)
    if scope is None:
        raise NotFound("There is nothing here that you could take away.")
    pack = EvidencePack.objects.create(
        subject_kind=subject_kind,
        subject_id=subject_id,
        scope=scope,
        filters=dict(filters or {}),
        requested_by=actor,
        requested_at=now(),
    )
    audit_record(
        action="pack.request",
        object_kind=subject_kind,
        object_id=subject_id,
        actor=actor,
        scope=scope,
        detail={"pack": pack.pk, "filters": dict(filters or {})},
    )
    return pack


@transaction.atomic
def pack_make(*, pack_id: UUID) -> EvidencePack:
    """
    Build the archive of a pack and keep it for a day. Done twice it changes nothing.

    :raises PackImpossible: the subject has nothing to show yet, or too much.
    :raises SigningKeyUnusable: nobody could sign it.
    """
    packs_expire()
    pack = EvidencePack.objects.select_for_update(of=("self",)).select_related("scope").get(pk=pack_id)
    if pack.ready_at is not None:
        return pack
    key = signing_key()
    archive = pack_build(
        content=_sources[pack.subject_kind].content(pack.subject_id),
        subject_kind=pack.subject_kind,
        subject_id=pack.subject_id,
        as_of=pack.requested_at,
        filters=pack.filters,
        key=key,
    )
    pack.archive, pack.size, pack.archive_digest = archive, len(archive), sha256_hex(archive)
    pack.key = AttestationKey.objects.get(fingerprint=key.public.key_id)
    pack.ready_at = now()
    pack.expires_at = pack.ready_at + KEPT_FOR
    pack.save(update_fields=["archive", "size", "archive_digest", "key", "ready_at", "expires_at"])
    audit_record(
        action="pack.make",
        object_kind=pack.subject_kind,
        object_id=pack.subject_id,
        actor=None,
        on_behalf_of=str(pack.requested_by_id),
        scope=pack.scope,
        after_digest=pack.archive_digest,
        detail={"pack": pack.pk, "size": pack.size, "key": key.public.key_id, "expires_at": pack.expires_at},
    )
    return pack


def pack_build(
    *,
    content: PackContent,
    subject_kind: str,
    subject_id: UUID,
    as_of: datetime,
    filters: Mapping[str, str],
    key: SigningKey,
) -> bytes:
    """
    Return the archive of a pack: the same bytes for the same rows, time and key.

    :raises PackImpossible: there is more than a pack can hold.
    """
    attestation = attestation_of(subject_kind, subject_id)
    certificate = replace(content.certificate, key_id=key.public.key_id)
    files = {
        "README.txt": _readme(content, as_of),
        "verify.py": verifier_source(),
        "certificate.html": render_to_string("governance/certificate.html", {"certificate": certificate}).encode(),
        "certificate.pdf": pages.certificate_pdf(certificate),
        "definitions.json": canonical_json(dict(content.definitions)),
        "readings.json": canonical_json([dict(one) for one in content.readings]),
        **_audit(subject_kind, subject_id, as_of),
        **{f"samples/{name}.csv": as_csv(rows).encode() for name, rows in content.samples.items()},
        **content.files,
    }
    if attestation is not None:
        files[verifier.ATTESTATION] = attestation.envelope.encode()
    try:
        pack = Pack(content.title, subject_kind, str(subject_id), as_of, files, filters)
    except PackInvalid as error:
        raise PackImpossible(str(error)) from error
    return b"".join(pack_archive(pack, key, keys=_keys(as_of)))


def _keys(as_of: datetime) -> list[PublicKey]:
    return [public_key(key) for key in keys_all() if key.valid_from <= as_of]


def _audit(subject_kind: str, subject_id: UUID, as_of: datetime) -> dict[str, bytes]:
    """Return the audit entries of a subject until *as_of*, as lines, and the newest entry of the whole chain then."""
    own = AuditEvent.objects.filter(object_kind=subject_kind, object_id=str(subject_id), at__lte=as_of)
    lines = [
        canonical_json(
            {
                "sequence": link.sequence,
                "content": link.content,
                "previous_hash": link.previous_hash,
                "hash": link.hash,
            }
        )
        for link in audit_links(own.order_by("sequence"))
    ]
    newest = AuditEvent.objects.filter(at__lte=as_of).order_by("-sequence").first()
    anchor = {"sequence": newest.sequence, "hash": newest.hash, "at": newest.at.isoformat()} if newest else {}
    return {verifier.AUDIT: b"".join(line + b"\n" for line in lines), verifier.ANCHOR: canonical_json(anchor)}


def _readme(content: PackContent, as_of: datetime) -> bytes:
    names = ", ".join(f"samples/{name}.csv" for name in sorted(content.samples)) or "none"
    context = {"content": content, "as_of": as_of, "samples": names}
    return render_to_string("governance/pack_readme.txt", context).encode()


def pack_signature(pack: EvidencePack) -> str:
    """Return what opens the archive of *pack*, and of no other one, until it expires."""
    return signing.Signer(salt=SALT).signature(str(pack.pk))


@transaction.atomic
def pack_fetch(*, pack_id: UUID, signature: str, actor: User | None) -> EvidencePack:
    """
    Return a pack with its archive to whoever has its signed address, and put that into the audit chain.

    :raises NotFound: there is no such pack, or the signature is not its own.
    :raises PackClosed: it is not made yet, or its day is over.
    """
    pack = EvidencePack.objects.select_related("scope").filter(pk=pack_id).first()
    try:
        signing.Signer(salt=SALT).unsign(f"{pack_id}:{signature}")
    except signing.BadSignature:
        pack = None
    if pack is None:
        raise NotFound("There is nothing at this address.", remedy="Copy the whole address, or ask for a new pack.")
    if pack.expires_at is None:
        raise PackClosed("The pack is not made yet.", remedy="Wait for its job to end.")
    if pack.archive is None or pack.expires_at <= now():
        raise PackClosed("The pack was kept for a day, which is over.", remedy="Ask for a new one.")
    audit_record(
        action="pack.download",
        object_kind=pack.subject_kind,
        object_id=pack.subject_id,
        actor=actor,
        scope=pack.scope,
        after_digest=pack.archive_digest,
        detail={"pack": pack.pk, "is_signed_in": actor is not None},
    )
    return pack


def packs_expire() -> int:
    """Remove the archives whose day is over; return how many. Their rows stay."""
    return EvidencePack.objects.filter(archive__isnull=False, expires_at__lte=now()).update(archive=None)
