"""One's own API tokens, and those of machines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.core.numbers import whole_number
from apps.governance.errors import TokenInvalid
from apps.governance.forms_profile import RotateForm, TokenForm
from apps.governance.http import current_user
from apps.governance.models import ApiToken, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import display_name, readable_scopes
from apps.governance.selectors.profile import places_of, tokens_of
from apps.governance.services import token_issue, token_revoke, token_rotate
from apps.governance.views.profile import trail

PAGE_SIZE = 50
SOON = timedelta(days=14)


@login_required
@require_GET
def token_list(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    account = _account(request, user)
    after = request.GET.get("after", "")
    page = keyset_page(tokens_of(account), newest="created_at", first=PAGE_SIZE, after=after)
    places = places_of(page.rows)
    context = {
        "account": account,
        "is_own": account.pk == user.pk,
        "owner": display_name(account),
        "rows": [_row(token, places) for token in page.rows],
        "machines": _machines(user) if account.pk == user.pk else [],
        "rotate": RotateForm(),
        "next_url": f"?{urlencode({'account': account.pk, 'after': page.next_cursor})}" if page.next_cursor else "",
        "is_later_page": bool(after),
        "trail": trail(),
    }
    return render_page(request, "governance/token_list.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@recently_authenticated
def token_new(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    account = _account(request, user)
    scopes = readable_scopes(account).select_related("organisation").order_by("organisation", "repository")
    form = TokenForm(request.POST if request.method == "POST" else None, scopes=scopes)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            token, secret = token_issue(
                user=account,
                name=data["name"],
                scopes=data["scopes"],
                lifetime=form.lifetime,
                issued_by=user,
                repositories=list(data["repositories"]),
                networks=data["networks"],
            )
        except TokenInvalid as error:
            form.add_error(None, str(error))
        else:
            return _shown_once(request, token, secret)
    context = {
        "form": form,
        "account": account,
        "is_own": account.pk == user.pk,
        "owner": display_name(account),
        "trail": [*trail(), ("API tokens", _list_of(account, user))],
    }
    return render_page(request, "governance/token_form.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_POST
@recently_authenticated
def token_renew(request: HtmxRequest, token_id: UUID) -> HttpResponse:
    form = RotateForm(request.POST)
    hours = form.cleaned_data["overlap"] if form.is_valid() else 0
    token, secret = token_rotate(token_id=token_id, overlap=timedelta(hours=hours), rotated_by=current_user(request))
    return _shown_once(request, token, secret)


@login_required
@require_POST
def token_end(request: HtmxRequest, token_id: UUID) -> HttpResponse:
    user = current_user(request)
    token = token_revoke(token_id=token_id, revoked_by=user)
    response = redirect_after(request, _list_of(token.user, user))
    return notify(request, response, f"{token.name} is good for nothing any more.")


def _account(request: HtmxRequest, user: User) -> User:
    """Return whose tokens the address asks for: one's own, or for an administrator a machine's."""
    asked = request.GET.get("account", "")
    if not asked or asked == str(user.pk):
        return user
    machine = User.objects.filter(pk=whole_number(asked), is_service=True).first()
    if machine is None or not user.is_superuser:
        raise NotFound("There is no such account whose tokens you manage.")
    return machine


def _machines(user: User) -> list[User]:
    return list(User.objects.filter(is_service=True, is_active=True).order_by("username")) if user.is_superuser else []


def _list_of(account: User, user: User) -> str:
    address = reverse("governance:token-list")
    return address if account.pk == user.pk else f"{address}?account={account.pk}"


def _row(token: ApiToken, places: dict[str, str]) -> dict[str, Any]:
    at = now()
    is_live = token.revoked_at is None and token.expires_at > at
    state = "active" if is_live else "removed"
    return {
        "token": token,
        "state": state,
        "word": "works" if is_live else "revoked" if token.revoked_at else "expired",
        "is_live": is_live,
        "ends_soon": is_live and token.expires_at - at < SOON,
        "places": [places.get(text, "a repository that is gone") for text in token.repositories],
    }


def _shown_once(request: HtmxRequest, token: ApiToken, secret: str) -> HttpResponse:
    user = current_user(request)
    context = {
        "token": token,
        "secret": secret,
        "list_url": _list_of(token.user, user),
        "trail": [*trail(), ("API tokens", _list_of(token.user, user))],
    }
    return render_page(request, "governance/token_shown.html", context)
