"""The audit chain: look through it, verify it, take it away."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.core.streaming import stream_file
from apps.governance.forms_records import AuditFilter
from apps.governance.http import current_user, require_anywhere, session_key
from apps.governance.selectors import chain_state, scopes_where
from apps.governance.selectors.audit import audit_search
from apps.governance.selectors.audit_told import events_told
from apps.governance.selectors.names import accounts_named, actor_names
from apps.governance.services import audit_check, audit_export
from apps.governance.types import Action

PAGE_SIZE = 50
JSON_LINES = "application/x-ndjson"
# Whose reason is put together here, with accounts by number; other reasons are what somebody wrote.
DECIDED = {"gate.decide", "generation.resume", "review.decide"}


class FilterInvalid(NofxError):
    """A filter of the audit chain has a value that cannot be read."""

    code = "audit.filter_invalid"
    status = 422


@login_required
@require_GET
def audit_list(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = AuditFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    after = request.GET.get("after", "")
    rows = audit_search(user, wanted).select_related("scope__organisation", "origin")
    page = keyset_page(rows, newest="sequence", first=PAGE_SIZE, after=after)
    names = actor_names(page.rows)
    said = events_told(page.rows)
    told = accounts_named([event.reason for event in page.rows if event.action in DECIDED])
    context = {
        "form": form,
        "is_filtered": any(wanted.values()),
        "is_later_page": bool(after),
        "entries": [
            (
                event,
                names.get(event.actor_id, event.actor_id),
                said[event.sequence],
                event.object_kind.replace("_", " "),
                told(event.reason) if event.action in DECIDED else event.reason,
            )
            for event in page.rows
        ],
        "next_cursor": page.next_cursor,
        "chain": chain_state(),
        "may_verify": scopes_where(user, Action.AUDIT_READ).exists(),
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render_page(request, "governance/audit_list.html", context)


@login_required
@require_GET
def audit_export_file(request: HtmxRequest) -> StreamingHttpResponse:
    form = AuditFilter(request.GET)
    if not form.is_valid():
        raise FilterInvalid(
            f"These filters cannot be read: {', '.join(sorted(form.errors))}.", remedy="Change them and export again."
        )
    lines = audit_export(user=current_user(request), wanted=form.cleaned_data, session_key=session_key(request))
    return stream_file(request, lines, name="audit.jsonl", content_type=JSON_LINES)


@login_required
@require_POST
def audit_verify(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.AUDIT_READ)
    verification = audit_check(actor=current_user(request), session_key=session_key(request))
    response = redirect_after(request, reverse("governance:audit-list"))
    if verification.ok:
        return notify(request, response, f"Verified: all {verification.count:,} entries are as they were written.")
    return notify(request, response, f"The chain is broken. {verification.problem}", level="error")
