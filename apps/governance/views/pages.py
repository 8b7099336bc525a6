"""The governance pages: what waits, what was decided, by which rules, and the audit chain."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.governance.forms import AuditFilter
from apps.governance.http import current_user, require_anywhere, session_key
from apps.governance.selectors import (
    actor_names,
    audit_events,
    ballots_recent,
    chain_state,
    display_name,
    scopes_where,
)
from apps.governance.selectors.gates import gates_newest
from apps.governance.services import audit_check
from apps.governance.subjects import decisions_open_for, subject_links
from apps.governance.types import DEFAULT_POLICIES, Action

PAGE_SIZE = 50
# Decisions shown on the overview; whoever has more waiting takes the oldest first.
LONGEST = 20


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    ballots = ballots_recent(user)
    links = subject_links([(ballot.subject_kind, ballot.subject_id) for ballot in ballots])
    context = {
        "waiting": decisions_open_for(user, limit=LONGEST),
        "decided": [
            {
                "ballot": ballot,
                "voter": display_name(ballot.voter),
                "link": links.get((ballot.subject_kind, ballot.subject_id)),
            }
            for ballot in ballots
        ],
        "gates": gates_newest(user, limit=LONGEST),
        "may_ask": scopes_where(user, Action.SPEC_WRITE).exists() or scopes_where(user, Action.GATE_MANAGE).exists(),
        "policies": [(tier, policy.seats) for tier, policy in DEFAULT_POLICIES.items()],
        "chain": chain_state(),
        "may_verify": scopes_where(user, Action.AUDIT_READ).exists(),
    }
    return render_page(request, "governance/index.html", context)


@login_required
@require_GET
def audit_list(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = AuditFilter(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    after = request.GET.get("after", "")
    page = keyset_page(audit_events(user, filters=filters), newest="sequence", first=PAGE_SIZE, after=after)
    names = actor_names(page.rows)
    context = {
        "form": form,
        "is_filtered": any(filters.values()),
        "is_later_page": bool(after),
        "entries": [(event, names.get(event.actor_id, event.actor_id)) for event in page.rows],
        "next_cursor": page.next_cursor,
        "chain": chain_state(),
        "may_verify": scopes_where(user, Action.AUDIT_READ).exists(),
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render_page(request, "governance/audit_list.html", context)


@login_required
@require_POST
def audit_verify(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.AUDIT_READ)
    verification = audit_check(actor=current_user(request), session_key=session_key(request))
    response = redirect_after(request, reverse("governance:audit-list"))
    if verification.ok:
        return notify(request, response, f"Verified: all {verification.count:,} entries are as they were written.")
    return notify(request, response, f"The chain is broken. {verification.problem}", level="error")
