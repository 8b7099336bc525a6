"""Code rules, budgets and providers in versions: what rules where, its history, and the two people who change it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

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
from apps.governance.engine.trials import TRIAL_HOLDS, trial_is_old
from apps.governance.http import current_user, interactive, require_anywhere, session_key
from apps.governance.models import PolicyVersion, Scope
from apps.governance.policy_kinds import (
    PolicyKind,
    PolicyVersionForm,
    policy_kind,
    trial_status,
    version_seen,
    versions_seen,
)
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, display_name
from apps.governance.selectors.policy_versions import version_before, version_state
from apps.governance.services import PolicyInvalid
from apps.governance.services.policy_versions import version_propose, version_publish
from apps.governance.views.policies import TRAIL, policy_tabs

PAGE_SIZE = 50


@login_required
@require_GET
def version_list(request: HtmxRequest, slug: str) -> HttpResponse:
    user, kind = current_user(request), _kind(slug)
    after = request.GET.get("after", "")
    page = keyset_page(versions_seen(user).filter(kind=kind.kind), newest="proposed_at", first=PAGE_SIZE, after=after)
    context = {
        "kind": kind,
        "rows": [(version, version_state(version), *_signed(version)) for version in page.rows],
        "next_cursor": page.next_cursor,
        "is_later_page": bool(after),
        "may_manage": kind.manages_platform(user) or kind.places(user).exists(),
        "tabs": policy_tabs(kind.slug),
        "trail": [(TRAIL, reverse("governance:index"))],
    }
    return render_page(request, "governance/version_list.html", context)


@login_required
@require_GET
def version_detail(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version, kind = version_seen(user, version_id)
    before = version_before(version)
    old = before.content if before else _held_before(version, kind)
    lines = ["".join(f"{line}\n" for line in kind.lines(content)) for content in (old, version.content)]
    may_manage = kind.may_manage(user, version)
    is_own, is_open = version.proposed_by_id in accounts_of(user), version.published_at is None
    is_old = trial_is_old(version.simulated_at, now())
    proposer, publisher = _signed(version)
    context = {
        "kind": kind,
        "version": version,
        "state": version_state(version),
        "lines": kind.lines(version.content),
        "before": before,
        "difference": diff_lines(lines[0], lines[1], language="text") if lines[0] != lines[1] else [],
        "proposer": proposer,
        "publisher": publisher,
        "may_simulate": may_manage and is_open,
        "may_publish": may_manage and is_open and not is_own and version.simulated_at is not None and not is_old,
        "is_old": is_open and is_old,
        "holds": TRIAL_HOLDS.days,
        "trial": trial_status(version.pk, user) if is_open else None,
        "waits_for_another": may_manage and is_open and is_own,
        "may_propose": may_manage,
        "trail": _trail(kind),
    }
    return render_page(request, "governance/version_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def version_new(request: HtmxRequest, slug: str) -> HttpResponse:
    user, kind = current_user(request), _kind(slug)
    if not kind.manages_platform(user):
        require_anywhere(request, kind.action)
    options = {
        "scopes": kind.places(user).select_related("organisation").order_by("organisation", "repository"),
        "has_platform": kind.manages_platform(user),
    }
    if request.method == "GET":
        return _form_page(request, kind, _first_form(request, kind, options))
    form = kind.form(request.POST, **options)
    if not form.is_valid():
        return _form_page(request, kind, form, status=422)
    draft = PolicyVersion(
        kind=kind.kind,
        scope=form.cleaned_data["scope"],
        content=form.content(),
        reason=form.cleaned_data["reason"],
    )
    try:
        version = version_propose(kind, draft, actor=user, is_interactive=interactive(request))
    except PolicyInvalid as error:
        form.add_error(None, str(error))
        return _form_page(request, kind, form, status=422)
    response = redirect_after(request, reverse("governance:version-detail", args=[version.pk]))
    return notify(request, response, "Proposed. Simulate it; another person publishes it.")


@login_required
@require_POST
@recently_authenticated
def version_publication(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version, kind = version_seen(user, version_id)
    version_publish(
        kind,
        version_id=version.pk,
        digest=request.POST.get("digest", ""),
        actor=user,
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, reverse("governance:version-detail", args=[version.pk]))
    return notify(request, response, "Published. It rules from now on.")


def _kind(slug: str) -> PolicyKind:
    found = policy_kind(slug)
    if found is None:
        raise NotFound("There is no such kind of policy.")
    return found


def _held_before(version: PolicyVersion, kind: PolicyKind) -> dict[str, Any]:
    """Return what held before the first version of a place; once it is published, as it was when it was tried."""
    if version.published_at is not None and version.simulation and "before" in version.simulation:
        before: dict[str, Any] = version.simulation["before"]
        return before
    ruling = kind.ruling(version)
    return ruling.content if ruling else kind.starting(version.scope)


def _signed(version: PolicyVersion) -> tuple[str, str]:
    return display_name(version.proposed_by), display_name(version.published_by) if version.published_by else ""


def _first_form(request: HtmxRequest, kind: PolicyKind, options: dict[str, Any]) -> PolicyVersionForm:
    """Return the form filled with what rules where the address says, so that a change starts from there."""
    chosen = whole_number(request.GET.get("scope", ""))
    scope: Scope | None = options["scopes"].filter(pk=chosen).first()
    if scope is None and not options["has_platform"]:
        scope = options["scopes"].first()
    ruling = kind.ruling_in(scope)
    content = ruling.content if ruling else kind.starting(scope)
    return kind.form(initial={**kind.form.values(content), "scope": scope}, **options)


def _form_page(request: HtmxRequest, kind: PolicyKind, form: PolicyVersionForm, status: int = 200) -> HttpResponse:
    context = {"kind": kind, "form": form, "trail": _trail(kind)}
    return render_page(request, "governance/version_form.html", context, status=status)


def _trail(kind: PolicyKind) -> list[tuple[str, str]]:
    return [(TRAIL, reverse("governance:index")), (kind.title, reverse("governance:version-list", args=[kind.slug]))]
