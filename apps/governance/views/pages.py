"""The governance overview: what waits, what was decided, and by which rules."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.core.htmx import HtmxRequest, render_page
from apps.governance.http import current_user
from apps.governance.selectors import chain_state, display_name, scopes_where
from apps.governance.selectors.ballots import ballots_recent
from apps.governance.selectors.gates import gates_newest
from apps.governance.subjects import decisions_open_for, subject_links
from apps.governance.types import DEFAULT_POLICIES, Action

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
