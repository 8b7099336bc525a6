"""The page on which whoever signs shows again that it is them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.core.htmx import HtmxRequest, render_page
from apps.governance.addresses import client_address
from apps.governance.errors import LockedOut, SignInRefused
from apps.governance.forms_sign_in import ConfirmForm
from apps.governance.http import current_user, session_key
from apps.governance.models import User
from apps.governance.reauthentication import go_on, kept_of
from apps.governance.services.second_factor import has_second_factor
from apps.governance.services.sign_in import code_check, confirmed_record, password_check
from apps.governance.sessions import authenticated_mark, is_recently_authenticated
from apps.governance.views.second_factor import may_set_up_first
from apps.governance.views.sign_in import sign_ons_asking


@sensitive_post_parameters("password", "code")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    name = request.GET.get("for", "")
    kept = kept_of(request, name)
    if request.method == "POST" and is_recently_authenticated(request):
        return go_on(request, name)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None,
        has_password=user.has_usable_password(),
        has_app=has_second_factor(user),
    )
    if request.method == "POST" and form.is_valid() and _is_them(request, user, form):
        return go_on(request, name)
    context = {
        "form": form,
        "is_confirmed": is_recently_authenticated(request),
        "is_kept": kept is not None and kept["is_whole"],
        "sign_ons": sign_ons_asking(request, user),
        "may_set_up": may_set_up_first(request),
        "errand": name,
        "address": request.get_full_path(),
    }
    return render_page(request, "governance/confirm.html", context, status=422 if form.errors else 200)


def _is_them(request: HtmxRequest, user: User, form: ConfirmForm) -> bool:
    password, code = form.cleaned_data.get("password", ""), form.cleaned_data.get("code", "")
    address = client_address(request)
    try:
        if password:
            found = password_check(
                username=user.get_username(), password=password, address=address, channel="confirmation"
            )
            if found.pk != user.pk:
                raise SignInRefused("This is another account's password.", remedy="Type yours.")
        else:
            code_check(user=user, code=code, address=address, channel="confirmation")
    except (SignInRefused, LockedOut) as error:
        form.add_error(None, str(error).replace("User name or password", "The password"))
        return False
    authenticated_mark(request)
    method = "password" if password else "code"
    confirmed_record(user=user, address=address, session_key=session_key(request), method=method)
    return True
