"""Which accounts are one person's, and the two people who sign for it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.forms_records import AccountLinkForm
from apps.governance.http import current_user, interactive, require, session_key
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors.account_links import links_listed
from apps.governance.selectors.records import records_signer
from apps.governance.services import (
    RecordsInvalid,
    account_link_ask,
    account_link_confirm,
    account_link_withdraw,
)
from apps.governance.types import Action

PAGE = "governance:account-links"


@login_required
@require_GET
def account_links(request: HtmxRequest) -> HttpResponse:
    require(request, Action.AUDIT_READ, None)
    return _page(request, AccountLinkForm())


@login_required
@require_POST
@recently_authenticated
def link_new(request: HtmxRequest) -> HttpResponse:
    form = AccountLinkForm(request.POST)
    if form.is_valid():
        try:
            account_link_ask(
                **form.cleaned_data,
                actor=current_user(request),
                is_interactive=interactive(request),
                session_key=session_key(request),
            )
        except RecordsInvalid as error:
            form.add_error(None, str(error))
        else:
            return _back(request, "Signed. It is so once the chair signs too.")
    require(request, Action.AUDIT_READ, None)
    return _page(request, form, status=422)


@login_required
@require_POST
@recently_authenticated
def link_sign(request: HtmxRequest, link_id: UUID) -> HttpResponse:
    account_link_confirm(
        link_id=link_id,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _back(request, "Signed. Their ballots on what is not decided are void.")


@login_required
@require_POST
def link_take_back(request: HtmxRequest, link_id: UUID) -> HttpResponse:
    account_link_withdraw(
        link_id=link_id,
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    return _back(request, "Withdrawn.")


def _back(request: HtmxRequest, said: str) -> HttpResponse:
    return notify(request, redirect_after(request, reverse(PAGE)), said)


def _page(request: HtmxRequest, form: AccountLinkForm, *, status: int = 200) -> HttpResponse:
    signer = records_signer(current_user(request))
    context = {
        "links": [(link, link.is_open and signer.may_second(link.asked_by_id)) for link in links_listed()],
        "may_sign": signer.may_first,
        "may_withdraw": signer.may_either,
        "form": form,
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render_page(request, "governance/account_links.html", context, status=status)
