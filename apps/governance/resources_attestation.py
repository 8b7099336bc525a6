"""Keys that sign, attestations and evidence packs as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.governance.models import Attestation, AttestationKey, EvidencePack, User
from apps.governance.rest import Resource
from apps.governance.selectors import readable_scopes, scope_ids
from apps.governance.types import Action


class AttestationKeyResource(Resource):
    """The public half of a key that the platform signs with, or signed with."""

    noun = "signing-keys"
    prefix = "signkey"
    model = AttestationKey
    permit = "governance:read"
    columns = {
        "id": "pk",
        "fingerprint": "",
        "public_key": "",
        "is_current": "",
        "valid_from": "",
        "valid_until": "",
    }
    filters = ("fingerprint", "is_current")
    newest = "valid_from"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Show them to everybody with a role: they are public, and without them nobody can verify anything."""
        return rows if readable_scopes(user).exists() else rows.none()


class AttestationResource(Resource):
    """A signed in-toto statement about a subject; ``envelope`` is the DSSE envelope, byte for byte."""

    noun = "attestations"
    prefix = "attestation"
    model = Attestation
    permit = "governance:read"
    columns = {
        "id": "pk",
        "subject_kind": "",
        "subject_id": "",
        "scope": "",
        "key": "key__fingerprint",
        "predicate_type": "",
        "evidence_digest": "",
        "statement_digest": "",
        "envelope": "",
        "signed_at": "",
    }
    references = {"scope": "scope"}
    joins = ("key",)
    filters = ("subject_kind", "subject_id", "scope", "statement_digest")
    newest = "signed_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of unreadable scopes."""
        return rows.filter(scope__in=scope_ids(user))


class EvidencePackResource(Resource):
    """A pack of evidence that somebody asked for, without its archive."""

    noun = "evidence-packs"
    prefix = "pack"
    model = EvidencePack
    permit = "audit:read"
    columns = {
        "id": "pk",
        "subject_kind": "",
        "subject_id": "",
        "scope": "",
        "filters": "",
        "requested_by": "",
        "requested_at": "",
        "archive_digest": "",
        "size": "",
        "ready_at": "",
        "expires_at": "",
    }
    references = {"scope": "scope", "requested_by": "user"}
    filters = ("subject_kind", "subject_id", "scope", "requested_by")
    newest = "requested_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those of scopes whose audit *user* may not read."""
        return rows.filter(scope__in=scope_ids(user, Action.AUDIT_READ))
