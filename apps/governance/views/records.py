"""Retention, legal holds and erasures: what is kept, what would go, and the two people who sign for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.forms_records import ErasureFind, ErasureForm, HoldForm, RetentionForm
from apps.governance.http import current_user, interactive, require, session_key
from apps.governance.models import Erasure, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.records import data_classes
from apps.governance.selectors.records import (
    RecordsSigner,
    erasure_find,
    erasure_plan,
    erasures_listed,
    holds_listed,
    records_signer,
    retention_dry_run,
    retention_open,
    retention_rules,
)
from apps.governance.services import (
    RecordsInvalid,
    erasure_ask,
    erasure_confirm,
    erasure_withdraw,
    hold_place,
    hold_release,
    hold_release_ask,
    retention_ask,
    retention_confirm,
    retention_withdraw,
)
from apps.governance.types import Action

PAGE = "governance:retention"


@login_required
@require_GET
def retention(request: HtmxRequest) -> HttpResponse:
    require(request, Action.AUDIT_READ, None)
    return _page(request)


@login_required
@require_POST
@recently_authenticated
def retention_new(request: HtmxRequest) -> HttpResponse:
    form = RetentionForm(request.POST)
    said = "Signed. It rules once the chair signs too."
    return _signed(request, form, "retention_form", said, lambda: retention_ask(**form.cleaned_data, **_by(request)))


@login_required
@require_POST
@recently_authenticated
def retention_sign(request: HtmxRequest, setting_id: UUID) -> HttpResponse:
    retention_confirm(setting_id=setting_id, **_by(request))
    return _back(request, "Signed. It rules from the next run on.")


@login_required
@require_POST
def retention_take_back(request: HtmxRequest, setting_id: UUID) -> HttpResponse:
    retention_withdraw(setting_id=setting_id, **_by(request))
    return _back(request, "Withdrawn.")


@login_required
@require_POST
@recently_authenticated
def hold_new(request: HtmxRequest) -> HttpResponse:
    form = HoldForm(request.POST)
    said = "Held. Nothing of it is deleted until two people release it."
    return _signed(request, form, "hold_form", said, lambda: hold_place(**form.cleaned_data, **_by(request)))


@login_required
@require_POST
@recently_authenticated
def hold_end_ask(request: HtmxRequest, hold_id: UUID) -> HttpResponse:
    hold_release_ask(hold_id=hold_id, **_by(request))
    return _back(request, "Signed. It holds until the chair signs too.")


@login_required
@require_POST
@recently_authenticated
def hold_end(request: HtmxRequest, hold_id: UUID) -> HttpResponse:
    hold_release(hold_id=hold_id, **_by(request))
    return _back(request, "Released.")


@login_required
@require_GET
def erasure_plan_page(request: HtmxRequest) -> HttpResponse:
    """Show what erasing the person named in the address does."""
    require(request, Action.AUDIT_READ, None)
    found = ErasureFind(request.GET)
    if not found.is_valid():
        return _page(request, erasure_form=found, status=422)
    return _erasure_page(request, found.cleaned_data["person"], form=ErasureForm())


@login_required
@require_POST
@recently_authenticated
def erasure_new(request: HtmxRequest, person_id: int) -> HttpResponse:
    """Sign first."""
    require(request, Action.AUDIT_READ, None)
    person, form = User.objects.filter(pk=person_id).first(), ErasureForm(request.POST)
    if person is None:
        raise NotFound("There is no such account.")
    if form.is_valid():
        try:
            erasure = erasure_ask(person=person, reason=form.cleaned_data["reason"], **_by(request))
        except RecordsInvalid as error:
            form.add_error(None, str(error))
        else:
            response = redirect_after(request, reverse("governance:erasure", args=[erasure.pk]))
            return notify(request, response, "Signed. The person is erased once the chair signs too.")
    return _erasure_page(request, person, form=form, status=422)


@login_required
@require_GET
def erasure(request: HtmxRequest, erasure_id: UUID) -> HttpResponse:
    require(request, Action.AUDIT_READ, None)
    found = erasure_find(erasure_id)
    if found is None:
        raise NotFound("There is no such request.")
    return _erasure_page(request, found.person, erasure=found)


@login_required
@require_POST
@recently_authenticated
def erasure_sign(request: HtmxRequest, erasure_id: UUID) -> HttpResponse:
    erasure_confirm(erasure_id=erasure_id, **_by(request))
    return _back(request, "Erased. Nothing names the person any more.")


@login_required
@require_POST
def erasure_take_back(request: HtmxRequest, erasure_id: UUID) -> HttpResponse:
    erasure_withdraw(erasure_id=erasure_id, **_by(request))
    return _back(request, "Withdrawn.")


def _by(request: HtmxRequest) -> dict[str, Any]:
    """Return who signs, as every service takes it."""
    return {
        "actor": current_user(request),
        "is_interactive": interactive(request),
        "session_key": session_key(request),
    }


def _signed(request: HtmxRequest, form: forms.Form, name: str, said: str, act: Callable[[], object]) -> HttpResponse:
    """Do what the form asks, or show it again with what is wrong."""
    if form.is_valid():
        try:
            act()
        except RecordsInvalid as error:
            form.add_error(None, str(error))
        else:
            return _back(request, said)
    require(request, Action.AUDIT_READ, None)
    return _page(request, status=422, **{name: form})


def _back(request: HtmxRequest, said: str) -> HttpResponse:
    return notify(request, redirect_after(request, reverse(PAGE)), said)


def _page(request: HtmxRequest, *, status: int = 200, **filled: forms.Form) -> HttpResponse:
    signer = records_signer(current_user(request))
    is_dry_run = request.GET.get("dry_run") == "1"
    titles = {data.key: data.title for data in data_classes()}
    context = {
        "rules": retention_rules(),
        "dry_run": retention_dry_run() if is_dry_run else None,
        "waiting": [
            (setting, titles.get(setting.data_class), signer.may_second(setting.asked_by_id))
            for setting in retention_open()
        ],
        "may_withdraw": signer.may_either,
        "holds": [(hold, signer.may_second(hold.release_asked_by_id)) for hold in holds_listed()],
        "erasures": erasures_listed(),
        "may_sign": signer.may_first,
        "retention_form": RetentionForm(auto_id="keep-%s"),
        "hold_form": HoldForm(auto_id="hold-%s"),
        "erasure_form": ErasureFind(auto_id="erase-%s"),
        "trail": [("Governance", reverse("governance:index"))],
        **filled,
    }
    return render_page(request, "governance/retention.html", context, status=status)


def _erasure_page(
    request: HtmxRequest,
    person: User,
    *,
    erasure: Erasure | None = None,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    signer = records_signer(current_user(request))
    is_open = erasure is not None and erasure.is_open
    context = {
        "person": person,
        "plan": None if erasure is not None and not erasure.is_open else erasure_plan(person),
        "erasure": erasure,
        "form": form if signer.may_first else None,
        "may_confirm": is_open and erasure is not None and _may_confirm(signer, erasure),
        "may_withdraw": is_open and signer.may_either,
        "trail": [("Governance", reverse("governance:index")), ("Retention", reverse(PAGE))],
    }
    return render_page(request, "governance/erasure.html", context, status=status)


def _may_confirm(signer: RecordsSigner, erasure: Erasure) -> bool:
    return signer.may_second(erasure.asked_by_id) and erasure.person_id not in signer.accounts
