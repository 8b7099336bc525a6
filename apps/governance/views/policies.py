"""Approval policies: what rules where, its versions and their differences, and the two people who change it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.highlighting import diff_lines
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.core.numbers import whole_number
from apps.governance.engine.policies import MOST_SEATS, policy_content, policy_lines, policy_read
from apps.governance.engine.trials import TRIAL_HOLDS, trial_is_old
from apps.governance.forms import PolicyForm, SeatForms
from apps.governance.http import current_user, interactive, require_anywhere, session_key
from apps.governance.models import ApprovalPolicyVersion, Scope, User
from apps.governance.policy_kinds import policy_kinds
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, can, display_name, scopes_where
from apps.governance.selectors.policies import (
    policies_readable,
    policy_before,
    policy_in,
    policy_ruling,
)
from apps.governance.selectors.policy_versions import version_state, with_ruling
from apps.governance.services import PolicyInvalid, policy_propose, policy_publish, policy_simulate
from apps.governance.types import DEFAULT_POLICIES, Action, Policy

PAGE_SIZE = 50
TRAIL = "Governance"


def policy_tabs(current: str) -> list[dict[str, Any]]:
    """Return a tab for each kind of policy, with the one whose part of an address is *current* marked."""
    own = {"label": "Approval", "url": reverse("governance:policy-list"), "is_current": current == ""}
    kinds = [
        {
            "label": kind.title,
            "url": reverse("governance:version-list", args=[kind.slug]),
            "is_current": current == kind.slug,
        }
        for kind in policy_kinds()
    ]
    return [own, *kinds]


@login_required
@require_GET
def policy_list(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    after = request.GET.get("after", "")
    versions = with_ruling(policies_readable(user)).select_related("scope__organisation", "proposed_by", "published_by")
    page = keyset_page(versions, newest="proposed_at", first=PAGE_SIZE, after=after)
    context = {
        "rows": [(version, version_state(version), *_signed(version)) for version in page.rows],
        "built_in": [(tier, policy_lines(policy, {})) for tier, policy in DEFAULT_POLICIES.items()],
        "next_cursor": page.next_cursor,
        "is_later_page": bool(after),
        "may_manage": scopes_where(user, Action.POLICY_MANAGE).exists(),
        "tabs": policy_tabs(""),
        "trail": [(TRAIL, reverse("governance:index"))],
    }
    return render_page(request, "governance/policy_list.html", context)


@login_required
@require_GET
def policy_detail(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version = _version(user, version_id)
    before = policy_before(version)
    old, new = policy_in(before, version.risk_tier), policy_read(version.content)
    names = _names([old, new])
    may_manage = can(user, Action.POLICY_MANAGE, version.scope)
    is_own = version.proposed_by_id in accounts_of(user)
    is_open, is_old = version.published_at is None, trial_is_old(version.simulated_at, now())
    lines = [_text(policy, names) for policy in (old, new)]
    context = {
        "version": version,
        "state": version_state(version),
        "lines": policy_lines(new, names),
        "before": before,
        "difference": diff_lines(lines[0], lines[1], language="text") if lines[0] != lines[1] else [],
        "proposer": display_name(version.proposed_by),
        "publisher": display_name(version.published_by) if version.published_by else "",
        "may_simulate": may_manage and is_open,
        "may_publish": may_manage and not is_own and is_open and version.simulated_at is not None and not is_old,
        "is_old": is_open and is_old,
        "holds": TRIAL_HOLDS.days,
        "waits_for_another": may_manage and is_own and is_open,
        "may_propose": may_manage,
        "trail": [(TRAIL, reverse("governance:index")), ("Approval policies", reverse("governance:policy-list"))],
    }
    return render_page(request, "governance/policy_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def policy_new(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    require_anywhere(request, Action.POLICY_MANAGE)
    scopes = (
        scopes_where(user, Action.POLICY_MANAGE).select_related("organisation").order_by("organisation", "repository")
    )
    if request.method == "GET":
        return _form_page(request, *_first_forms(request, user, scopes))
    form = PolicyForm(request.POST, scopes=scopes)
    seats = SeatForms(request.POST, prefix="seats")
    if not (form.is_valid() and seats.is_valid()):
        return _form_page(request, form, seats, status=422)
    try:
        version = policy_propose(
            scope=form.cleaned_data["scope"],
            risk_tier=form.cleaned_data["risk_tier"],
            policy=form.policy([seat for row in seats if (seat := row.seat) is not None]),
            reason=form.cleaned_data["reason"],
            actor=user,
            is_interactive=interactive(request),
        )
    except (PolicyInvalid, ValueError) as error:
        form.add_error(None, str(error))
        return _form_page(request, form, seats, status=422)
    response = redirect_after(request, reverse("governance:policy-detail", args=[version.pk]))
    return notify(request, response, "Proposed. Simulate it; another person publishes it.")


@login_required
@require_POST
def policy_simulation(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version = _version(user, version_id)
    policy_simulate(version_id=version.pk, actor=user, is_interactive=interactive(request))
    response = redirect_after(request, reverse("governance:policy-detail", args=[version.pk]))
    return notify(request, response, "Simulated on the requests of the last 90 days.")


@login_required
@require_POST
@recently_authenticated
def policy_publication(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version = _version(user, version_id)
    policy_publish(
        version_id=version.pk,
        digest=request.POST.get("digest", ""),
        actor=user,
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, reverse("governance:policy-detail", args=[version.pk]))
    return notify(request, response, "Published. It rules requests that are submitted from now on.")


def _version(user: User, version_id: UUID) -> ApprovalPolicyVersion:
    versions = with_ruling(policies_readable(user)).select_related("scope__organisation", "proposed_by", "published_by")
    found = versions.filter(pk=version_id).first()
    if found is None:
        raise NotFound("There is no such version of a policy that you can read.")
    return found


def _signed(version: ApprovalPolicyVersion) -> tuple[str, str]:
    return display_name(version.proposed_by), display_name(version.published_by) if version.published_by else ""


def _names(policies: Iterable[Policy]) -> dict[int, str]:
    accounts = {user for policy in policies for seat in policy.seats for user in seat.holders | seat.alternates}
    return {user.pk: display_name(user) for user in User.objects.filter(pk__in=accounts)} if accounts else {}


def _text(policy: Policy, names: dict[int, str]) -> str:
    return "\n".join(policy_lines(policy, names)) + "\n"


def _first_forms(request: HtmxRequest, user: User, scopes: Any) -> tuple[PolicyForm, forms.BaseFormSet]:
    """Return the forms filled with what rules where the address says, so that a change starts from there."""
    chosen = whole_number(request.GET.get("scope", ""))
    scope: Scope | None = (scopes if chosen is None else scopes.filter(pk=chosen)).first()
    tier = request.GET.get("risk", "")
    tier = tier if tier in DEFAULT_POLICIES else "low"
    content = policy_content(policy_in(policy_ruling(scope, tier) if scope else None, tier))
    usernames = dict(User.objects.filter(pk__in=_accounts(content)).values_list("pk", "username"))
    is_every_seat = content["needed"] == len(content["seats"])
    form = PolicyForm(
        initial={**content, "scope": scope, "risk_tier": tier, "needed": None if is_every_seat else content["needed"]},
        scopes=scopes,
    )
    rows = [
        {
            **seat,
            "holders": ", ".join(usernames.get(user, "") for user in seat["holders"]),
            "alternates": ", ".join(usernames.get(user, "") for user in seat["alternates"]),
        }
        for seat in content["seats"]
    ]
    empty: list[dict[str, Any]] = [{} for _ in range(min(2, MOST_SEATS - len(rows)))]
    return form, SeatForms(initial=[*rows, *empty], prefix="seats")


def _accounts(content: dict[str, Any]) -> set[int]:
    return {user for seat in content["seats"] for user in [*seat["holders"], *seat["alternates"]]}


def _form_page(request: HtmxRequest, form: PolicyForm, seats: forms.BaseFormSet, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "seats": seats,
        "trail": [(TRAIL, reverse("governance:index")), ("Approval policies", reverse("governance:policy-list"))],
    }
    return render_page(request, "governance/policy_form.html", context, status=status)
