"""Setting up an authenticator app, its recovery codes, and removing it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.errors import SecondFactorInvalid
from apps.governance.forms_profile import AppForm
from apps.governance.http import current_user
from apps.governance.reauthentication import recently_authenticated
from apps.governance.services.second_factor import (
    has_second_factor,
    needs_second_factor,
    recovery_codes_left,
    recovery_codes_renew,
    second_factor_add,
    second_factor_remove,
)
from apps.governance.sessions import authenticated_mark, has_just_signed_on
from apps.governance.views.profile import trail
from apps.governance.views.sign_in import sign_ons_asking

SECRET = "nofx_app_secret"  # noqa: S105  the name of a place in the session


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_factor(request: HtmxRequest) -> HttpResponse:
    return _second_factor(request) if may_set_up_first(request) else _confirmed(request)


def may_set_up_first(request: HtmxRequest) -> bool:
    """
    Return whether the person has nothing to confirm by, and came by a single sign-on just now.

    An issuer that asks them anew is something to confirm by: it may have let in whoever sits before the browser.
    """
    user = current_user(request)
    if user.has_usable_password() or has_second_factor(user) or not has_just_signed_on(request):
        return False
    return not sign_ons_asking(request, user)


def _second_factor(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    if request.method == "GET" and has_second_factor(user):
        context = {"codes_left": recovery_codes_left(user), "is_needed": needs_second_factor(user), "trail": trail()}
        return render_page(request, "governance/second_factor.html", context)
    form = AppForm(request.POST if request.method == "POST" else None)
    secret = request.session.get(SECRET) or generate_totp_secret()
    request.session[SECRET] = secret
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor_add(user=user, secret=secret, code=form.cleaned_data["code"])
        except SecondFactorInvalid as error:
            form.add_error("code", str(error))
        else:
            del request.session[SECRET]
            authenticated_mark(request)
            return _codes(request, codes, is_new=True)
    return _set_up(request, form, secret)


_confirmed = recently_authenticated(_second_factor)


@never_cache
@login_required
@require_POST
@recently_authenticated
def codes_renew(request: HtmxRequest) -> HttpResponse:
    return _codes(request, recovery_codes_renew(user=current_user(request)), is_new=False)


@login_required
@require_POST
@recently_authenticated
def second_factor_end(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    second_factor_remove(user=user, removed_by=user)
    return notify(request, redirect_after(request, reverse("governance:profile")), "The app is no longer asked for.")


def _set_up(request: HtmxRequest, form: AppForm, secret: str) -> HttpResponse:
    user = current_user(request)
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    context: dict[str, Any] = {
        "form": form,
        "picture": base64.b64encode(picture.encode()).decode(),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "is_needed": needs_second_factor(user),
        "errand": request.GET.get("for", ""),
        "trail": trail(),
    }
    return render_page(request, "governance/second_factor_new.html", context, status=422 if form.errors else 200)


def _codes(request: HtmxRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    errand = request.GET.get("for", "")
    after = f"{reverse('governance:confirm')}?{urlencode({'for': errand})}" if errand else reverse("governance:profile")
    context = {"codes": codes, "is_new": is_new, "text": "\n".join(codes), "after": after, "trail": trail()}
    return render_page(request, "governance/recovery_codes.html", context)
