"""What the platform signed, to read in the admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.governance.models import Attestation, AttestationKey, EvidencePack


@admin.register(AttestationKey)
class AttestationKeyAdmin(ReadOnlyAdmin):
    """Public keys; the private ones are in no table."""

    list_display = ("fingerprint", "is_current", "valid_from", "valid_until")
    search_fields = ("=fingerprint",)
    ordering = ("-valid_from",)
    show_full_result_count = False


@admin.register(Attestation)
class AttestationAdmin(ReadOnlyAdmin):
    """Signed statements, as they were signed."""

    list_display = ("subject_kind", "subject_id", "scope", "statement_digest", "key", "signed_at")
    list_filter = ("subject_kind",)
    list_select_related = ("scope__organisation", "key")
    search_fields = ("=subject_id", "=statement_digest", "=evidence_digest")
    ordering = ("-signed_at",)
    show_full_result_count = False


@admin.register(EvidencePack)
class EvidencePackAdmin(ReadOnlyAdmin):
    """Packs that people asked for, without their archives."""

    list_display = ("subject_kind", "subject_id", "scope", "requested_by", "requested_at", "size", "expires_at")
    list_filter = ("subject_kind",)
    list_select_related = ("scope__organisation", "requested_by")
    search_fields = ("=subject_id", "requested_by__username", "=archive_digest")
    ordering = ("-requested_at",)
    exclude = ("archive",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the archives where they are."""
        return super().get_queryset(request).defer("archive")
