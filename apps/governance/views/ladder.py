"""The expansion ladder: what is open, what watches over it, what is suspended; and the incidents."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.governance.forms_ladder import VERDICTS, IncidentForm, SuspendForm
from apps.governance.http import current_user, interactive, recorded_as, session_key
from apps.governance.models import Scope, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import scope_ids, scopes_where
from apps.governance.selectors.incidents import incidents_readable
from apps.governance.selectors.ladder import rungs_readable, suspensions_readable
from apps.governance.selectors.ladder_page import ladder_of
from apps.governance.services import (
    generation_suspend,
    generation_suspend_everywhere,
    incident_close,
    incident_open,
    pilot_end,
    rung_end,
    suspension_explain,
    suspension_vote,
)
from apps.governance.services.suspensions import Kind
from apps.governance.types import Action, DecisionState, Verdict

PAGE_SIZE = 50
TRAIL = "Governance"


@login_required
@require_GET
def ladder(request: HtmxRequest) -> HttpResponse:
    return _ladder_page(request, SuspendForm(user=current_user(request)))


@login_required
@require_POST
def suspend(request: HtmxRequest) -> HttpResponse:
    """Suspend at once; what is suspended already stays so."""
    user = current_user(request)
    form = SuspendForm(request.POST, user=user)
    if not form.is_valid():
        return _ladder_page(request, form, status=422)
    said = form.cleaned_data
    wanted = {
        "kind": said["kind"],
        "actor": user,
        "model": said["model"] if said["kind"] == Kind.MODEL else "",
        "reason": said["reason"],
        "session_key": session_key(request),
    }
    if said["scope"] is None:
        generation_suspend_everywhere(**wanted)
    else:
        generation_suspend(scope=said["scope"], **wanted)
    return notify(request, _back(request), "Suspended. Nothing new begins, and what runs is being stopped.")


@login_required
@require_POST
def explain(request: HtmxRequest, suspension_id: UUID) -> HttpResponse:
    user = current_user(request)
    _require_readable(suspension_id, user)
    suspension_explain(
        suspension_id=suspension_id,
        reason=request.POST.get("reason", ""),
        actor=user,
        session_key=session_key(request),
    )
    return notify(request, _back(request), "The reason is written down.")


@recorded_as("suspension.vote", "suspension", "suspension_id")
@login_required
@require_POST
@recently_authenticated
def vote(request: HtmxRequest, suspension_id: UUID) -> HttpResponse:
    user = current_user(request)
    _require_readable(suspension_id, user)
    said = request.POST.get("verdict", "")
    if said not in dict(VERDICTS):
        raise NotFound("There is no such verdict.", remedy="Choose one of those on the page.")
    decision = suspension_vote(
        suspension_id=suspension_id,
        voter=user,
        verdict=Verdict(said),
        digest=request.POST.get("digest", ""),
        rationale=request.POST.get("rationale", ""),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    is_resumed = decision.state is DecisionState.APPROVED
    return notify(request, _back(request), "Resumed." if is_resumed else "Your verdict is written down.")


@login_required
@require_POST
def rung_ending(request: HtmxRequest, rung_id: UUID) -> HttpResponse:
    user = current_user(request)
    if not rungs_readable(user).filter(pk=rung_id).exists():
        raise NotFound("There is no such rung that you can read.")
    rung = rung_end(
        rung_id=rung_id, reason=request.POST.get("reason", ""), actor=user, is_interactive=interactive(request)
    )
    return notify(request, _back(request), f"{rung.title} is ended.")


@login_required
@require_POST
def pilot_ending(request: HtmxRequest, scope_id: int) -> HttpResponse:
    user = current_user(request)
    scope = Scope.objects.select_related("organisation").filter(pk=scope_id, pk__in=scope_ids(user)).first()
    if scope is None:
        raise NotFound("There is no such repository that you can read.")
    pilot_end(scope=scope, reason=request.POST.get("reason", ""), actor=user, session_key=session_key(request))
    return notify(request, _back(request), f"{scope.repository} is no pilot any more.")


@login_required
@require_GET
def incident_list(request: HtmxRequest) -> HttpResponse:
    return _incidents_page(request, IncidentForm(scopes=_openable(current_user(request))))


@login_required
@require_POST
def incident_opening(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = IncidentForm(request.POST, scopes=_openable(user))
    if not form.is_valid():
        return _incidents_page(request, form, status=422)
    incident_open(**form.cleaned_data, actor=user, session_key=session_key(request))
    response = redirect_after(request, reverse("governance:incident-list"))
    return notify(request, response, "The incident is open.")


@login_required
@require_POST
def incident_closing(request: HtmxRequest, incident_id: UUID) -> HttpResponse:
    user = current_user(request)
    if not incidents_readable(user).filter(pk=incident_id).exists():
        raise NotFound("There is no such incident that you can read.")
    incident_close(
        incident_id=incident_id,
        resolution=request.POST.get("resolution", ""),
        actor=user,
        session_key=session_key(request),
    )
    response = redirect_after(request, reverse("governance:incident-list"))
    return notify(request, response, "The incident is closed. What it suspended, the committee resumes.")


def _openable(user: User) -> QuerySet[Scope]:
    scopes = scopes_where(user, Action.INCIDENT_OPEN).exclude(repository="")
    return scopes.select_related("organisation").order_by("organisation__name", "repository")


def _require_readable(suspension_id: UUID, user: User) -> None:
    if not suspensions_readable(user).filter(pk=suspension_id).exists():
        raise NotFound("There is no such suspension that you can read.")


def _back(request: HtmxRequest) -> HttpResponse:
    return redirect_after(request, reverse("governance:ladder"))


def _ladder_page(request: HtmxRequest, form: SuspendForm, status: int = 200) -> HttpResponse:
    user = current_user(request)
    context = {
        "ladder": ladder_of(user),
        "form": form,
        "may_suspend": form.is_offered,
        "verdicts": VERDICTS,
        "may_end_pilots": scopes_where(user, Action.REPOSITORY_MANAGE).exists(),
        "trail": [(TRAIL, reverse("governance:index"))],
    }
    return render_page(request, "governance/ladder.html", context, status=status)


def _incidents_page(request: HtmxRequest, form: IncidentForm, status: int = 200) -> HttpResponse:
    user = current_user(request)
    after = request.GET.get("after", "")
    page = keyset_page(incidents_readable(user), newest="opened_at", first=PAGE_SIZE, after=after)
    closable = set(scope_ids(user, Action.INCIDENT_CLOSE))
    context = {
        "rows": [(one, one.closed_at is None and one.scope_id in closable) for one in page.rows],
        "form": form,
        "may_open": form.fields["scope"].queryset.exists(),
        "next_cursor": page.next_cursor,
        "is_later_page": bool(after),
        "trail": [(TRAIL, reverse("governance:index"))],
    }
    return render_page(request, "governance/incident_list.html", context, status=status)
