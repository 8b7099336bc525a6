"""One's own name, password, absence, sessions and keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keymap import ACTIONS, COOKIE, keymap_read, keymap_write
from apps.governance.errors import AbsenceInvalid
from apps.governance.forms_profile import AbsenceForm, KeysForm, PasswordForm, ProfileForm
from apps.governance.http import current_user, session_key
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors.profile import absences_of, sessions_of
from apps.governance.services.profile import (
    absence_declare,
    absence_withdraw,
    password_change,
    profile_change,
    sessions_end,
)
from apps.governance.services.second_factor import has_second_factor, needs_second_factor, recovery_codes_left
from apps.governance.views.sign_in import sign_ons

YEAR_S = 365 * 24 * 3600
TRAIL = "Profile"


def trail() -> list[tuple[str, str]]:
    """Return the way back to the profile."""
    return [(TRAIL, reverse("governance:profile"))]


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    if request.method == "GET":
        return _page(request, ProfileForm(instance=user), AbsenceForm())
    form = ProfileForm(request.POST, instance=user)
    if not form.is_valid():
        return _page(request, form, AbsenceForm(), status=422)
    changed = profile_change(user=user, **form.cleaned_data)
    return notify(request, _back(request), "Saved." if changed else "Nothing was different.")


@login_required
@require_POST
def absence_new(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = AbsenceForm(request.POST)
    if form.is_valid():
        try:
            absence_declare(user=user, **form.cleaned_data)
            return notify(request, _back(request), "Noted. Alternates may take your seats on these days.")
        except AbsenceInvalid as error:
            form.add_error(None, str(error))
    return _page(request, ProfileForm(instance=user), form, status=422)


@login_required
@require_POST
def absence_remove(request: HtmxRequest, absence_id: UUID) -> HttpResponse:
    absence_withdraw(absence_id=absence_id, user=current_user(request))
    return notify(request, _back(request), "Taken back.")


@login_required
@require_POST
def session_end(request: HtmxRequest, session_id: int) -> HttpResponse:
    ended = sessions_end(user=current_user(request), session_key=session_key(request), only=session_id)
    return notify(request, _back(request), "Signed out there." if ended else "That session had ended already.")


@login_required
@require_POST
def session_end_others(request: HtmxRequest) -> HttpResponse:
    ended = sessions_end(user=current_user(request), session_key=session_key(request))
    return notify(request, _back(request), f"Signed out of {ended} other place{'' if ended == 1 else 's'}.")


@sensitive_post_parameters("new_password", "again")
@never_cache
@login_required
@recently_authenticated
@require_http_methods(["GET", "POST"])
def password(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user)
    has_password = user.has_usable_password()
    if request.method == "GET" or not has_password or not form.is_valid():
        is_given = user.is_password_given
        context = {"form": form, "has_password": has_password, "is_given": is_given, "trail": trail()}
        return render_page(request, "governance/password.html", context, status=422 if form.errors else 200)
    password_change(user=user, password=form.cleaned_data["new_password"], session_key=session_key(request))
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
    return notify(request, _back(request), "Your password is changed. You are signed out everywhere else.")


@login_required
@require_http_methods(["GET", "POST"])
def keys(request: HtmxRequest) -> HttpResponse:
    if request.method == "GET":
        initial = keymap_read(request.COOKIES.get(COOKIE, ""))
        return render_page(request, "governance/keys.html", {"form": KeysForm(initial=initial), "trail": trail()})
    is_reset = "reset" in request.POST
    form = KeysForm(request.POST)
    if not is_reset and not form.is_valid():
        return render_page(request, "governance/keys.html", {"form": form, "trail": trail()}, status=422)
    chosen = {action.name: action.key for action in ACTIONS} if is_reset else form.cleaned_data
    response = redirect_after(request, reverse("governance:keys"))
    response.set_cookie(COOKIE, keymap_write(chosen), max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return notify(request, response, "The keys are as they were." if is_reset else "These keys hold in this browser.")


def _back(request: HtmxRequest) -> HttpResponse:
    return redirect_after(request, reverse("governance:profile"))


def _page(request: HtmxRequest, form: ProfileForm, absence: AbsenceForm, status: int = 200) -> HttpResponse:
    user = current_user(request)
    connected = set(SocialAccount.objects.filter(user=user).values_list("provider", flat=True))
    has_app = has_second_factor(user)
    context: dict[str, Any] = {
        "form": form,
        "absence": absence,
        "absences": list(absences_of(user)),
        "has_password": user.has_usable_password(),
        "has_app": has_app,
        "needs_app": needs_second_factor(user),
        "codes_left": recovery_codes_left(user) if has_app else 0,
        "sign_ons": [{**one, "is_connected": one["id"] in connected} for one in sign_ons(request)],
        "sessions": sessions_of(user, session_key=session_key(request)),
        "minutes": settings.SESSION_COOKIE_AGE // 60,
    }
    return render_page(request, "governance/profile.html", context, status=status)
