"""Evidence packs: asking for one, following its job, taking it away."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.console.selectors_packs import pack_visible
from apps.console.services.packs import PACK_JOB, PACK_SUBJECT, pack_order
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, redirect_after, render_page
from apps.governance.http import current_user
from apps.governance.selectors import display_name
from apps.governance.services.packs import pack_fetch, pack_signature
from apps.governance.subjects import subject_links
from apps.jobs.selectors import job_status_latest


@login_required
@require_POST
def pack_ask(request: HtmxRequest, subject_kind: str, subject_id: UUID) -> HttpResponse:
    pack = pack_order(subject_kind=subject_kind, subject_id=subject_id, actor=current_user(request))
    return redirect_after(request, reverse("console:pack-detail", args=[pack.pk]))


@login_required
@require_GET
def pack_detail(request: HtmxRequest, pack_id: UUID) -> HttpResponse:
    user = current_user(request)
    pack = pack_visible(user, pack_id)
    if pack is None:
        raise NotFound("There is no such pack.", remedy="Ask for a new one on the page of what it is about.")
    is_kept = pack.expires_at is not None and pack.expires_at > now()
    address = reverse("console:pack-file", args=[pack.pk, pack_signature(pack)])
    title, subject_url = subject_links([(pack.subject_kind, pack.subject_id)]).get(
        (pack.subject_kind, pack.subject_id), (pack.subject_kind, "")
    )
    context = {
        "pack": pack,
        "title": title,
        "subject_url": subject_url,
        "asked_by": display_name(pack.requested_by),
        "address": request.build_absolute_uri(address) if is_kept else "",
        "is_over": pack.ready_at is not None and not is_kept,
        "job": job_status_latest(kind=PACK_JOB, subject_kind=PACK_SUBJECT, subject_ids=[pack.pk], user=user),
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render_page(request, "console/pack_detail.html", context, fragment="console/_pack.html")


@never_cache
@require_GET
def pack_file(request: HtmxRequest, pack_id: UUID, signature: str) -> HttpResponse:
    """
    Hand the archive to whoever has its signed address, signed in or not: an auditor of another house has no account.

    The address is shown only to those who may have the pack, holds for one pack, and ends with it.
    """
    actor = current_user(request) if request.user.is_authenticated else None
    pack = pack_fetch(pack_id=pack_id, signature=signature, actor=actor)
    response = HttpResponse(bytes(pack.archive or b""), content_type="application/zip")
    name = f"nofx-{pack.subject_kind}-{pack.subject_id.hex[:12]}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
