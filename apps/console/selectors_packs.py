"""Who sees which evidence packs."""

from __future__ import annotations

from uuid import UUID

from apps.governance.models import EvidencePack, User
from apps.governance.services.packs import pack_readable


def pack_visible(user: User, pack_id: UUID) -> EvidencePack | None:
    """Return a pack, without its archive, if *user* may have packs about its subject."""
    packs = EvidencePack.objects.defer("archive").select_related("requested_by", "scope__organisation", "key")
    pack = packs.filter(pk=pack_id).first()
    if pack is None or pack_readable(user, pack.subject_kind, pack.subject_id) is None:
        return None
    return pack
